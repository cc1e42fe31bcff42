// SPDX-License-Identifier: Apache-2.0
#include "codec/http/headers.h"

#include <algorithm>

#include "base/ascii.h"

namespace palaver::codec::http {

namespace {

// The end of the element at the front of `list`: a comma outside of quotes, or the list's end.
std::size_t element_end(std::string_view list) {
  bool quoted = false;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (quoted && list[i] == '\\') {
      ++i;
    } else if (list[i] == '"') {
      quoted = !quoted;
    } else if (list[i] == ',' && !quoted) {
      return i;
    }
  }
  return list.size();
}

}  // namespace

std::string to_lower(std::string_view text) {
  std::string lowered{text};
  std::ranges::transform(lowered, lowered.begin(), base::ascii_lower);
  return lowered;
}

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::optional<std::string_view> next_list_element(std::string_view& list) {
  while (!list.empty()) {
    const std::size_t end = element_end(list);
    const std::string_view element = trim(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
    if (!element.empty()) return element;
  }
  return std::nullopt;
}

bool list_has_token(std::string_view list, std::string_view token) {
  while (const auto element = next_list_element(list)) {
    if (base::equals_ignoring_case(*element, token)) return true;
  }
  return false;
}

}  // namespace palaver::codec::http
