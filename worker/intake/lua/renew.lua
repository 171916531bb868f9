-- Which ids are still held under a token, their leases extended. KEYS: leased, lease.
-- ARGV: token, lease in ms (0: only look), then the ids.
local leased, lease = unpack(KEYS)
local time = redis.call('TIME')
local now = math.floor(time[1] * 1000 + time[2] / 1000)
local held = {}
for i = 3, #ARGV do
  local id = ARGV[i]
  local owner = redis.call('HGET', lease, id)
  local ends = redis.call('ZSCORE', leased, id)
  if owner and string.match(owner, '^(.-):') == ARGV[1] and ends and tonumber(ends) > now then
    held[#held + 1] = id
    if tonumber(ARGV[2]) > 0 then redis.call('ZADD', leased, now + tonumber(ARGV[2]), id) end
  end
end
return held
