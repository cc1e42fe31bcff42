// SPDX-License-Identifier: Apache-2.0
#include "broker/redis/pubsub_payload.h"

#include <array>
#include <charconv>
#include <utility>

#include "base/utc.h"
#include "base/utf8.h"
#include "codec/wire/raw_json.h"

namespace palaver::broker::redis {

using codec::wire::RawJson;

namespace {

constexpr std::size_t kStrangeBytesMax = 64;  // of a strange key, in an error
constexpr std::string_view kReplacement = "\\ufffd";
constexpr std::size_t kEscapeSize = 6;  // \uXXXX

constexpr bool is_high(unsigned unit) { return unit >= 0xD800 && unit < 0xDC00; }
constexpr bool is_low(unsigned unit) { return unit >= 0xDC00 && unit < 0xE000; }

void append_unit(std::string& out, unsigned unit) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kHex[unit >> shift & 0xF];
}

void append_code_point(std::string& out, unsigned c) {
  if (c < 0x10000) {
    append_unit(out, c);
    return;
  }
  c -= 0x10000;
  append_unit(out, 0xD800 + (c >> 10));
  append_unit(out, 0xDC00 + (c & 0x3FF));
}

// The one whose bytes these are: 2 to 4.
unsigned code_point(std::string_view bytes) {
  constexpr std::array<unsigned char, 5> kLeadBits{0, 0x7F, 0x1F, 0x0F, 0x07};
  unsigned c = static_cast<unsigned char>(bytes.front()) & kLeadBits.at(bytes.size());
  for (const char byte : bytes.substr(1)) c = c << 6 | (static_cast<unsigned char>(byte) & 0x3F);
  return c;
}

void append_ascii(std::string& out, char c) {
  constexpr std::string_view kEscaped = "\"\\\n\r\t\f\b";
  constexpr std::string_view kLetters = "\"\\nrtfb";
  if (const std::size_t at = kEscaped.find(c); at != std::string_view::npos) {
    out += '\\';
    out += kLetters[at];
  } else if (c >= ' ' && c <= '~') {
    out += c;
  } else {
    append_unit(out, static_cast<unsigned char>(c));
  }
}

// The unit that a \uXXXX at this place stands for.
std::optional<unsigned> unit_at(std::string_view text, std::size_t at) {
  text = text.substr(std::min(at, text.size()), kEscapeSize);
  if (text.size() < kEscapeSize || !text.starts_with("\\u")) return std::nullopt;
  unsigned unit = 0;
  const char* const end = text.data() + text.size();
  const auto [read, error] = std::from_chars(text.data() + 2, end, unit, 16);
  if (error != std::errc{} || read != end) return std::nullopt;
  return unit;
}

// Outside of strings JSON has no backslash, so that no string has to be told from the rest.
std::string mended(std::string_view text) {
  std::string out(text);
  for (std::size_t at = out.find('\\'); at < out.size(); at = out.find('\\', at)) {
    const auto unit = unit_at(out, at);
    if (!unit) {
      at += 2;
      continue;
    }
    if (is_high(*unit)) {
      const auto next = unit_at(out, at + kEscapeSize);
      if (next && is_low(*next)) {
        at += 2 * kEscapeSize;
        continue;
      }
    }
    if (is_high(*unit) || is_low(*unit)) out.replace(at, kEscapeSize, kReplacement);
    at += kEscapeSize;
  }
  return out;
}

std::optional<unsigned> number_in(std::string_view digits) {
  unsigned number = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    number = 10 * number + static_cast<unsigned>(c - '0');
  }
  return number;
}

// "YYYY-MM-DD HH:MM:SS".
std::optional<base::WallTime> parse_time(std::string_view text) {
  using namespace std::chrono;
  constexpr std::string_view kForm = "....-..-.. ..:..:..";
  if (text.size() != kForm.size()) return std::nullopt;
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    if (kForm[i] != '.' && text[i] != kForm[i]) return std::nullopt;
  }
  const auto part = [&](std::size_t at, std::size_t size) {
    return number_in(text.substr(at, size)).value_or(10'000);
  };
  const year_month_day date{year{static_cast<int>(part(0, 4))}, month{part(5, 2)}, day{part(8, 2)}};
  const unsigned hour = part(11, 2);
  const unsigned minute = part(14, 2);
  const unsigned second = part(17, 2);
  if (part(0, 4) > 9'999 || !date.ok() || hour > 23 || minute > 59 || second > 59) {
    return std::nullopt;
  }
  return sys_days{date} + hours{hour} + minutes{minute} + seconds{second};
}

bool read_client(RawJson value, ArticleForm& into) {
  if (auto text = value.string()) {
    into.client = *std::move(text);
  } else {
    std::string_view digits = value.text();
    if (digits == "-0") digits = "0";
    into.client = digits;
    into.numbered = true;
    if (digits.starts_with('-')) digits.remove_prefix(1);
    return digits.find_first_not_of("0123456789") == std::string_view::npos;
  }
  return true;
}

std::unexpected<base::Error> wrong(std::string what) {
  return base::fail(base::ErrorCode::kInvalidArgument, std::move(what));
}

}  // namespace

void append_python_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const base::Utf8Unit unit = base::utf8_front(text);
    if (!unit.valid) {
      out += kReplacement;
    } else if (unit.size == 1) {
      append_ascii(out, text.front());
    } else {
      append_code_point(out, code_point(text.substr(0, unit.size)));
    }
    text.remove_prefix(unit.size);
  }
  out += '"';
}

std::string encode_payload(std::string_view channel, const ArticleForm& form,
                           base::WallTime said_at) {
  std::string out = R"({"channel_id": )";
  append_python_string(out, channel);
  out += R"(, "client_id": )";
  if (form.numbered) {
    out += form.client;
  } else {
    append_python_string(out, form.client);
  }
  out += R"(, "time": ")";
  base::append_utc(out, said_at, ' ');
  out += R"(", "message": )";
  append_python_string(out, form.text);
  out += '}';
  return out;
}

base::Result<Payload> parse_payload(std::string_view bytes) {
  std::string other;
  if (bytes.contains("\\ud") || bytes.contains("\\uD")) bytes = other = mended(bytes);
  const auto json = RawJson::parse(bytes);
  if (!json) return std::unexpected(json.error());
  if (!json->is_object()) return wrong("not an object");
  std::optional<std::string> strange;
  json->each_member([&](std::string_view name, RawJson) {
    const bool known =
        name == "channel_id" || name == "client_id" || name == "time" || name == "message";
    if (!known) strange.emplace(name.substr(0, kStrangeBytesMax));
    return known;
  });
  if (strange) return wrong("a key that the article does not know: " + *strange);
  const auto channel = json->member("channel_id");
  const auto client = json->member("client_id");
  const auto time = json->member("time");
  const auto message = json->member("message");
  if (!channel || !client || !time || !message) return wrong("a key is missing");
  if (!channel->is_string() || !time->is_string() || !message->is_string()) {
    return wrong("channel_id, time and message are texts");
  }
  Payload payload;
  if (!read_client(*client, payload.form)) return wrong("client_id is a whole number or a text");
  payload.form.text = message->string().value_or("");
  payload.said_at = parse_time(time->string().value_or(""));
  return payload;
}

}  // namespace palaver::broker::redis
