// SPDX-License-Identifier: Apache-2.0
// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. For texts
// that are whole in memory; an incremental validator for streams belongs to the codec that needs
// one. Never allocates.
#pragma once

#include <cstddef>
#include <string_view>

namespace palaver::base {

// What a text begins with: one code point, or bytes that are none. Of the latter `size` counts the
// longest beginning of a code point, at least 1: what one U+FFFD stands for (Unicode, section 3.9).
struct Utf8Unit {
  std::size_t size;
  bool valid;
};

// `text` is not empty.
[[nodiscard]] Utf8Unit utf8_front(std::string_view text);

[[nodiscard]] bool is_valid_utf8(std::string_view text);

}  // namespace palaver::base
