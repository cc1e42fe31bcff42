// SPDX-License-Identifier: Apache-2.0
#include "codec/ws/mask.h"

#include <cstdint>
#include <cstring>

namespace palaver::codec::ws {

namespace {

// Words are loaded and stored as they lie in memory, the key too: the byte order does not matter.
void apply_word(char* at, std::uint64_t key) {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  word ^= key;
  std::memcpy(at, &word, sizeof word);
}

}  // namespace

void apply_mask(std::span<char> bytes, MaskKey key) {
  constexpr std::size_t kWord = sizeof(std::uint64_t);
  std::uint64_t wide;
  std::memcpy(&wide, key.data(), key.size());
  std::memcpy(reinterpret_cast<char*>(&wide) + key.size(), key.data(), key.size());

  char* at = bytes.data();
  std::size_t left = bytes.size();
  // Four words a round: the compiler makes vector instructions of them.
  for (; left >= 4 * kWord; at += 4 * kWord, left -= 4 * kWord) {
    apply_word(at, wide);
    apply_word(at + kWord, wide);
    apply_word(at + 2 * kWord, wide);
    apply_word(at + 3 * kWord, wide);
  }
  for (; left >= kWord; at += kWord, left -= kWord) apply_word(at, wide);
  for (std::size_t i = 0; i < left; ++i) at[i] = static_cast<char>(at[i] ^ key[i % key.size()]);
}

MaskKey rotate_key(MaskKey key, std::size_t offset) {
  MaskKey rotated;
  for (std::size_t i = 0; i < key.size(); ++i) rotated[i] = key[(i + offset) % key.size()];
  return rotated;
}

}  // namespace palaver::codec::ws
