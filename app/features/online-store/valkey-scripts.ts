/**
 * One shard's part of a batch, all or nothing. KEYS: offsets, names of views, then the rows of each view. ARGV: how many
 * partitions, of each its number, its next offset and what the store is known to hold (or nothing, for no look); then of each view its
 * name and how many rows, of each its entity and its bytes.
 */
export const WRITE = `
local at = 2
for _ = 1, tonumber(ARGV[1]) do
  local held = tonumber(redis.call('hget', KEYS[1], ARGV[at]) or 0)
  if ARGV[at + 2] ~= '' and held ~= tonumber(ARGV[at + 2]) and held ~= tonumber(ARGV[at + 1]) then
    return redis.error_reply('OFFSETS partition ' .. ARGV[at] .. ' is at ' .. held .. ', and was at ' .. ARGV[at + 2])
  end
  at = at + 3
end
at = 2
for _ = 1, tonumber(ARGV[1]) do
  redis.call('hset', KEYS[1], ARGV[at], ARGV[at + 1])
  at = at + 3
end
for view = 3, #KEYS do
  redis.call('sadd', KEYS[2], ARGV[at])
  local rows = tonumber(ARGV[at + 1])
  at = at + 2
  for _ = 1, rows do
    redis.call('hset', KEYS[view], ARGV[at], ARGV[at + 1])
    at = at + 2
  end
end
return 1
`;
