// SPDX-License-Identifier: Apache-2.0
// HTTP/1.0 and 1.1 requests without I/O: bytes in, requests out (RFC 9112). A RequestParser belongs
// to one connection, reads one request after the other, and never takes a byte that stands behind a
// request: a pipelined one, or the first frames after an upgrade. The grammar is Boost.Beast's;
// what smugglers use (ambiguous lengths, bare line ends, folded lines, repeated fields) is a 400
// here. Answering, routing and timeouts are the caller's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "codec/http/headers.h"
#include "codec/http/line_scanner.h"

namespace palaver::codec::http {

enum class Method : std::uint8_t { kGet, kHead, kPost, kOptions, kOther };

struct Request {
  Method method = Method::kOther;
  std::string method_name{};  // as sent: methods are case-sensitive
  std::string target{};       // raw; see parse_target()
  int version_minor = 1;      // HTTP/1.0 or 1.1
  // Names in lower case, each once: repeated fields are joined with ", " (cookies with "; "), those
  // that may not be repeated are a 400. In an HTTP/1.1 request "host" is valid, and it is the
  // target's authority if the target is in absolute-form (RFC 9112 section 3.2.2). Trailers are
  // dropped.
  std::vector<Header> headers{};
  bool keep_alive = false;  // whether the client is ready for another request after this one
  std::string body{};

  // `name` in any case. The view lives as long as the request is not changed.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
  // Whether the list in this header has `token`, in any case.
  [[nodiscard]] bool header_has_token(std::string_view name, std::string_view token) const;
};

// The client waits for `100 Continue` before it sends the body (RFC 9110 section 10.1.1). Send
// kContinue and go on, or answer with a final status and close. The request itself follows later.
struct ContinueExpected {};

// The connection cannot go on: answer with `status` and close.
struct ParseError {
  unsigned status;          // 400, 413, 414, 417, 431, 501 or 505
  std::string_view reason;  // for people; lives forever
  friend bool operator==(const ParseError&, const ParseError&) = default;
};

using ParseOutcome = std::variant<Request, ContinueExpected, ParseError>;

struct RequestLimits {
  // Request line and headers with their line ends; chunked trailers too. Beyond: 431, or 414 when
  // the request line alone is longer.
  std::size_t header_bytes_max;
  // After the chunks are joined. Beyond: 413, as soon as the announced length says so.
  std::size_t body_bytes_max;
  // Fields before equal names are joined. Beyond: 431. More than browsers and proxies send
  // together.
  std::size_t header_fields_max = 128;
  // Requests whose target begins so may have bodies of so many bytes instead. Empty: none.
  std::string_view large_target = {};
  std::size_t large_body_bytes_max = 0;
};

// A chunk's size and extensions. Beyond: 400. Extensions in use are signatures of about 90 bytes.
inline constexpr std::size_t kChunkLineBytesMax = 256;

class RequestParser {
 public:
  explicit RequestParser(RequestLimits limits);
  RequestParser(RequestParser&&) noexcept;
  RequestParser& operator=(RequestParser&&) noexcept;
  ~RequestParser();

  // Consumes from the front of `input` at most to the end of one request; call it again with what
  // is left. nullopt: all of `input` is used, more is needed. The sequence of outcomes does not
  // depend on how the bytes are cut. After a ParseError every call returns the same error and
  // consumes nothing.
  [[nodiscard]] std::optional<ParseOutcome> next(std::string_view& input);

  // Between requests, with nothing of the next one read: no memory is held.
  [[nodiscard]] bool idle() const { return phase_ == Phase::kHead && !head_begun_; }

 private:
  enum class Phase : std::uint8_t {
    kHead,
    kBody,
    kChunkLine,
    kChunkData,
    kChunkEnd,
    kTrailer,
    kFailed
  };
  class Message;

  // What the phase asks for. nullopt and the same phase: more input is needed.
  std::optional<ParseOutcome> read_part(std::string_view& input);
  std::optional<ParseOutcome> read_head(std::string_view& input);
  std::optional<ParseOutcome> head_failed(LineScanner::Verdict verdict);
  std::optional<ParseOutcome> head_complete(std::string_view head);
  std::optional<ParseOutcome> read_data(std::string_view& input);
  std::optional<ParseOutcome> read_chunk_line(std::string_view& input);
  std::optional<ParseOutcome> read_chunk_end(std::string_view& input);
  std::optional<ParseOutcome> read_trailer(std::string_view& input);
  // Scans one line (or a part of it) and keeps it in held_.
  LineScanner::Verdict hold_line(std::string_view& input, std::size_t bytes_max);
  ParseOutcome finish();
  ParseOutcome fail(ParseError error);

  RequestLimits limits_;
  Phase phase_ = Phase::kHead;
  bool head_begun_ = false;
  bool blank_line_skipped_ = false;
  LineScanner scanner_;
  std::string held_;  // the beginning of a head, a chunk line or a trailer that has not ended yet
  std::unique_ptr<Message> message_;  // while a body is being read
  ParseError error_{};                // in kFailed
};

// The answer to ContinueExpected.
inline constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace palaver::codec::http
