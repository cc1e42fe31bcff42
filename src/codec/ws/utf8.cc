// SPDX-License-Identifier: Apache-2.0
#include "codec/ws/utf8.h"

#include <array>
#include <cstddef>
#include <cstring>

namespace palaver::codec::ws {

namespace {

// The automaton of RFC 3629 section 4: what the next byte has to be. A state is the place of its
// six bits in a row of the table, so that a step is one load and one shift, without a branch (the
// method is known as the shift-based DFA).
enum State : std::uint8_t {
  kBetween = 0,   // characters; a text may end
  kReject = 6,    // for good
  kTail1 = 12,    // one continuation byte, 80 to bf
  kTail2 = 18,    // two
  kTail3 = 24,    // three
  kAfterE0 = 30,  // a0 to bf (less is overlong), then one
  kAfterEd = 36,  // 80 to 9f (more is a surrogate), then one
  kAfterF0 = 42,  // 90 to bf (less is overlong), then two
  kAfterF4 = 48,  // 80 to 8f (more is above U+10FFFF), then two
};
constexpr std::uint64_t kStateBits = 0x3f;

using Row = std::uint64_t;  // for one byte: the state that follows each state

constexpr State after_lead(unsigned byte) {
  if (byte < 0x80) return kBetween;
  if (byte < 0xc2) return kReject;
  if (byte < 0xe0) return kTail1;
  if (byte == 0xe0) return kAfterE0;
  if (byte == 0xed) return kAfterEd;
  if (byte < 0xf0) return kTail2;
  if (byte == 0xf0) return kAfterF0;
  if (byte < 0xf4) return kTail3;
  return byte == 0xf4 ? kAfterF4 : kReject;
}

constexpr Row make_row(unsigned byte) {
  const auto entry = [byte](State from, unsigned low, unsigned high, State to) {
    return Row{byte >= low && byte <= high ? to : kReject} << from;
  };
  return Row{after_lead(byte)} << kBetween | Row{kReject} << kReject |
         entry(kTail1, 0x80, 0xbf, kBetween) | entry(kTail2, 0x80, 0xbf, kTail1) |
         entry(kTail3, 0x80, 0xbf, kTail2) | entry(kAfterE0, 0xa0, 0xbf, kTail1) |
         entry(kAfterEd, 0x80, 0x9f, kTail1) | entry(kAfterF0, 0x90, 0xbf, kTail2) |
         entry(kAfterF4, 0x80, 0x8f, kTail2);
}

constexpr std::array<Row, 256> make_table() {
  std::array<Row, 256> table{};
  for (unsigned byte = 0; byte < table.size(); ++byte) table[byte] = make_row(byte);
  return table;
}

constexpr std::array<Row, 256> kTable = make_table();

constexpr std::size_t kWordBytes = sizeof(std::uint64_t);
constexpr std::uint64_t kHighBits = 0x8080'8080'8080'8080;

std::uint64_t load_word(const char* at) {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// The bytes of the whole words of ASCII that `bytes` begins with.
std::size_t ascii_prefix(std::string_view bytes) {
  std::size_t size = 0;
  while (bytes.size() - size >= 4 * kWordBytes) {
    const char* at = bytes.data() + size;
    const std::uint64_t all = load_word(at) | load_word(at + kWordBytes) |
                              load_word(at + 2 * kWordBytes) | load_word(at + 3 * kWordBytes);
    if ((all & kHighBits) != 0) break;
    size += 4 * kWordBytes;
  }
  while (bytes.size() - size >= kWordBytes && (load_word(bytes.data() + size) & kHighBits) == 0) {
    size += kWordBytes;
  }
  return size;
}

}  // namespace

bool Utf8Validator::feed(std::string_view bytes) {
  constexpr std::size_t kBlockBytes = 32;  // between two looks whether ASCII goes on
  std::uint64_t state = state_;
  while (!bytes.empty() && state != kReject) {
    if (state == kBetween) bytes.remove_prefix(ascii_prefix(bytes));
    const std::string_view block = bytes.substr(0, kBlockBytes);
    for (const char byte : block) {
      state = kTable[static_cast<unsigned char>(byte)] >> state & kStateBits;
    }
    bytes.remove_prefix(block.size());
  }
  state_ = static_cast<std::uint8_t>(state);
  return state != kReject;
}

bool is_valid_utf8(std::string_view text) {
  Utf8Validator validator;
  return validator.feed(text) && validator.complete();
}

}  // namespace palaver::codec::ws
