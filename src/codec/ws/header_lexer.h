// SPDX-License-Identifier: Apache-2.0
// HeaderLexer: reads the value of an HTTP header from left to right (RFC 9110 section 5.6): tokens,
// quoted strings, separators with optional white space around them. It looks at a view that the
// caller keeps, and knows no header's meaning.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace palaver::codec::ws {

class HeaderLexer {
 public:
  explicit HeaderLexer(std::string_view text) : rest_(text) {}

  // Each skips white space, then takes what it names, or nothing.
  [[nodiscard]] bool at_end();
  [[nodiscard]] bool take(char separator);
  [[nodiscard]] std::optional<std::string_view> token();
  // A token, or a quoted string whose content, without its backslashes, is a token: RFC 6455
  // section 9.1 allows no other.
  [[nodiscard]] std::optional<std::string> token_or_quoted();

 private:
  void skip_space();

  std::string_view rest_;
};

// Whether `header`, a list of tokens, has this one, whatever its case.
[[nodiscard]] bool list_has_token(std::string_view header, std::string_view token);

}  // namespace palaver::codec::ws
