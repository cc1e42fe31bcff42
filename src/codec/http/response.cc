// SPDX-License-Identifier: Apache-2.0
#include "codec/http/response.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

#include "base/ascii.h"
#include "base/check.h"
#include "base/json_text.h"

namespace palaver::codec::http {

namespace {

struct Phrase {
  unsigned status;
  std::string_view text;
};

constexpr auto kPhrases = std::to_array<Phrase>({
    {100, "Continue"},
    {101, "Switching Protocols"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {411, "Length Required"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {426, "Upgrade Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
});
static_assert(std::ranges::is_sorted(kPhrases, {}, &Phrase::status));

bool has_no_content(unsigned status) { return status < 200 || status == 204 || status == 304; }

// A value may hold a peer's text (a redirect's path, a file's name), so it is made harmless instead
// of checked: a peer must not be able to stop the process.
void append_field(std::string& out, std::string_view name, std::string_view value) {
  CHECK(base::is_token(name), "the name of a header field is a token");
  out += name;
  out += ": ";
  const std::size_t begin = out.size();
  out += value;
  const auto ends_line = [](char c) { return c == '\r' || c == '\n' || c == '\0'; };
  std::replace_if(out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(), ends_line, ' ');
  out += "\r\n";
}

}  // namespace

std::string_view reason_phrase(unsigned status) {
  const auto* const found = std::ranges::lower_bound(kPhrases, status, {}, &Phrase::status);
  return found != kPhrases.end() && found->status == status ? found->text : "Unknown";
}

std::string http_date(base::WallTime time) {
  static constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::weekday weekday{day};
  const std::chrono::hh_mm_ss clock{std::chrono::floor<std::chrono::seconds>(time - day)};
  std::array<char, 64> text{};
  const int size = std::snprintf(
      text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d GMT",
      kDays.at(weekday.c_encoding()), static_cast<unsigned>(date.day()),
      kMonths.at(static_cast<unsigned>(date.month()) - 1), static_cast<int>(date.year()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()));
  return {text.data(), static_cast<std::size_t>(size)};
}

std::string encode_head(const Response& response, const HeadOptions& options) {
  CHECK(response.status >= 100 && response.status <= 599, "a status has three digits");
  std::string head = "HTTP/1.1 ";
  head += std::to_string(response.status);
  head += ' ';
  head += reason_phrase(response.status);
  head += "\r\n";
  if (options.date) append_field(head, "Date", http_date(*options.date));
  if (!response.content_type.empty()) append_field(head, "Content-Type", response.content_type);
  if (!has_no_content(response.status)) {
    append_field(head, "Content-Length", std::to_string(response.body.size()));
  }
  for (const Header& header : response.headers) append_field(head, header.name, header.value);
  // Said in both cases: clients of HTTP/1.0 close unless they are told.
  if (response.status >= 200) {
    append_field(head, "Connection",
                 options.keep_alive == KeepAlive::kYes ? "keep-alive" : "close");
  }
  head += "\r\n";
  return head;
}

bool sends_body(const Response& response, Method method) {
  return method != Method::kHead && !has_no_content(response.status);
}

base::Frame encode(const Response& response, const HeadOptions& options) {
  const std::string head = encode_head(response, options);
  return base::Frame::copy_of(
      head, sends_body(response, options.method) ? response.body.view() : std::string_view{});
}

Response json_response(unsigned status, std::string_view json) {
  return {.status = status,
          .content_type = "application/json",
          .headers = {{"Cache-Control", "no-store"}, {"X-Content-Type-Options", "nosniff"}},
          .body = base::Frame::copy_of(json)};
}

Response json_error(unsigned status, std::string_view reason) {
  std::string json = "{\"error\":";
  base::append_json_string(json, reason);
  json += "}\n";
  return json_response(status, json);
}

}  // namespace palaver::codec::http
