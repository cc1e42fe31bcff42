// SPDX-License-Identifier: Apache-2.0
#include "chat/article.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

#include "chat/message.h"

namespace palaver::chat {

namespace {

constexpr std::string_view kUserPrefix = "article:";
constexpr std::size_t kTimeSize = 22;  // "[YYYY-MM-DD HH:MM:SS] "

std::string time_text(base::WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const auto day = std::chrono::floor<std::chrono::days>(seconds);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{seconds - day};
  std::array<char, 64> text{};
  const int size = std::snprintf(
      text.data(), text.size(), "[%04d-%02u-%02u %02d:%02d:%02d] ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()));
  return {text.data(), static_cast<std::size_t>(size)};
}

}  // namespace

std::optional<std::int64_t> parse_client_id(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  if (text.starts_with('+') || text.empty()) return {};
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
  if (user.starts_with(kUserPrefix)) user.remove_prefix(kUserPrefix.size());
  std::string line;
  line.reserve(kTimeSize + text->size() + user.size() + 3);
  line += time_text(model::time_of(publication.offset));
  line += *text;
  line += " (";
  line += user;
  line += ')';
  return line;
}

}  // namespace palaver::chat
