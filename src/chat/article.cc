// SPDX-License-Identifier: Apache-2.0
#include "chat/article.h"

#include <charconv>

#include "auth/authenticator.h"
#include "base/utc.h"
#include "chat/message.h"
#include "chat/name.h"

namespace palaver::chat {

namespace {

constexpr std::string_view kAnonymous = "anonymous";
constexpr std::size_t kGuestDigits = 4;
constexpr std::size_t kTimeSize = 22;  // "[YYYY-MM-DD HH:MM:SS] "

// What a token or a guest says of itself, else who it is.
std::string shown_name(const model::Sender& sender) {
  if (auto name = name_of(sender.info)) return *std::move(name);
  std::string_view user = sender.user.value;
  if (user.empty()) user = kAnonymous;
  if (user.starts_with(auth::kArticlePrefix)) user.remove_prefix(auth::kArticlePrefix.size());
  if (!user.starts_with(auth::kGuestPrefix)) return std::string(user);
  // Enough to tell the guests of a room apart.
  user.remove_prefix(auth::kGuestPrefix.size());
  return "guest-" + std::string(user.substr(0, kGuestDigits));
}

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
  return {std::string(auth::kArticlePrefix) + std::to_string(client_id)};
}

std::optional<std::string> article_line(const model::Publication& publication) {
  const auto text = text_of(publication.data.view());
  if (!text) return {};
  const std::string user = shown_name(publication.sender);
  std::string line;
  line.reserve(kTimeSize + text->size() + user.size() + 3);
  line += '[';
  base::append_utc(line, publication.said_at.value_or(model::time_of(publication.offset)), ' ');
  line += "] ";
  line += *text;
  line += " (";
  line += user;
  line += ')';
  return line;
}

std::optional<broker::ArticleForm> article_form(const model::Sender& sender,
                                                std::string_view data) {
  auto text = text_of(data);
  if (!text) return {};
  broker::ArticleForm form{.client = shown_name(sender), .text = *std::move(text)};
  const bool article = sender.user.value == std::string(auth::kArticlePrefix) + form.client;
  form.numbered = article && parse_client_id(form.client).has_value();
  return form;
}

model::Publication from_article(const broker::ArticleForm& form) {
  model::Publication publication;
  publication.sender.user.value = std::string(auth::kArticlePrefix) + form.client;
  publication.data = text_message(form.text);
  return publication;
}

}  // namespace palaver::chat
