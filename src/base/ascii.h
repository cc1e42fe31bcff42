// SPDX-License-Identifier: Apache-2.0
// The letters and tokens of protocol texts: ASCII alone has case, whatever the locale is, and a
// token is what RFC 9110 section 5.6.2 says. Never allocates.
#pragma once

#include <algorithm>
#include <string_view>

namespace palaver::base {

[[nodiscard]] constexpr char ascii_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

[[nodiscard]] constexpr bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, ascii_lower, ascii_lower);
}

[[nodiscard]] constexpr bool is_alphanumeric(char c) {
  const char l = ascii_lower(c);
  return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9');
}

[[nodiscard]] constexpr bool is_token_char(char c) {
  return is_alphanumeric(c) || std::string_view("!#$%&'*+-.^_`|~").contains(c);
}

[[nodiscard]] constexpr bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_token_char);
}

}  // namespace palaver::base
