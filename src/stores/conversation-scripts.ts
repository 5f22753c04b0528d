/**
 * A claim in Lua, so that Redis decides in one atomic step; the contract suite holds it and the memory together.
 *
 * Key: the conversation. Arguments: the replica that asks; what the keys of heartbeats begin with; a replica that could not
 * be reached, or empty; `1` when the call begins; how long to remember, in milliseconds; the key that {@link BEAT_SCRIPT}
 * sets; how young a memory is not to be relied on, in milliseconds. Returns `ended`; or `unsure`; or `theirs`, the owner and
 * its address; or `ours`, the epoch, and the record if there is one.
 */
export const CLAIM_SCRIPT = `
local held = redis.call('HMGET', KEYS[1], 'epoch', 'owner', 'phase', 'record')
local epoch, owner, phase, record = held[1], held[2], held[3], held[4]
if phase == 'ended' then
  if ARGV[4] ~= '1' then return { 'ended' } end
  redis.call('HDEL', KEYS[1], 'record')
  record = false
end
if phase == 'held' and owner ~= ARGV[1] and owner ~= ARGV[3] then
  local address = redis.call('GET', ARGV[2] .. owner)
  if address then return { 'theirs', owner, address } end
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if not epoch and ARGV[4] ~= '1' then
  local since = tonumber(redis.call('GET', ARGV[6]))
  if not since or now - since < tonumber(ARGV[7]) then return { 'unsure' } end
end
local next = string.format('%.0f', math.max(now, (tonumber(epoch) or 0) + 1))
redis.call('HSET', KEYS[1], 'epoch', next, 'owner', ARGV[1], 'phase', 'held')
redis.call('PEXPIRE', KEYS[1], ARGV[5])
if record then return { 'ours', next, record } end
return { 'ours', next }
`;

/**
 * What becomes of a lease.
 *
 * Key: the conversation. Arguments: the replica; the epoch of its lease; `held`, `free` or `ended`; `1` when a record
 * follows; the record; how long to remember, in milliseconds. Returns 1, or 0 when the lease is worth nothing.
 */
export const KEEP_SCRIPT = `
local held = redis.call('HMGET', KEYS[1], 'epoch', 'owner', 'phase', 'record')
local epoch, mine = tonumber(held[1]), tonumber(ARGV[2])
if epoch and epoch >= mine then
  if held[2] ~= ARGV[1] then return 0 end
  if held[3] == 'ended' then return ARGV[3] == 'ended' and 1 or 0 end
end
if ARGV[3] == 'free' and ARGV[4] ~= '1' and not held[4] then
  redis.call('DEL', KEYS[1])
  return 1
end
local last = string.format('%.0f', math.max(mine, epoch or 0))
redis.call('HSET', KEYS[1], 'epoch', last, 'owner', ARGV[1], 'phase', ARGV[3])
if ARGV[3] == 'ended' then redis.call('HDEL', KEYS[1], 'record')
elseif ARGV[4] == '1' then redis.call('HSET', KEYS[1], 'record', ARGV[5]) end
redis.call('PEXPIRE', KEYS[1], ARGV[6])
return 1
`;

/**
 * A heartbeat.
 *
 * Keys: that of the replica; one that says since when Redis remembers. Arguments: the replica's address; how long it counts
 * as alive, in milliseconds. Returns since when Redis remembers.
 */
export const BEAT_SCRIPT = `
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
local time = redis.call('TIME')
redis.call('SET', KEYS[2], string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000)), 'NX')
return redis.call('GET', KEYS[2])
`;
