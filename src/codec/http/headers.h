// SPDX-License-Identifier: Apache-2.0
// Header fields as requests and responses hold them, and the comparisons that RFC 9110 asks for:
// names and tokens without regard to case, lists of tokens separated by commas. Plain functions on
// bytes; nothing here knows a field by name.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace palaver::codec::http {

struct Header {
  std::string name;
  std::string value;
  friend bool operator==(const Header&, const Header&) = default;
};

// ASCII only, whatever the locale is.
[[nodiscard]] std::string to_lower(std::string_view text);

// Without spaces and tabs at both ends.
[[nodiscard]] std::string_view trim(std::string_view text);

// Takes the next element from the front of a list (RFC 9110 section 5.6.1), trimmed; empty elements
// are skipped, and commas inside quoted strings do not separate. nullopt: nothing is left.
[[nodiscard]] std::optional<std::string_view> next_list_element(std::string_view& list);

// For Connection, Upgrade and the like: whether one element of `list` is `token`.
[[nodiscard]] bool list_has_token(std::string_view list, std::string_view token);

}  // namespace palaver::codec::http
