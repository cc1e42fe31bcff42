// SPDX-License-Identifier: Apache-2.0
#include "broker/redis/scripts.h"

#include <openssl/evp.h>

#include <string_view>
#include <utility>

namespace palaver::broker::redis {

namespace {

// What the scripts share. A room's meta is one string, "epoch last floor stamp generation began
// first count redacted":
//   last        offset of the newest entry of this epoch
//   floor       offsets of later entries are above it (those of earlier epochs)
//   stamp       ms; when it has passed, the ages of the other keys are seen to
//   generation  which of the two hashes of ids is filled; since when (ms), and from which id on
//   count       ids so far: each is kept with its number, and known until kDedupeIdsMax later ones
//   redacted    1: some entries lie in KEYS[5] instead of the stream
//
// ARGV 1 to 6: salt, entries_max, age (ms), meta's time to live (ms), a fresh epoch, origin (ms).
constexpr std::string_view kPrelude = R"lua(
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function text(n) return string.format('%.0f', n) end

local function read()
  local raw = redis.call('GET', KEYS[1])
  if not raw then return nil end
  local epoch, last, floor, stamp, gen, began, first, count, redacted =
      string.match(raw, '^(%S+) (%d+) (%d+) (%d+) (%d) (%d+) (%d+) (%d+) (%d)$')
  return {epoch = epoch, last = tonumber(last), floor = tonumber(floor), stamp = tonumber(stamp),
          gen = tonumber(gen), began = tonumber(began), first = tonumber(first),
          count = tonumber(count), redacted = tonumber(redacted)}
end

local function write(m)
  redis.call('SET', KEYS[1],
      string.format('%s %.0f %.0f %.0f %d %.0f %.0f %.0f %d', m.epoch, m.last, m.floor, m.stamp,
                    m.gen, m.began, m.first, m.count, m.redacted), 'PX', ARGV[4])
end

local function make()
  redis.call('DEL', KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6])
  return {epoch = ARGV[5], last = 0, floor = 0, stamp = 0, gen = 0, began = now, first = 0,
          count = 0, redacted = 0}
end

-- The smallest offset that is not too old.
local function youth()
  local from = (now - tonumber(ARGV[3]) - tonumber(ARGV[6])) * 4096
  if from < 1 then from = 1 end
  return from
end

-- The offset of what was stored with this id.
local function known(m, id)
  local found = redis.call('HGET', KEYS[3 + m.gen], id) or redis.call('HGET', KEYS[4 - m.gen], id)
  if not found then return nil end
  local number, offset = string.match(found, '^(%d+) (%d+)$')
  local age = now - tonumber(ARGV[6]) - math.floor(tonumber(offset) / 4096)
  return m.count - tonumber(number) <= 10000 and age < 600000 and offset
end

local function remember(m, id, offset)
  if m.count - m.first >= 10000 or now - m.began >= 600000 then
    m.gen = 1 - m.gen
    m.began = now
    m.first = m.count
    redis.call('DEL', KEYS[3 + m.gen])
  end
  local key = KEYS[3 + m.gen]
  redis.call('HSET', key, id, string.format('%.0f %s', m.count, offset))
  if m.count == m.first then redis.call('PEXPIRE', key, 1260000) end
  m.count = m.count + 1
end

-- The entry at an offset that may be read: from the stream, or a redacted one.
local function entry(m, offset)
  if tonumber(offset) < youth() then return nil end
  local found = redis.call('XRANGE', KEYS[2], offset, offset)[1]
  if found then return {offset, found[2][2], found[2][4], found[2][6]} end
  return nil
end

local function redacted_at(m, offset)
  if m.redacted == 0 then return nil end
  local found = redis.call('ZRANGEBYSCORE', KEYS[5], offset, offset)[1]
  return found and cmsgpack.unpack(found)
end

-- Of the stream alone.
local function first_of_stream()
  local found = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)[1]
  return found and tonumber(string.match(found[1], '^%d+'))
end

