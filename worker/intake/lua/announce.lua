-- Ids that may need work. KEYS: due, leased, again, first, failed, settled, bell, begun.
-- ARGV: source, delay in ms, ms for which a settled id is not taken on a hint, then the ids.
-- News (a webhook, a person's command) brings an id forward and frees one that was set aside. A
-- poll is a hint from a lagging index: it never disturbs an id that waits, runs, failed or was
-- just settled. A nudge (an association came) is a hint that also brings a waiting id forward.
-- A request that the poll found is news, but frees nothing that was set aside.
local due, leased, again, first, failed, settled, bell, begun = unpack(KEYS)
local time = redis.call('TIME')
local now = math.floor(time[1] * 1000 + time[2] / 1000)
local nudge = ARGV[1] == 'association'
local request = ARGV[1] == 'request'
local news = ARGV[1] ~= 'poll' and not nudge
local at = now + tonumber(ARGV[2])
local taken = 0
for i = 4, #ARGV do
  local id = ARGV[i]
  local wanted = true
  if not news then
    local last = redis.call('ZSCORE', settled, id)
    local waits = nudge and redis.call('ZSCORE', due, id)
    wanted = (waits or not (last and tonumber(last) > now - tonumber(ARGV[3])))
      and redis.call('HEXISTS', failed, id) == 0
      and not redis.call('ZSCORE', leased, id)
      and (nudge or not redis.call('ZSCORE', due, id))
  elseif request then
    wanted = redis.call('HEXISTS', failed, id) == 0 and not redis.call('ZSCORE', leased, id)
  else
    redis.call('HDEL', failed, id)
  end
  if wanted then
    taken = taken + 1
    redis.call('HSETNX', first, id, now .. ':' .. ARGV[1])
    if redis.call('ZSCORE', leased, id) then
      redis.call('SADD', again, id)
    else
      local waiting = redis.call('ZSCORE', due, id)
      if not waiting or tonumber(waiting) > at then
        redis.call('ZADD', due, at, id)
        redis.call('ZADD', begun, 'XX', at, id)
      end
    end
  end
end
if taken > 0 and redis.call('LLEN', bell) == 0 then redis.call('LPUSH', bell, '1') end
return taken
