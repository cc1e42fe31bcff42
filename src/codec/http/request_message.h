// SPDX-License-Identifier: Apache-2.0
// RequestParser::Message: one request on its way through Boost.Beast's parser, and the rules that
// we add to Beast's. Private to request.cc, which feeds it whole lines only: Beast's own waiting
// for more bytes is never used, its grammar is. Lives from the end of the head to the end of the
// body.
#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <cstdint>
#include <optional>
#include <string_view>

#include "codec/http/request.h"

namespace palaver::codec::http {

class RequestParser::Message final : public boost::beast::http::basic_parser<true> {
 public:
  explicit Message(const RequestLimits& limits);

  // What came of handing over bytes. kMore is the answer to the last chunk's size line alone: Beast
  // takes it together with the trailer.
  enum class Step { kTaken, kMore, kError };
  // All of `bytes` or nothing is taken. They are a head, a piece of the body, a chunk's size line
  // with the CRLF of the chunk before it, or that of the last chunk with its trailer.
  [[nodiscard]] Step take(std::string_view bytes);

  [[nodiscard]] ParseError error() const { return error_.value_or(ParseError{400, "bad request"}); }
  [[nodiscard]] bool expects_continue() const { return expects_continue_ && !is_done(); }
  // How many of `available` bytes belong to the body that Content-Length announced, or to the
  // chunk.
  [[nodiscard]] std::size_t data_left(std::size_t available) const;
  [[nodiscard]] Request& request() { return request_; }

 private:
  using ErrorCode = boost::beast::error_code;
  using View = boost::beast::string_view;

  void on_request_impl(boost::beast::http::verb verb, View method, View target, int version,
                       ErrorCode& ec) override;
  void on_response_impl(int, View, int, ErrorCode&) override {}
  void on_field_impl(boost::beast::http::field, View name, View value, ErrorCode& ec) override;
  void on_header_impl(ErrorCode& ec) override;
  void on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorCode&) override {}
  std::size_t on_body_impl(View body, ErrorCode&) override;
  void on_chunk_header_impl(std::uint64_t size, View extensions, ErrorCode&) override;
  std::size_t on_chunk_body_impl(std::uint64_t remain, View body, ErrorCode&) override;
  void on_finish_impl(ErrorCode&) override {}

  [[nodiscard]] std::optional<ParseError> check_host();
  [[nodiscard]] std::optional<ParseError> check_framing() const;
  [[nodiscard]] std::optional<ParseError> check_expect();
  void refuse(ParseError error, ErrorCode& ec);

  Request request_;
  std::size_t fields_max_;
  std::size_t fields_ = 0;
  bool head_done_ = false;
  bool expects_continue_ = false;
  std::uint64_t chunk_left_ = 0;
  std::optional<ParseError> error_;
};

}  // namespace palaver::codec::http
