// SPDX-License-Identifier: Apache-2.0
// Masking (RFC 6455 section 5.3): the payload of a client's frame, XORed with a key of four bytes.
// The same function masks and unmasks. It is on the way of every byte that comes in, and therefore
// works in words.
#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace palaver::codec::ws {

using MaskKey = std::array<char, 4>;

// In place; the first byte of `bytes` meets key[0].
void apply_mask(std::span<char> bytes, MaskKey key);

// The key as it applies `offset` bytes later: for a payload that arrives in pieces.
[[nodiscard]] MaskKey rotate_key(MaskKey key, std::size_t offset);

}  // namespace palaver::codec::ws
