"""What the store does at once, in Lua: each script is a whole that nobody sees half of.

A lease is a hash: `holder` ("" while nobody has it), `epoch`, which rises with each holder, `beats`, which rises while
the holder lives, `write`, the number of the holder's latest write, and `wanted`, the replica that asks for it. No key
expires: who waits for a holder to be gone goes by a clock of its own, so that the store's clock decides nothing.

Each write names holder, epoch and its own number. It is refused if another holds the lease, and if it comes late, after
a later one: what was sent over a connection that broke may still arrive.
"""

_RUN = """
local function run()
  return string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
end
"""
"""The store's process: another one may have lost what was written last, or all of it."""

_FENCE = """
local function refused(lease, holder, epoch, write)
  local now = redis.call('HMGET', lease, 'holder', 'epoch', 'write')
  if now[1] ~= holder or now[2] ~= epoch or tonumber(now[3] or '0') >= tonumber(write) then
    return true
  end
  redis.call('HSET', lease, 'write', write)
  return false
end
"""

_CLOCK = """
local function milliseconds()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
"""

BEAT = f"""{_RUN}
-- KEYS: replicas, news, lease...; ARGV: own id, what is told of it, epoch held of each lease or ''
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
local leases = {{}}
for at = 3, #KEYS do
  local held = ARGV[at]
  local now = redis.call('HMGET', KEYS[at], 'holder', 'epoch', 'beats', 'wanted')
  local renewed = 0
  if held ~= '' and now[1] == ARGV[1] and now[2] == held then
    redis.call('HINCRBY', KEYS[at], 'beats', 1)
    renewed = 1
  end
  leases[at - 2] = {{now[1] or '', now[2] or '0', now[3] or '', now[4] or '', renewed}}
end
return {{run() or '', redis.call('HGETALL', KEYS[1]), redis.call('HGETALL', KEYS[2]), leases}}
"""

ACQUIRE = f"""{_RUN}
-- KEYS: lease; ARGV: run, own id, holder, epoch and beats as they were seen, least epoch
local now = redis.call('HMGET', KEYS[1], 'holder', 'epoch', 'beats')
if run() ~= ARGV[1] then return 0 end
if (now[1] or '') ~= ARGV[3] or (now[2] or '0') ~= ARGV[4] or (now[3] or '') ~= ARGV[5] then return 0 end
local epoch = math.max(tonumber(now[2] or '0'), tonumber(ARGV[6])) + 1
redis.call('HSET', KEYS[1], 'holder', ARGV[2], 'epoch', epoch, 'beats', 0, 'write', 0, 'wanted', '')
return epoch
"""

GIVE_UP = """
-- KEYS: lease; ARGV: own id, epoch
local now = redis.call('HMGET', KEYS[1], 'holder', 'epoch')
if now[1] ~= ARGV[1] or now[2] ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'holder', '')
redis.call('HINCRBY', KEYS[1], 'beats', 1)
return 1
"""

WANT = """
-- KEYS: lease; ARGV: own name
redis.call('HSET', KEYS[1], 'wanted', ARGV[1])
return 1
"""

FORGET = """
-- KEYS: replicas; ARGV: an id, what was told of it last
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then return redis.call('HDEL', KEYS[1], ARGV[1]) end
return 0
"""

WRITE = f"""{_FENCE}{_CLOCK}
-- KEYS: lease, hash; ARGV: holder, epoch, write, field and value...
if refused(KEYS[1], ARGV[1], ARGV[2], ARGV[3]) then return 0 end
redis.call('HSET', KEYS[2], 'at', milliseconds(), unpack(ARGV, 4))
return 1
"""

READ = f"""{_CLOCK}
-- KEYS: hash; ARGV: field...
return {{milliseconds(), redis.call('HGET', KEYS[1], 'at'), redis.call('HMGET', KEYS[1], unpack(ARGV))}}
"""

RELEASE_BRAKE = """
-- KEYS: state
return redis.call('HINCRBY', KEYS[1], 'released', 1)
"""

PUBLISH = f"""{_FENCE}
-- KEYS: lease, news, order, stations; ARGV: holder, epoch, write, account, station and snapshot...
if refused(KEYS[1], ARGV[1], ARGV[2], ARGV[3]) then return 0 end
local number = 0
for at = 5, #ARGV, 2 do
  number = redis.call('HINCRBY', KEYS[2], ARGV[4], 1)
  redis.call('HSET', KEYS[4], ARGV[at], ARGV[at + 1])
  redis.call('ZADD', KEYS[3], number, ARGV[at])
end
return number
"""

LATEST = """
-- KEYS: news, order, stations; ARGV: account, number of the latest news that are known, most stations
local number = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0')
local since = tonumber(ARGV[2])
if since > number then since = 0 end
local found = redis.call('ZRANGE', KEYS[2], '(' .. since, '+inf', 'BYSCORE', 'LIMIT', 0, ARGV[3], 'WITHSCORES')
local names, latest = {}, number
for at = 1, #found, 2 do
  names[#names + 1] = found[at]
  latest = tonumber(found[at + 1])
end
if #names < tonumber(ARGV[3]) then latest = number end
return {latest, names, #names > 0 and redis.call('HMGET', KEYS[3], unpack(names)) or {}}
"""

REQUESTS = f"""{_CLOCK}
-- KEYS: requests, pause; ARGV: milliseconds for which requests count
local now = milliseconds()
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[1])
local sent = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
for at = 2, #sent, 2 do sent[at] = now - sent[at] end
local pause = redis.call('HMGET', KEYS[2], 'until', 'at', 'pauses')
return {{sent, math.max(0, (pause[1] or 0) - now), math.max(0, now - (pause[2] or now)), tonumber(pause[3] or '0'),
  sent[#sent - 1] or ''}}
"""

SEND = f"""{_CLOCK}
-- KEYS: lease, requests; ARGV: holder and epoch or '', latest request as it was seen, name of this one
local now = redis.call('HMGET', KEYS[1], 'holder', 'epoch')
if ARGV[1] ~= '' and (now[1] ~= ARGV[1] or now[2] ~= ARGV[2]) then return -1 end
local latest = redis.call('ZRANGE', KEYS[2], -1, -1)[1] or ''
if latest ~= ARGV[3] then return 0 end
redis.call('ZADD', KEYS[2], milliseconds(), ARGV[4])
return 1
"""

PAUSE = f"""{_CLOCK}
-- KEYS: pause; ARGV: milliseconds left, since when, pauses in a row
local now = milliseconds()
local known = tonumber(redis.call('HGET', KEYS[1], 'until') or '0')
if now + ARGV[1] > known + 50 then
  redis.call('HSET', KEYS[1], 'until', now + ARGV[1], 'at', now - ARGV[2], 'pauses', ARGV[3])
end
return 1
"""

ANSWERED = """
-- KEYS: pause
return redis.call('HSET', KEYS[1], 'pauses', 0)
"""
