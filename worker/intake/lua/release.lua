-- End the leases that an earlier process of the same name left behind. KEYS: leased, lease, bell.
-- ARGV: the name's prefix of tokens, the prefix of the process that is alive. Returns how many.
local leased, lease, bell = unpack(KEYS)
local time = redis.call('TIME')
local now = math.floor(time[1] * 1000 + time[2] / 1000)
local ended = 0
local held = redis.call('HGETALL', lease)
for i = 1, #held, 2 do
  local token = held[i + 1]
  local dead = string.sub(token, 1, #ARGV[1]) == ARGV[1]
    and string.sub(token, 1, #ARGV[2]) ~= ARGV[2]
  if dead then
    redis.call('ZADD', leased, 'XX', now, held[i])
    ended = ended + 1
  end
end
if ended > 0 and redis.call('LLEN', bell) == 0 then redis.call('LPUSH', bell, '1') end
return ended
