// SPDX-License-Identifier: Apache-2.0
#include "codec/http/request.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "base/check.h"
#include "codec/http/request_message.h"

namespace palaver::codec::http {

using Verdict = LineScanner::Verdict;

namespace {

// Whether a line, behind the CRLF of the chunk before it, has the size 0.
bool is_last_chunk(std::string_view line) {
  if (line.starts_with("\r\n")) line.remove_prefix(2);
  const std::size_t end = line.find_first_not_of('0');
  return end > 0 && end != std::string_view::npos && std::string_view{"; \t\r"}.contains(line[end]);
}

}  // namespace

std::optional<std::string_view> Request::header(std::string_view name) const {
  for (const Header& header : headers) {
    if (base::equals_ignoring_case(header.name, name)) return header.value;
  }
  return std::nullopt;
}

bool Request::header_has_token(std::string_view name, std::string_view token) const {
  const auto list = header(name);
  return list && list_has_token(*list, token);
}

RequestParser::RequestParser(RequestLimits limits) : limits_(limits) {}
RequestParser::RequestParser(RequestParser&&) noexcept = default;
RequestParser& RequestParser::operator=(RequestParser&&) noexcept = default;
RequestParser::~RequestParser() = default;

std::optional<ParseOutcome> RequestParser::next(std::string_view& input) {
  while (true) {
    const Phase before = phase_;
    auto outcome = read_part(input);
    if (outcome || phase_ == before) return outcome;
  }
}

std::optional<ParseOutcome> RequestParser::read_part(std::string_view& input) {
  switch (phase_) {
    case Phase::kHead:
      return read_head(input);
    case Phase::kBody:
    case Phase::kChunkData:
      return read_data(input);
    case Phase::kChunkLine:
      return read_chunk_line(input);
    case Phase::kChunkEnd:
      return read_chunk_end(input);
    case Phase::kTrailer:
      return read_trailer(input);
    case Phase::kFailed:
      break;
  }
  return error_;
}

std::optional<ParseOutcome> RequestParser::read_head(std::string_view& input) {
  std::string_view head = input;
  while (true) {
    if (!input.empty()) head_begun_ = true;
    const Verdict verdict = scanner_.take_line(input, limits_.header_bytes_max);
    if (verdict == Verdict::kLine) continue;
    if (verdict == Verdict::kMore) {
      held_ += head;
      return std::nullopt;
    }
    if (verdict != Verdict::kEmptyLine) return head_failed(verdict);
    if (scanner_.lines() > 0) break;
    // RFC 9112 section 2.2: old clients send an empty line after a body.
    if (std::exchange(blank_line_skipped_, true)) return head_failed(Verdict::kBad);
    scanner_.reset();
    held_ = {};
    head = input;
    head_begun_ = false;
  }
  head.remove_suffix(input.size());
  if (held_.empty()) return head_complete(head);  // the usual case: nothing is copied
  held_ += head;
  return head_complete(held_);
}

std::optional<ParseOutcome> RequestParser::head_failed(Verdict verdict) {
  if (verdict == Verdict::kBad) return fail({400, "bad characters in the request's head"});
  if (scanner_.lines() == 0) return fail({414, "the request line is too long"});
  return fail({431, "the header fields are too large"});
}

std::optional<ParseOutcome> RequestParser::head_complete(std::string_view head) {
  RequestLimits limits = limits_;
  const std::string_view target = head.substr(std::min(head.find(' '), head.size() - 1) + 1);
  if (!limits.large_target.empty() && target.starts_with(limits.large_target)) {
    limits.body_bytes_max = limits.large_body_bytes_max;
  }
  message_ = std::make_unique<Message>(limits);
  if (message_->take(head) != Message::Step::kTaken) return fail(message_->error());
  if (message_->is_done()) return finish();
  held_ = {};
  scanner_.reset();
  phase_ = message_->chunked() ? Phase::kChunkLine : Phase::kBody;
  if (message_->expects_continue()) return ContinueExpected{};
  return std::nullopt;
}

std::optional<ParseOutcome> RequestParser::read_data(std::string_view& input) {
  const std::string_view data = input.substr(0, message_->data_left(input.size()));
  if (data.empty()) return std::nullopt;
  input.remove_prefix(data.size());
  if (message_->take(data) != Message::Step::kTaken) return fail(message_->error());
  if (message_->is_done()) return finish();
  if (phase_ == Phase::kChunkData && message_->data_left(1) == 0) phase_ = Phase::kChunkEnd;
  return std::nullopt;
}

Verdict RequestParser::hold_line(std::string_view& input, std::size_t bytes_max) {
  const std::string_view before = input;
  const Verdict verdict = scanner_.take_line(input, bytes_max);
  held_ += before.substr(0, before.size() - input.size());
  return verdict;
}

std::optional<ParseOutcome> RequestParser::read_chunk_line(std::string_view& input) {
  const Verdict verdict = hold_line(input, kChunkLineBytesMax);
  if (verdict == Verdict::kMore) return std::nullopt;
  if (verdict != Verdict::kLine) return fail({400, "bad chunk"});
  switch (message_->take(held_)) {
    case Message::Step::kTaken:
      held_.clear();
      scanner_.reset();
      phase_ = Phase::kChunkData;
      return std::nullopt;
    case Message::Step::kMore:
      // Beast also asks for more when a quoted string of an extension does not end.
      if (!is_last_chunk(held_)) return fail({400, "bad chunk"});
      phase_ = Phase::kTrailer;
      return std::nullopt;
    case Message::Step::kError:
      break;
  }
  return fail(message_->error());
}

// The CRLF behind a chunk's data. Beast wants it in front of the next chunk's line.
std::optional<ParseOutcome> RequestParser::read_chunk_end(std::string_view& input) {
  const Verdict verdict = hold_line(input, 2);
  if (verdict == Verdict::kMore) return std::nullopt;
  if (verdict != Verdict::kEmptyLine) return fail({400, "bad chunk"});
  scanner_.reset();
  phase_ = Phase::kChunkLine;
  return std::nullopt;
}

std::optional<ParseOutcome> RequestParser::read_trailer(std::string_view& input) {
  Verdict verdict = Verdict::kLine;
  while (verdict == Verdict::kLine) verdict = hold_line(input, limits_.header_bytes_max);
  if (verdict == Verdict::kMore) return std::nullopt;
  if (verdict == Verdict::kLimit) return fail({431, "the trailer fields are too large"});
  if (verdict == Verdict::kBad) return fail({400, "bad characters in the trailer"});
  if (message_->take(held_) != Message::Step::kTaken) return fail(message_->error());
  CHECK(message_->is_done(), "a trailer ends a request");
  return finish();
}

ParseOutcome RequestParser::finish() {
  Request request = std::move(message_->request());
  *this = RequestParser{limits_};
  return request;
}

ParseOutcome RequestParser::fail(ParseError error) {
  *this = RequestParser{limits_};
  phase_ = Phase::kFailed;
  error_ = error;
  return error;
}

}  // namespace palaver::codec::http