-- Keeps the newest entries: those of the stream and the redacted ones are counted together.
local function trim(m, most)
  if m.redacted == 0 then return end
  local redacted = redis.call('ZCARD', KEYS[5])
  local over = redis.call('XLEN', KEYS[2]) + redacted - most
  while over > 0 do
    local first = redacted > 0 and redis.call('ZRANGE', KEYS[5], 0, 0, 'WITHSCORES')
    local plain = first_of_stream()
    if first and (not plain or tonumber(first[2]) < plain) then
      redis.call('ZREMRANGEBYRANK', KEYS[5], 0, 0)
      redacted = redacted - 1
    else
      redis.call('XDEL', KEYS[2], text(plain))
    end
    over = over - 1
  end
  if redacted == 0 then m.redacted = 0 end
end

local function append(m, header, data, about)
  local last = m.last
  if m.floor > last then last = m.floor end
  local offset = (now - tonumber(ARGV[6])) * 4096 + tonumber(ARGV[1])
  if offset <= last then offset = last + 1 end
  local id = text(offset)
  local prev = text(m.last)
  if m.redacted == 0 then
    redis.call('XADD', KEYS[2], 'MAXLEN', ARGV[2], id .. '-0', 'p', prev, 'h', header, 'd', data)
  else
    redis.call('XADD', KEYS[2], id .. '-0', 'p', prev, 'h', header, 'd', data)
    trim(m, tonumber(ARGV[2]))
  end
  m.last = offset
  if about then redis.call('ZADD', KEYS[6], about, id) end
  if now >= m.stamp then
    local age = tonumber(ARGV[3])
    local rest = math.floor(age / 8) + 1000
    m.stamp = now + rest
    local oldest = text(youth())
    redis.call('XTRIM', KEYS[2], 'MINID', oldest)
    redis.call('PEXPIRE', KEYS[2], text(age + rest))
    redis.call('ZREMRANGEBYSCORE', KEYS[5], '-inf', '(' .. oldest)
    redis.call('PEXPIRE', KEYS[5], text(age + rest))
    local first = first_of_stream()
    redis.call('ZREMRANGEBYSCORE', KEYS[6], '-inf', '(' .. (first and text(first) or id))
    redis.call('PEXPIRE', KEYS[6], text(age + rest))
  end
  return id, prev
end

-- `channel`: its name behind an s (sharded) or a p.
local function tell(channel, message)
  redis.call(string.sub(channel, 1, 1) == 's' and 'SPUBLISH' or 'PUBLISH', string.sub(channel, 2),
             message)
end

local function new_epoch(m, channel)
  if m.last > m.floor then m.floor = m.last end
  m.epoch = ARGV[5]
  tell(channel, 'L' .. m.epoch .. '\n')
end
)lua";

// The common publish, before the functions of the prelude are even made (that would cost as much as
// the rest): the room is there, nothing of it is due, and nothing like this was published before.
// Else the general road follows, which also sees to what expires.
constexpr std::string_view kFastPublish = R"lua(
do
  local call, format = redis.call, string.format
  local raw = call('GET', KEYS[1])
  local epoch, last, floor, rest, count
  if raw and ARGV[11] == '' then
    local stamp, gen, began, first, redacted
    epoch, last, floor, rest, stamp, gen, began, first, count, redacted =
        string.match(raw, '^(%S+) (%d+) (%d+) ((%d+) (%d) (%d+) (%d+)) (%d+) (%d)$')
    local time = call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    local ids, older, id = KEYS[3], KEYS[4], ARGV[10]
    if gen == '1' then ids, older = older, ids end
    if redacted == '0' and now < tonumber(stamp) and now - began < 600000 and count ~= first and
        count - first < 10000 and not call('HGET', ids, id) and
        (first == '0' or not call('HGET', older, id)) then
      local offset, above = (now - ARGV[6]) * 4096 + ARGV[1], tonumber(last)
      if above < tonumber(floor) then above = tonumber(floor) end
      if offset <= above then offset = above + 1 end
      local at = format('%.0f', offset)
      local channel, header, data = ARGV[7], ARGV[8], ARGV[9]
      call('XADD', KEYS[2], 'MAXLEN', ARGV[2], at, 'p', last, 'h', header, 'd', data)
      call('HSET', ids, id, count .. ' ' .. at)
      call('SET', KEYS[1], epoch .. ' ' .. at .. ' ' .. floor .. ' ' .. rest .. ' ' ..
           format('%.0f', count + 1) .. ' 0', 'KEEPTTL')
      call(string.sub(channel, 1, 1) == 's' and 'SPUBLISH' or 'PUBLISH', string.sub(channel, 2),
           'P' .. epoch .. ' ' .. at .. ' ' .. last .. ' ' .. #header .. '\n' .. header .. data)
      return {'ok', epoch, at}
    end
  end
end
)lua";

