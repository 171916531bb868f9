-- End the lease of one or more ids. KEYS: due, leased, lease, strikes, alone, attempts, first,
-- again, failed, settled, bell, begun, memory, doubts, reroute. ARGV: token, ms to remember settled
-- ids, then for each id four values: id, outcome (done, later, postponed, unsure, suspect, retry,
-- failed), ms until due again, failure as JSON.
-- Only ids held under the token change; returns them. An id announced meanwhile runs again, also
-- one that failed: what was announced may be the mend, or a person's wish that came in between.
local due, leased, lease, strikes, alone, attempts, first, again, failed, settled, bell, begun, _,
  doubts, reroute = unpack(KEYS)
local function less(key, id)
  if tonumber(redis.call('HGET', key, id) or '0') > 0 then redis.call('HINCRBY', key, id, -1) end
end
local time = redis.call('TIME')
local now = math.floor(time[1] * 1000 + time[2] / 1000)
local ended = {}
for i = 3, #ARGV, 4 do
  local id, outcome, delay, why = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2]), ARGV[i + 3]
  local owner = redis.call('HGET', lease, id)
  if owner and string.match(owner, '^(.-):') == ARGV[1] then
    ended[#ended + 1] = id
    redis.call('ZREM', leased, id)
    redis.call('HDEL', lease, id)
    local announced = redis.call('SREM', again, id) == 1
    if outcome == 'suspect' then
      -- One of these is at fault for certain, so they are parted at once.
      local before = tonumber(redis.call('HGET', strikes, id) or '0')
      redis.call('HSET', strikes, id, math.max(before, 2) + 1)
    elseif outcome == 'postponed' then
      -- The worker lived through a part of the way, which speaks for its tickets a little.
      less(strikes, id)
      less(alone, id)
    elseif outcome == 'unsure' then
      -- HubSpot failed on the whole batch, mostly for no ticket's sake. Again and again it is for
      -- one's: they are parted slowly, and wait longer each time.
      local times = redis.call('HINCRBY', doubts, id, 1)
      if times % 2 == 0 then redis.call('HINCRBY', strikes, id, 1) end
      delay = delay * 2 ^ math.min(5, math.floor(times / 4))
    else
      redis.call('HDEL', strikes, id)
      redis.call('HDEL', alone, id)
    end
    if outcome == 'done' or outcome == 'later' or outcome == 'failed' then
      for _, key in ipairs({attempts, first, doubts}) do redis.call('HDEL', key, id) end
      redis.call('ZADD', settled, now, id)
      if not announced then redis.call('HDEL', reroute, id) end
    end
    if outcome == 'retry' then redis.call('HINCRBY', attempts, id, 1) end
    if announced then
      redis.call('HSETNX', first, id, now .. ':webhook')
      redis.call('ZADD', due, now, id)
    elseif outcome == 'failed' then
      redis.call('HSET', failed, id, why)
    elseif delay >= 0 then
      redis.call('ZADD', due, now + delay, id)
      if outcome == 'postponed' or outcome == 'unsure' then redis.call('ZADD', begun, now + delay, id) end
    end
  end
end
redis.call('ZREMRANGEBYSCORE', settled, '-inf', now - tonumber(ARGV[2]))
if redis.call('LLEN', bell) == 0 then redis.call('LPUSH', bell, '1') end
return ended
