// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

#include <array>
#include <cstddef>
#include <cstring>

#include "base/check.h"

namespace palaver::base {

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

struct Lead {
  std::size_t size;          // of the code point; 0: no code point begins so
  unsigned char second_min;  // the second byte's range: it is what rules out overlong forms,
  unsigned char second_max;  // surrogates and values above U+10FFFF
};

Lead lead_of(unsigned char byte) {
  if (byte < 0xC2) return {0, 0, 0};
  if (byte < 0xE0) return {2, 0x80, 0xBF};
  if (byte == 0xE0) return {3, 0xA0, 0xBF};
  if (byte == 0xED) return {3, 0x80, 0x9F};
  if (byte < 0xF0) return {3, 0x80, 0xBF};
  if (byte == 0xF0) return {4, 0x90, 0xBF};
  if (byte < 0xF4) return {4, 0x80, 0xBF};
  if (byte == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
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

Utf8Unit utf8_front(std::string_view text) {
  CHECK(!text.empty(), "an empty text has no front");
  const auto byte_at = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte_at(0) < 0x80) return {1, true};
  const Lead lead = lead_of(byte_at(0));
  if (lead.size == 0) return {1, false};
  if (text.size() < 2 || byte_at(1) < lead.second_min || byte_at(1) > lead.second_max) {
    return {1, false};
  }
  for (std::size_t i = 2; i < lead.size; ++i) {
    if (i == text.size() || (byte_at(i) & 0xC0) != 0x80) return {i, false};
  }
  return {lead.size, true};
}

}  // namespace palaver::base