constexpr std::string_view kPublish = R"lua(
local channel, header, data, id, about = ARGV[7], ARGV[8], ARGV[9], ARGV[10], ARGV[11]
local m = read() or make()
local before = known(m, id)
if before then return {'duplicate', m.epoch, before} end
if about ~= '' and not entry(m, about) then return {'absent'} end
local offset, prev = append(m, header, data, about ~= '' and about)
remember(m, id, offset)
write(m)
tell(channel, 'P' .. m.epoch .. ' ' .. offset .. ' ' .. prev .. ' ' .. #header .. '\n' ..
     header .. data)
return {'ok', m.epoch, offset}
)lua";

constexpr std::string_view kRedact = R"lua(
local channel, header, data, id = ARGV[7], ARGV[8], ARGV[9], ARGV[10]
local target, replacement = ARGV[11], ARGV[12]
local m = read()
if not m then return {'absent'} end
local before = known(m, id)
if before then return {'duplicate', m.epoch, before} end
if not entry(m, target) then return {'absent'} end
local targets = redis.call('ZRANGEBYSCORE', KEYS[6], target, target)
table.insert(targets, 1, target)
local replaced = {}
for _, offset in ipairs(targets) do
  local old = entry(m, offset)
  if old then
    redis.call('XDEL', KEYS[2], offset)
    old[4] = replacement
    redis.call('ZADD', KEYS[5], offset, cmsgpack.pack(old))
    m.redacted = 1
    replaced[#replaced + 1] = offset
  end
end
redis.call('PEXPIRE', KEYS[5], text(tonumber(ARGV[3]) * 2))
local offset, prev = append(m, header, data, false)
remember(m, id, offset)
write(m)
tell(channel, 'R' .. m.epoch .. ' ' .. offset .. ' ' .. prev .. ' ' .. #header .. ' ' ..
     table.concat(replaced, ',') .. '\n' .. header .. data)
return {'ok', m.epoch, offset}
)lua";

constexpr std::string_view kHistory = R"lua(
local since, limit, bytes_max, direction = ARGV[7], tonumber(ARGV[8]), tonumber(ARGV[9]), ARGV[10]
local m = read()
if not m then return {'', '0'} end
local out = {m.epoch, text(m.last)}
if limit == 0 then return out end
local forward = direction == 'f'
local low, high = youth(), 9007199254740991
if since ~= '' then
  if forward then
    if tonumber(since) + 1 > low then low = tonumber(since) + 1 end
  elseif tonumber(since) - 1 < high then
    high = tonumber(since) - 1
  end
end
if low > high then return out end
local redacted = {}
if m.redacted == 1 then
  redacted = forward
      and redis.call('ZRANGEBYSCORE', KEYS[5], text(low), text(high), 'LIMIT', 0, limit)
      or redis.call('ZREVRANGEBYSCORE', KEYS[5], text(high), text(low), 'LIMIT', 0, limit)
end
local next_redacted, count, bytes = 1, 0, 0
local function take(offset, prev, header, data)
  if count >= limit or (bytes_max > 0 and count > 0 and bytes + #data > bytes_max) then
    return false
  end
  count = count + 1
  bytes = bytes + #data
  local n = #out
  out[n + 1], out[n + 2], out[n + 3], out[n + 4] = offset, prev, header, data
  return true
end
-- Those redacted entries that come before `offset`; all that are left if it is nil.
local function take_redacted(offset)
  while redacted[next_redacted] do
    local old = cmsgpack.unpack(redacted[next_redacted])
    local at = tonumber(old[1])
    if offset and ((forward and at > offset) or (not forward and at < offset)) then return true end
    if not take(old[1], old[2], old[3], old[4]) then return false end
    next_redacted = next_redacted + 1
  end
  return true
end
local step = 64
while true do
  if limit - count + 1 < step then step = limit - count + 1 end
  local chunk = forward and redis.call('XRANGE', KEYS[2], text(low), text(high), 'COUNT', step)
      or redis.call('XREVRANGE', KEYS[2], text(high), text(low), 'COUNT', step)
  for _, found in ipairs(chunk) do
    local offset = string.match(found[1], '^%d+')
    local at = tonumber(offset)
    if not take_redacted(at) then return out end
    if not take(offset, found[2][2], found[2][4], found[2][6]) then return out end
    if forward then low = at + 1 else high = at - 1 end
  end
  if #chunk < step or low > high then break end
end
take_redacted(nil)
return out
)lua";

