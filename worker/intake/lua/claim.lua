-- Lease a batch. KEYS: due, leased, lease, strikes, alone, attempts, first, again, failed, begun,
-- memory, doubts. ARGV: token, lease in ms, most ids, ms to wait for company, alone expiries that set
-- aside, failure as JSON, the life of this memory as the caller knows it (or empty), a name for a
-- new one, ms of quiet after a loss of memory.
-- Returns {wait in ms or -1, claimed ids…}, {first announcement of each}, {ids to set aside}, the
-- life of this memory.
local due, leased, lease, strikes, alone, attempts, first, again, failed, begun, memory, doubts =
  unpack(KEYS)
local time = redis.call('TIME')
local now = math.floor(time[1] * 1000 + time[2] / 1000)
local most = tonumber(ARGV[3])
-- Whoever knew another life has seen the memory lost. Somebody's write may be on its way then for a
-- ticket whose lease is forgotten: nobody takes it up before that write has landed.
redis.call('HSETNX', memory, 'life', ARGV[8])
local life = redis.call('HGET', memory, 'life')
if ARGV[7] ~= '' and ARGV[7] ~= life then
  redis.call('HSETNX', memory, 'quiet', now + tonumber(ARGV[9]))
end
local quiet = tonumber(redis.call('HGET', memory, 'quiet') or '0')
if now < quiet then return {{tostring(quiet - now)}, {}, {}, life} end
-- An expired lease is charged to no one. Mostly it was the worker's death and no ticket's doing, and
-- small batches cost many calls: so its ids come back among themselves twice, then in smaller
-- batches (thirty, five, one).
local aside = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', leased, '-inf', now, 'LIMIT', 0, 1000)) do
  local held = redis.call('HGET', lease, id)
  redis.call('ZREM', leased, id)
  redis.call('HDEL', lease, id)
  redis.call('SREM', again, id)
  local lonely = held and string.match(held, ':1$')
  if lonely and redis.call('HINCRBY', alone, id, 1) >= tonumber(ARGV[5]) then
    for _, key in ipairs({alone, strikes, attempts, first, doubts}) do redis.call('HDEL', key, id) end
    redis.call('HSET', failed, id, ARGV[6])
    aside[#aside + 1] = id
  else
    redis.call('HINCRBY', strikes, id, 1)
    redis.call('ZADD', due, now, id)
    redis.call('ZADD', begun, now, id)
  end
end
local function strikes_of(id) return tonumber(redis.call('HGET', strikes, id) or '0') end
-- What was begun before goes first, whatever waits behind it: a person's move may have to be put
-- back.
local ready, listed = {}, {}
for _, key in ipairs({begun, due}) do
  local found = redis.call('ZRANGEBYSCORE', key, '-inf', now, 'WITHSCORES', 'LIMIT', 0, most * 3)
  for i = 1, #found, 2 do
    if not listed[found[i]] then
      listed[found[i]] = true
      ready[#ready + 1], ready[#ready + 2] = found[i], found[i + 1]
    end
  end
end
if #ready == 0 then return {{'-1'}, {}, aside, life} end
local kind = math.min(5, strikes_of(ready[1]))
local size = math.min(most, ({most, most, most, 30, 5, 1})[kind + 1])
local ids = {}
for i = 1, #ready, 2 do
  if #ids < size and math.min(5, strikes_of(ready[i])) == kind then ids[#ids + 1] = ready[i] end
end
local waited = now - tonumber(ready[2])
if kind == 0 and #ids < most and waited < tonumber(ARGV[4]) then
  return {{tostring(tonumber(ARGV[4]) - waited)}, {}, aside, life}
end
local firsts = {}
for i, id in ipairs(ids) do
  redis.call('ZREM', due, id)
  redis.call('ZREM', begun, id)
  redis.call('ZADD', leased, now + tonumber(ARGV[2]), id)
  redis.call('HSET', lease, id, ARGV[1] .. ':' .. #ids)
  firsts[i] = redis.call('HGET', first, id) or (now .. ':unknown')
end
table.insert(ids, 1, '0')
return {ids, firsts, aside, life}
