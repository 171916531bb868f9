-- Lease a batch. KEYS: due, leased, lease, strikes, alone, attempts, first, again, failed.
-- ARGV: token, lease in ms, most ids, ms to wait for company, alone expiries that set aside,
-- failure as JSON.
-- Returns {wait in ms or -1, claimed ids…}, {first announcement of each}, {ids to set aside}.
-- An expired lease is charged to no one: its ids come back in smaller batches (thirty, five, one).
-- Mostly it was the worker's death and no ticket's doing, and small batches cost many calls.
local due, leased, lease, strikes, alone, attempts, first, again, failed = unpack(KEYS)
local time = redis.call('TIME')
local now = math.floor(time[1] * 1000 + time[2] / 1000)
local most = tonumber(ARGV[3])
local aside = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', leased, '-inf', now, 'LIMIT', 0, 1000)) do
  local held = redis.call('HGET', lease, id)
  redis.call('ZREM', leased, id)
  redis.call('HDEL', lease, id)
  redis.call('SREM', again, id)
  local lonely = held and string.match(held, ':1$')
  if lonely and redis.call('HINCRBY', alone, id, 1) >= tonumber(ARGV[5]) then
    for _, key in ipairs({alone, strikes, attempts, first}) do redis.call('HDEL', key, id) end
    redis.call('HSET', failed, id, ARGV[6])
    aside[#aside + 1] = id
  else
    redis.call('HINCRBY', strikes, id, 1)
    redis.call('ZADD', due, now, id)
  end
end
local function strikes_of(id) return tonumber(redis.call('HGET', strikes, id) or '0') end
local ready = redis.call('ZRANGEBYSCORE', due, '-inf', now, 'WITHSCORES', 'LIMIT', 0, most * 3)
if #ready == 0 then return {{'-1'}, {}, aside} end
local kind = math.min(3, strikes_of(ready[1]))
local size = math.min(most, ({most, 30, 5, 1})[kind + 1])
local ids = {}
for i = 1, #ready, 2 do
  if #ids < size and math.min(3, strikes_of(ready[i])) == kind then ids[#ids + 1] = ready[i] end
end
local waited = now - tonumber(ready[2])
if kind == 0 and #ids < most and waited < tonumber(ARGV[4]) then
  return {{tostring(tonumber(ARGV[4]) - waited)}, {}, aside}
end
local firsts = {}
for i, id in ipairs(ids) do
  redis.call('ZREM', due, id)
  redis.call('ZADD', leased, now + tonumber(ARGV[2]), id)
  redis.call('HSET', lease, id, ARGV[1] .. ':' .. #ids)
  firsts[i] = redis.call('HGET', first, id) or (now .. ':unknown')
end
table.insert(ids, 1, '0')
return {ids, firsts, aside}
