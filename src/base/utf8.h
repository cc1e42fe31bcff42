// SPDX-License-Identifier: Apache-2.0
// UTF-8 as RFC 3629 defines it: no surrogates, no overlong forms, nothing above U+10FFFF. For a
// text that is whole in memory, for one that comes in pieces, and for one that may be damaged and
// is to be mended. Never allocates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace palaver::base {

[[nodiscard]] bool is_valid_utf8(std::string_view text);

// Takes a text in pieces that may end anywhere, keeps one byte of state, and refuses a text in the
// piece whose bytes prove it wrong, so that a stream can fail at once (RFC 6455 section 8.1).
class Utf8Validator {
 public:
  // The next bytes of the text. False: no further bytes can make it valid; it stays so until
  // reset().
  [[nodiscard]] bool feed(std::string_view bytes);
  // Whether the text may end here.
  [[nodiscard]] bool complete() const { return state_ == 0; }
  void reset() { state_ = 0; }

 private:
  std::uint8_t state_ = 0;  // of the automaton in utf8.cc; 0: between characters
};

// What a text begins with: one code point, or bytes that are none. Of the latter `size` counts the
// longest beginning of a code point, at least 1: what one U+FFFD stands for (Unicode, section 3.9).
struct Utf8Unit {
  std::size_t size;
  bool valid;
};

// `text` is not empty.
[[nodiscard]] Utf8Unit utf8_front(std::string_view text);

}  // namespace palaver::base
