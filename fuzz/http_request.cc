// SPDX-License-Identifier: Apache-2.0
// Fuzzes the HTTP request parser: the first byte seeds the sizes of the pieces into which the rest
// is cut, and cutting must change nothing. Then the readers of single fields get what the requests
// hold, and the whole input as it is.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ascii.h"
#include "base/check.h"
#include "base/json_text.h"
#include "base/utf8.h"
#include "codec/http/authority.h"
#include "codec/http/forwarded.h"
#include "codec/http/origin.h"
#include "codec/http/request.h"
#include "codec/http/response.h"
#include "codec/http/target.h"

namespace {

using namespace palaver::codec::http;  // NOLINT(google-build-using-namespace): this file's subject

constexpr RequestLimits kLimits{
    .header_bytes_max = 512, .body_bytes_max = 128, .header_fields_max = 16};

// Sizes of pieces from a byte of the input: small ones, so that every boundary is met.
class Cutter {
 public:
  explicit Cutter(std::uint8_t seed) : state_(seed) {}
  std::size_t next() {
    state_ = state_ * 1'103'515'245U + 12'345U;
    return 1 + (state_ >> 16) % 7;
  }

 private:
  std::uint32_t state_;
};

std::string describe(const ParseOutcome& outcome) {
  if (std::holds_alternative<ContinueExpected>(outcome)) return "continue";
  if (const auto* error = std::get_if<ParseError>(&outcome)) {
    return std::to_string(error->status) + std::string{error->reason};
  }
  const auto& request = std::get<Request>(outcome);
  std::string text = request.method_name + ' ' + request.target + ' ' +
                     std::to_string(request.version_minor) + (request.keep_alive ? 'k' : 'c');
  for (const Header& header : request.headers) text += '\n' + header.name + ':' + header.value;
  return text + '\n' + request.body;
}

struct Transcript {
  std::vector<ParseOutcome> outcomes;
  std::size_t used = 0;
  bool idle = false;
};

// Reads `bytes` in pieces of the sizes that `size_of_next` gives, up to the first error.
template <typename SizeOfNext>
Transcript read(std::string_view bytes, SizeOfNext size_of_next) {
  RequestParser parser{kLimits};
  Transcript transcript;
  std::string_view rest = bytes;
  while (!rest.empty()) {
    std::string_view piece = rest.substr(0, size_of_next());
    rest.remove_prefix(piece.size());
    while (auto outcome = parser.next(piece)) {
      transcript.outcomes.push_back(std::move(*outcome));
      if (std::holds_alternative<ParseError>(transcript.outcomes.back())) {
        transcript.used = bytes.size() - rest.size() - piece.size();
        return transcript;
      }
    }
    CHECK(piece.empty(), "without an outcome all input is used");
  }
  transcript.used = bytes.size();
  transcript.idle = parser.idle();
  return transcript;
}

void check_request(const Request& request) {
  CHECK(request.body.size() <= kLimits.body_bytes_max, "the body's bound");
  CHECK(request.headers.size() <= kLimits.header_fields_max + 1, "the fields' bound");
  CHECK(request.version_minor == 0 || request.version_minor == 1, "the version");
  const auto host = request.header("HOST");
  CHECK(host || request.version_minor == 0, "HTTP/1.1 has a host");
  CHECK(!host || parse_authority(*host), "a host is valid");
  for (const Header& header : request.headers) {
    CHECK(palaver::base::is_token(header.name) && to_lower(header.name) == header.name,
          "names are lower case");
    CHECK(header.value.find_first_of(std::string_view{"\r\n\0", 3}) == std::string::npos,
          "a value is one line");
  }
}

void check_target(std::string_view raw) {
  const auto target = parse_target(raw);
  if (!target) return;
  for (const std::string& segment : target->segments) {
    CHECK(palaver::base::is_valid_utf8(segment) && !segment.contains('\0'), "segments are text");
  }
  for (const QueryParameter& parameter : target->query) {
    CHECK(palaver::base::is_valid_utf8(parameter.name), "names are text");
    CHECK(palaver::base::is_valid_utf8(parameter.value), "values are text");
  }
}

void check_fields(std::string_view text) {
  static const OriginPolicy policy =
      OriginPolicy::create(std::vector<std::string>{"https://*.example.org", "http://a:81", "null"})
          .value_or(OriginPolicy{});
  check_target(text);
  (void)policy.judge(text, "a");
  (void)policy.judge("http://a", text);
  (void)OriginPolicy::create(std::vector<std::string>{std::string{text}});
  for (const unsigned hops : {0U, 1U, 2U}) {
    const auto client = client_address(text, hops, text);
    if (!client) continue;
    CHECK(parse_client_address(client->address) == client, "an address is its own canonical form");
  }
  if (const auto authority = parse_authority(text)) {
    CHECK(parse_authority(authority->host)->host == authority->host, "and so is a host");
  }
  const Response error = json_error(400, text);
  CHECK(palaver::base::is_valid_utf8(error.body.view()), "JSON is UTF-8");
  Response response = error;
  response.headers.push_back({"X-Text", std::string{text}});
  const std::string head =
      encode_head(response, {.method = Method::kGet, .keep_alive = KeepAlive::kNo, .date = {}});
  CHECK(head.find("\r\n\r\n") == head.size() - 4, "a head ends once");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};
  Cutter cutter{data[0]};
  const Transcript whole = read(bytes, [&bytes] { return bytes.size(); });
  const Transcript cut = read(bytes, [&cutter] { return cutter.next(); });
  CHECK(whole.outcomes.size() == cut.outcomes.size(), "as many outcomes however it is cut");
  for (std::size_t i = 0; i < whole.outcomes.size(); ++i) {
    CHECK(describe(whole.outcomes[i]) == describe(cut.outcomes[i]), "the same outcomes");
  }
  CHECK(whole.idle == cut.idle && whole.used == cut.used, "the same end");

  for (const ParseOutcome& outcome : whole.outcomes) {
    const auto* request = std::get_if<Request>(&outcome);
    if (request == nullptr) continue;
    check_request(*request);
    check_fields(request->target);
    for (const Header& header : request->headers) check_fields(header.value);
  }
  check_fields(bytes);
  return 0;
}
