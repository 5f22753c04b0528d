/**
 * `rotateGeneration` in Lua, so that Redis decides in one atomic step; the contract suite holds the two together.
 *
 * Key: the record of one identity. Arguments: the generation and what the one who asks knows, as JSON (the latter may be
 * empty); the time in milliseconds; the overlap in milliseconds, or empty; the margin after expiry in milliseconds; the most
 * token ids. Returns the decision, the record as JSON, and how many ids were forgotten.
 */
export const ROTATE_GENERATION_SCRIPT = `
local generation = cjson.decode(ARGV[1])
local known = ARGV[2] ~= '' and cjson.decode(ARGV[2]) or nil
local now = tonumber(ARGV[3])
local overlap = tonumber(ARGV[4])
local margin = tonumber(ARGV[5])
local most = tonumber(ARGV[6])
local forgotten = 0

-- Lua compares strings by the locale of the server; replicas must agree on bytes.
local function greater(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = a:byte(i), b:byte(i)
    if x ~= y then return x > y end
  end
  return #a > #b
end

local function newer(a, b)
  if a.issuedAtMs ~= b.issuedAtMs then return a.issuedAtMs > b.issuedAtMs end
  if a.expiresAtMs ~= b.expiresAtMs then return a.expiresAtMs > b.expiresAtMs end
  return greater(a.tokenHash, b.tokenHash)
end

local function live(ids, except)
  local kept, seen = {}, {}
  for _, id in ipairs(ids) do
    if id.untilMs > now and id.tokenId ~= except then
      kept[#kept + 1] = id
      seen[id.tokenId] = true
    end
  end
  return kept, seen
end

local function merge(a, b)
  if not a or not b then return a or b end
  local lead = newer(b.current, a.current) and b or a
  local merged = { current = lead.current, currentSinceMs = lead.currentSinceMs }
  if a.current.tokenHash == b.current.tokenHash then
    merged.currentSinceMs = math.min(a.currentSinceMs, b.currentSinceMs)
  end
  for _, record in ipairs({ a, b }) do
    for _, place in ipairs({ 'current', 'previous' }) do
      local one = record[place]
      if one and one.tokenHash ~= lead.current.tokenHash
        and (not merged.previous or newer(one, merged.previous)) then
        merged.previous = one
      end
    end
  end
  local ids, seen = live(a.tokenIds)
  for _, id in ipairs(b.tokenIds) do
    if id.untilMs > now and not seen[id.tokenId] then ids[#ids + 1] = id end
  end
  merged.tokenIds = ids
  merged.forgetAtMs = math.max(a.forgetAtMs, b.forgetAtMs)
  return merged
end

local function bound(ids)
  while #ids > most do
    table.remove(ids, 1)
    forgotten = forgotten + 1
  end
  return ids
end

local json = redis.call('GET', KEYS[1])
local stored = json and cjson.decode(json) or nil
if stored and stored.forgetAtMs <= now then stored = nil end
local record = merge(stored, known)
if record then bound(record.tokenIds) end
local untilMs = generation.expiresAtMs + margin

local function decide()
  local admitted
  if not record then
    record = { current = generation, currentSinceMs = now, tokenIds = {}, forgetAtMs = untilMs }
    admitted = 'current'
  else
    if record.current.tokenHash == generation.tokenHash then return 'known' end
    local overlapping = not overlap or now < record.currentSinceMs + overlap
    if record.previous and record.previous.tokenHash == generation.tokenHash and overlapping then
      return 'previous'
    end
    record.forgetAtMs = math.max(record.forgetAtMs, untilMs)
    if record.previous and record.previous.tokenHash == generation.tokenHash then
      return 'superseded'
    end
    for _, id in ipairs(record.tokenIds) do
      if id.tokenId == generation.tokenId and id.tokenHash ~= generation.tokenHash
        and id.untilMs > now then
        return 'token-id-reused'
      end
    end
    if newer(generation, record.current) then
      record.previous = record.current
      record.current = generation
      record.currentSinceMs = now
      admitted = 'current'
    elseif not overlapping or (record.previous and not newer(generation, record.previous)) then
      return 'superseded'
    else
      record.previous = generation
      admitted = 'previous'
    end
  end
  local ids = live(record.tokenIds, generation.tokenId)
  ids[#ids + 1] = {
    tokenId = generation.tokenId, tokenHash = generation.tokenHash, untilMs = untilMs
  }
  record.tokenIds = bound(ids)
  return admitted
end

local decision = decide()
json = cjson.encode(record)
redis.call('SET', KEYS[1], json, 'PX', string.format('%.0f', math.max(1, record.forgetAtMs - now)))
return { decision, json, forgotten }
`;
