// SPDX-License-Identifier: Apache-2.0
#include "model/home_shard.h"

#include <cstdint>

#include "base/check.h"

namespace palaver::model {
namespace {

// FNV-1a, 64 bit: few instructions for names of a few bytes.
std::uint64_t fnv1a(const std::string& text) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3U;
  }
  return hash;
}

// FNV-1a leaves the last bytes of a name in the low bits; this spreads every bit over all of them.
std::uint64_t avalanche(std::uint64_t hash) {
  hash ^= hash >> 33U;
  hash *= 0xff51afd7ed558ccdU;
  hash ^= hash >> 33U;
  hash *= 0xc4ceb9fe1a85ec53U;
  return hash ^ (hash >> 33U);
}

}  // namespace

base::ShardId home_shard(const RoomName& room, unsigned shards) {
  CHECK(shards > 0, "a node has a shard");
  return base::ShardId{static_cast<unsigned>(avalanche(fnv1a(room.value)) % shards)};
}

}  // namespace palaver::model
