// SPDX-License-Identifier: Apache-2.0
#include "codec/ws/mask.h"

#include <gtest/gtest.h>

#include <string>

namespace palaver::codec::ws {
namespace {

constexpr MaskKey kKey = {'\x01', '\x80', '\x37', '\xff'};

std::string masked_by_definition(std::string bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<char>(bytes[i] ^ kKey[i % 4]);
  return bytes;
}

std::string sample(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 7);
  return bytes;
}

TEST(Mask, FollowsTheDefinitionAtEverySizeAndAlignment) {
  for (std::size_t size = 0; size <= 130; ++size) {
    for (std::size_t skip = 0; skip < 8; ++skip) {
      std::string bytes = std::string(skip, 's') + sample(size) + "behind";
      apply_mask({bytes.data() + skip, size}, kKey);
      ASSERT_EQ(bytes, std::string(skip, 's') + masked_by_definition(sample(size)) + "behind");
    }
  }
}

TEST(Mask, GoesOnWhereItStopped) {
  const std::string expected = masked_by_definition(sample(50));
  for (std::size_t cut = 0; cut <= 50; ++cut) {
    std::string bytes = sample(50);
    apply_mask({bytes.data(), cut}, kKey);
    apply_mask({bytes.data() + cut, bytes.size() - cut}, rotate_key(kKey, cut));
    ASSERT_EQ(bytes, expected) << cut;
  }
}

}  // namespace
}  // namespace palaver::codec::ws