// The entry that somebody saw is there, or was trimmed in its turn (older ones went before it), or
// has vanished: a Redis that did not have it yet took over.
constexpr std::string_view kCheck = R"lua(
local channel, epoch, witness = ARGV[7], ARGV[8], tonumber(ARGV[9])
local m = read()
if not m then
  m = make()
  write(m)
end
if m.epoch ~= epoch or witness == 0 or witness == m.last then
  return {'ok', m.epoch, text(m.last)}
end
if witness < m.last then
  local offset = text(witness)
  if redis.call('XRANGE', KEYS[2], offset, offset)[1] or redacted_at(m, offset) then
    return {'ok', m.epoch, text(m.last)}
  end
  local first = first_of_stream()
  if m.redacted == 1 then
    local old = redis.call('ZRANGE', KEYS[5], 0, 0, 'WITHSCORES')[2]
    if old and (not first or tonumber(old) < first) then first = tonumber(old) end
  end
  if not first or first > witness then return {'trimmed', m.epoch, text(m.last)} end
end
if witness > m.floor then m.floor = witness end
new_epoch(m, channel)
write(m)
return {'ok', m.epoch, text(m.last)}
)lua";

constexpr std::string_view kRemove = R"lua(
local channel = ARGV[7]
local m = read()
if not m then return {''} end
new_epoch(m, channel)
redis.call('DEL', KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6])
m.last, m.first, m.redacted, m.stamp = 0, m.count, 0, 0
write(m)
return {m.epoch}
)lua";

constexpr std::string_view kPositions = R"lua(
local out = {}
for i, key in ipairs(KEYS) do
  local raw = redis.call('GET', key)
  if raw then
    if ARGV[i] ~= '0' then redis.call('PEXPIRE', key, ARGV[i]) end
    local epoch, last = string.match(raw, '^(%S+) (%d+)')
    out[2 * i - 1], out[2 * i] = epoch, last
  else
    out[2 * i - 1], out[2 * i] = '', '0'
  end
end
return out
)lua";

constexpr std::string_view kLease = R"lua(
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if ARGV[1] ~= '' then
  redis.call('ZADD', KEYS[1], string.format('%.0f', now + tonumber(ARGV[2])), ARGV[1])
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))
return redis.call('ZRANGE', KEYS[1], 0, -1)
)lua";

constexpr std::string_view kLeave = R"lua(
local member = redis.call('HGET', KEYS[1], ARGV[1])
if member and string.sub(member, 1, #ARGV[2]) == ARGV[2] then
  return redis.call('HDEL', KEYS[1], ARGV[1])
end
return 0
)lua";

std::string sha1_of(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  ::EVP_Digest(text.data(), text.size(), digest.data(), &size, ::EVP_sha1(), nullptr);
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (unsigned i = 0; i < size; ++i) {
    hex += kDigits[digest[i] >> 4U];
    hex += kDigits[digest[i] & 15U];
  }
  return hex;
}

Script make(ScriptId id, std::string text) {
  std::string sha = sha1_of(text);
  return {.id = id, .text = std::move(text), .sha = std::move(sha)};
}

}  // namespace

const std::array<Script, 8>& scripts() {
  const auto with_prelude = [](std::string_view body) {
    return std::string(kPrelude) + std::string(body);
  };
  static const std::array<Script, 8> kAll{
      make(ScriptId::kPublish, std::string(kFastPublish) + with_prelude(kPublish)),
      make(ScriptId::kRedact, with_prelude(kRedact)),
      make(ScriptId::kHistory, with_prelude(kHistory)),
      make(ScriptId::kCheck, with_prelude(kCheck)),
      make(ScriptId::kRemove, with_prelude(kRemove)),
      make(ScriptId::kPositions, std::string(kPositions)),
      make(ScriptId::kLease, std::string(kLease)),
      make(ScriptId::kLeave, std::string(kLeave))};
  return kAll;
}

}  // namespace palaver::broker::redis
