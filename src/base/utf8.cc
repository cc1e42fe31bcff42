// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

#include "base/check.h"

namespace palaver::base {

namespace {

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

bool is_valid_utf8(std::string_view text) {
  while (!text.empty()) {
    const Utf8Unit unit = utf8_front(text);
    if (!unit.valid) return false;
    text.remove_prefix(unit.size);
  }
  return true;
}

}  // namespace palaver::base
