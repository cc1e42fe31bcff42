// SPDX-License-Identifier: Apache-2.0
#include "chat/article.h"

#include <charconv>

#include "base/utc.h"
#include "chat/message.h"

namespace palaver::chat {

namespace {

constexpr std::string_view kAnonymous = "anonymous";
constexpr std::string_view kUserPrefix = "article:";
constexpr std::size_t kTimeSize = 22;  // "[YYYY-MM-DD HH:MM:SS] "

}  // namespace

std::optional<std::int64_t> parse_client_id(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return {};  // from_chars would take it
  }
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  return id;
}

model::UserId article_user(std::int64_t client_id) {
  return {std::string(kUserPrefix) + std::to_string(client_id)};
}

std::optional<std::string> article_line(const model::Publication& publication) {
  const auto text = text_of(publication.data.view());
  if (!text) return {};
  std::string_view user = publication.sender.user.value;
  if (user.empty()) user = kAnonymous;
  if (user.starts_with(kUserPrefix)) user.remove_prefix(kUserPrefix.size());
  std::string line;
  line.reserve(kTimeSize + text->size() + user.size() + 3);
  line += '[';
  base::append_utc(line, model::time_of(publication.offset), ' ');
  line += "] ";
  line += *text;
  line += " (";
  line += user;
  line += ')';
  return line;
}

}  // namespace palaver::chat
