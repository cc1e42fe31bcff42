// SPDX-License-Identifier: Apache-2.0
#include "chat/message.h"

#include "base/json_text.h"
#include "chat/act.h"

namespace palaver::chat {

namespace {

constexpr std::string_view kHead = R"({"text":")";
constexpr std::string_view kTail = R"("})";

// What text_message() writes for a text without escapes is read back without a JSON parser: that is
// nearly every message, and a room of few members notices the difference.
std::optional<std::string_view> plain_text_of(std::string_view data) {
  if (!data.starts_with(kHead) || !data.ends_with(kTail)) return {};
  if (data.size() < kHead.size() + kTail.size()) return {};
  data.remove_prefix(kHead.size());
  data.remove_suffix(kTail.size());
  if (data.find_first_of("\"\\") != std::string_view::npos) return {};
  return data;
}

}  // namespace

base::Frame text_message(std::string_view text) {
  std::string data = "{\"text\":";
  data.reserve(data.size() + text.size() + 3);
  base::append_json_string(data, text);
  data += '}';
  return base::Frame::copy_of(data);
}

std::optional<std::string> text_of(std::string_view data) {
  if (const auto plain = plain_text_of(data)) return std::string(*plain);
  const auto json = codec::wire::RawJson::parse(data);
  // Its rules are not asked for: a message of the article's protocol knows none.
  if (!json || kind_of(*json) != Kind::kMessage) return {};
  const auto text = json->member("text");
  return text ? text->string() : std::nullopt;
}

}  // namespace palaver::chat
