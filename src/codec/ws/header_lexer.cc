// SPDX-License-Identifier: Apache-2.0
#include "codec/ws/header_lexer.h"

#include <algorithm>
#include <cstddef>

#include "base/ascii.h"

namespace palaver::codec::ws {

bool HeaderLexer::at_end() {
  skip_space();
  return rest_.empty();
}

bool HeaderLexer::take(char separator) {
  skip_space();
  if (!rest_.starts_with(separator)) return false;
  rest_.remove_prefix(1);
  return true;
}

std::optional<std::string_view> HeaderLexer::token() {
  skip_space();
  const auto end = std::ranges::find_if_not(rest_, base::is_token_char);
  const auto size = static_cast<std::size_t>(end - rest_.begin());
  if (size == 0) return std::nullopt;
  const std::string_view token = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return token;
}

std::optional<std::string> HeaderLexer::token_or_quoted() {
  skip_space();
  if (!rest_.starts_with('"')) {
    const auto plain = token();
    if (!plain) return std::nullopt;
    return std::string(*plain);
  }
  std::string content;
  for (std::size_t i = 1; i < rest_.size(); ++i) {
    if (rest_[i] == '"') {
      if (content.empty()) return std::nullopt;
      rest_.remove_prefix(i + 1);
      return content;
    }
    if (rest_[i] == '\\' && ++i == rest_.size()) return std::nullopt;
    if (!base::is_token_char(rest_[i])) return std::nullopt;
    content.push_back(rest_[i]);
  }
  return std::nullopt;
}

void HeaderLexer::skip_space() {
  while (rest_.starts_with(' ') || rest_.starts_with('\t')) rest_.remove_prefix(1);
}

bool list_has_token(std::string_view header, std::string_view token) {
  HeaderLexer lexer(header);
  while (true) {
    while (lexer.take(',')) {
    }
    const auto found = lexer.token();
    if (!found) return false;
    const bool whole = lexer.at_end() || lexer.take(',');
    if (!whole) return false;
    if (base::equals_ignoring_case(*found, token)) return true;
  }
}

}  // namespace palaver::codec::ws
