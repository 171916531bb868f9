-- End the lease of one or more ids. KEYS: due, leased, lease, strikes, alone, attempts, first,
-- again, failed, settled, bell, begun, memory, reroute. ARGV: token, ms to remember settled ids, then for each
-- id four values: id, outcome (done, later, postponed, suspect, retry, failed), ms until due
-- again, failure as JSON.
-- Only ids held under the token change; returns them. An id announced meanwhile runs again, also
-- one that failed: what was announced may be the mend, or a person's wish that came in between.
local due, leased, lease, strikes, alone, attempts, first, again, failed, settled, bell, begun, _,
  reroute = unpack(KEYS)
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
      redis.call('HSET', strikes, id, math.max(before, 1) + 1)
    elseif outcome == 'postponed' then
      -- The worker lived through a part of the way, which speaks for its tickets a little.
      local left = tonumber(redis.call('HGET', strikes, id) or '0')
      if left > 0 then redis.call('HINCRBY', strikes, id, -1) end
    else
      redis.call('HDEL', strikes, id)
      redis.call('HDEL', alone, id)
    end
    if outcome == 'done' or outcome == 'later' or outcome == 'failed' then
      redis.call('HDEL', attempts, id)
      redis.call('HDEL', first, id)
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
      if outcome == 'postponed' then redis.call('ZADD', begun, now + delay, id) end
    end
  end
end
redis.call('ZREMRANGEBYSCORE', settled, '-inf', now - tonumber(ARGV[2]))
if redis.call('LLEN', bell) == 0 then redis.call('LPUSH', bell, '1') end
return ended
