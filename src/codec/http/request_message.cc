// SPDX-License-Identifier: Apache-2.0
#include "codec/http/request_message.h"

#include <algorithm>
#include <array>
#include <boost/beast/http/error.hpp>
#include <limits>
#include <string>

#include "base/ascii.h"
#include "base/check.h"
#include "codec/http/authority.h"
#include "codec/http/target.h"

namespace palaver::codec::http {

namespace {

namespace beast_http = boost::beast::http;

// Of these a second one means two readers could take two meanings; joining would hide it.
constexpr std::array<std::string_view, 9> kSingleFields = {
    "authorization", "content-length",    "content-type",          "expect",           "host",
    "origin",        "sec-websocket-key", "sec-websocket-version", "transfer-encoding"};

Method method_of(beast_http::verb verb) {
  switch (verb) {
    case beast_http::verb::get:
      return Method::kGet;
    case beast_http::verb::head:
      return Method::kHead;
    case beast_http::verb::post:
      return Method::kPost;
    case beast_http::verb::options:
      return Method::kOptions;
    default:
      return Method::kOther;
  }
}

// Whether a request line that Beast refused for its version is right but for the number.
bool has_other_version(std::string_view head) {
  const std::string_view line = head.substr(0, head.find("\r\n"));
  if (line.size() < 9 || std::ranges::count(line, ' ') != 2) return false;
  const std::string_view end = line.substr(line.size() - 9);
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return end.starts_with(" HTTP/") && digit(end[6]) && end[7] == '.' && digit(end[8]);
}

ParseError error_of(const boost::beast::error_code& ec, std::string_view bytes) {
  using beast_http::error;
  if (ec == error::body_limit) return {413, "the body is too large"};
  if (ec == error::bad_version && has_other_version(bytes)) {
    return {505, "only HTTP/1.0 and HTTP/1.1 are spoken here"};
  }
  if (ec == error::bad_method || ec == error::bad_target || ec == error::bad_version) {
    return {400, "bad request line"};
  }
  if (ec == error::bad_field || ec == error::bad_value) return {400, "bad header field"};
  if (ec == error::bad_content_length || ec == error::multiple_content_length ||
      ec == error::bad_transfer_encoding) {
    return {400, "bad or conflicting length of the body"};
  }
  if (ec == error::bad_chunk || ec == error::bad_chunk_extension) return {400, "bad chunk"};
  return {400, "bad request"};
}

}  // namespace

RequestParser::Message::Message(const RequestLimits& limits)
    : fields_max_(limits.header_fields_max) {
  header_limit(std::numeric_limits<std::uint32_t>::max());  // RequestParser counts
  body_limit(std::uint64_t{limits.body_bytes_max});
}

RequestParser::Message::Step RequestParser::Message::take(std::string_view bytes) {
  ErrorCode ec;
  const std::size_t taken = put({bytes.data(), bytes.size()}, ec);
  if (ec == beast_http::error::need_more && taken == 0) return Step::kMore;
  if (!ec && taken == bytes.size()) return Step::kTaken;
  if (!error_) error_ = error_of(ec, bytes);
  return Step::kError;
}

std::size_t RequestParser::Message::data_left(std::size_t available) const {
  const std::uint64_t left = chunked() ? chunk_left_ : content_length_remaining().value_or(0);
  return static_cast<std::size_t>(std::min<std::uint64_t>(left, available));
}

void RequestParser::Message::refuse(ParseError error, ErrorCode& ec) {
  error_ = error;
  ec = beast_http::error::bad_value;  // stops Beast; what is reported is error_
}

void RequestParser::Message::on_request_impl(beast_http::verb verb, View method, View target,
                                             int version, ErrorCode&) {
  request_.method = method_of(verb);
  request_.method_name = method;
  request_.target = target;
  request_.version_minor = version % 10;
}

void RequestParser::Message::on_field_impl(beast_http::field, View name, View value,
                                           ErrorCode& ec) {
  if (++fields_ > fields_max_) return refuse({431, "too many header fields"}, ec);
  if (head_done_) return;  // a trailer
  std::string lowered = to_lower(name);
  const auto known = std::ranges::find(request_.headers, lowered, &Header::name);
  if (known == request_.headers.end()) {
    request_.headers.push_back({std::move(lowered), std::string{value}});
    return;
  }
  if (std::ranges::binary_search(kSingleFields, lowered)) {
    return refuse({400, "a header field that may not be repeated is repeated"}, ec);
  }
  known->value += lowered == "cookie" ? "; " : ", ";
  known->value += value;
}

void RequestParser::Message::on_header_impl(ErrorCode& ec) {
  head_done_ = true;
  if (const auto error = check_host()) return refuse(*error, ec);
  if (const auto error = check_framing()) return refuse(*error, ec);
  if (const auto error = check_expect()) return refuse(*error, ec);
  request_.keep_alive = keep_alive();
}

// RFC 9112 section 3.2.
std::optional<ParseError> RequestParser::Message::check_host() {
  const auto host = std::ranges::find(request_.headers, "host", &Header::name);
  const bool named = host != request_.headers.end();
  if (!named && request_.version_minor >= 1) return ParseError{400, "no Host header"};
  if (named && !parse_authority(host->value)) return ParseError{400, "bad Host header"};

  const auto absolute = split_absolute_form(request_.target);
  if (!absolute) return std::nullopt;
  if (!parse_authority(absolute->authority)) return ParseError{400, "bad authority in the target"};
  if (named) {
    host->value = absolute->authority;
  } else {
    request_.headers.push_back({"host", std::string{absolute->authority}});
  }
  return std::nullopt;
}

// RFC 9112 section 6: every reader on the way must find the same end of the body, or the request is
// refused. Beast already refuses a length beside "chunked"; it tolerates lists in both fields.
std::optional<ParseError> RequestParser::Message::check_framing() const {
  const auto length = request_.header("content-length");
  if (length && !std::ranges::all_of(*length, [](char c) { return c >= '0' && c <= '9'; })) {
    return ParseError{400, "bad Content-Length"};
  }
  const auto encoding = request_.header("transfer-encoding");
  if (!encoding) return std::nullopt;
  if (length) return ParseError{400, "Content-Length beside Transfer-Encoding"};
  if (request_.version_minor == 0) return ParseError{400, "Transfer-Encoding in HTTP/1.0"};
  if (base::equals_ignoring_case(*encoding, "chunked")) {
    CHECK(chunked(), "Beast and we disagree about the end of a body");
    return std::nullopt;
  }
  std::string_view codings = *encoding;
  std::string_view last;
  while (const auto coding = next_list_element(codings)) last = *coding;
  if (!base::equals_ignoring_case(last, "chunked")) return ParseError{400, "bad Transfer-Encoding"};
  return ParseError{501, "transfer codings other than chunked are not implemented"};
}

// RFC 9110 section 10.1.1; a client of HTTP/1.0 cannot mean it.
std::optional<ParseError> RequestParser::Message::check_expect() {
  const auto expect = request_.header("expect");
  if (!expect || request_.version_minor == 0) return std::nullopt;
  if (!base::equals_ignoring_case(*expect, "100-continue")) {
    return ParseError{417, "the only expectation met here is 100-continue"};
  }
  expects_continue_ = true;
  return std::nullopt;
}

std::size_t RequestParser::Message::on_body_impl(View body, ErrorCode&) {
  request_.body += body;
  return body.size();
}

void RequestParser::Message::on_chunk_header_impl(std::uint64_t size, View, ErrorCode&) {
  chunk_left_ = size;
}

std::size_t RequestParser::Message::on_chunk_body_impl(std::uint64_t, View body, ErrorCode&) {
  chunk_left_ -= body.size();
  request_.body += body;
  return body.size();
}

}  // namespace palaver::codec::http
