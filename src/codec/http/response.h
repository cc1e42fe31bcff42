// SPDX-License-Identifier: Apache-2.0
// Responses as values, and their bytes. A Response is made by a route, encoded by the connection
// that sends it, and says nothing about the connection itself: what depends on that (HEAD,
// keep-alive, the date) comes with HeadOptions. Nothing that is put into a field can end the field:
// no header can be injected.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/frame.h"
#include "codec/http/headers.h"
#include "codec/http/request.h"

namespace palaver::codec::http {

struct Response {
  unsigned status = 200;       // 100 to 599
  std::string content_type{};  // empty: no Content-Type
  // Not Connection, Content-Length, Content-Type and Date: the encoder writes those. (A 101 brings
  // its own Connection.)
  std::vector<Header> headers{};
  base::Frame body{};  // shared with whoever else holds it: a file is never copied
};

enum class KeepAlive : std::uint8_t { kNo, kYes };

struct HeadOptions {
  Method method;  // of the request
  KeepAlive keep_alive;
  // RFC 9110 section 6.6.1 wants a Date from all who have a clock. This code has none: pass
  // Clock::wall_now(), or nothing where the answer must not depend on time.
  std::optional<base::WallTime> date;
};

// Status line and headers with the empty line. Content-Length tells the body's size, to HEAD too;
// 1xx, 204 and 304 have none. CR, LF and NUL in a value become spaces (RFC 9110 section 5.5); a
// name that is not a token is our own bug.
[[nodiscard]] std::string encode_head(const Response& response, const HeadOptions& options);

// Whether the body follows the head: not for HEAD, and not for 1xx, 204 and 304.
[[nodiscard]] bool sends_body(const Response& response, Method method);

// Head and body in one piece, the body copied: for answers that are small and made once.
[[nodiscard]] base::Frame encode(const Response& response, const HeadOptions& options);

// {"error":"<reason>"} and a line feed. Never cached.
[[nodiscard]] Response json_error(unsigned status, std::string_view reason);
// `json` is a JSON text; it is sent as it is. Never cached.
[[nodiscard]] Response json_response(unsigned status, std::string_view json);

// RFC 9110 section 15; "Unknown" for a status that we never send.
[[nodiscard]] std::string_view reason_phrase(unsigned status);

// IMF-fixdate (RFC 9110 section 5.6.7), as in "Sun, 06 Nov 1994 08:49:37 GMT". Years 1970 to 9999.
[[nodiscard]] std::string http_date(base::WallTime time);

}  // namespace palaver::codec::http
