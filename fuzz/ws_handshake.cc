// SPDX-License-Identifier: Apache-2.0
// The opening handshake on any header values: the response never has a line that the server did not
// mean, and errors are complete. The input: lines, in the order of UpgradeRequest's members; what
// is missing is that of a good request.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "codec/ws/extensions.h"
#include "codec/ws/handshake.h"
#include "codec/ws/header_lexer.h"

namespace {

namespace ws = palaver::codec::ws;

// An empty line leaves what is there.
void take_line(std::string_view& rest, std::string_view& value) {
  const std::size_t end = rest.find('\n');
  const std::string_view line = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  if (!line.empty()) value = line;
}

void check_accepted(const ws::UpgradeRequest& request, const ws::Upgrade& upgrade) {
  constexpr std::array<std::string_view, 2> kSupported = {"centrifuge-json", "a"};
  const std::string_view subprotocol = ws::select_subprotocol(request.subprotocols, kSupported);
  const std::string response = ws::encode_upgrade_response(upgrade, subprotocol);
  CHECK(response.starts_with("HTTP/1.1 101 ") && response.ends_with("\r\n\r\n"), "it is whole");
  std::size_t lines = 0;
  for (std::size_t at = 0; (at = response.find('\n', at)) != std::string::npos; ++at) ++lines;
  const std::size_t expected =
      5U + (upgrade.extensions.empty() ? 0U : 1U) + (subprotocol.empty() ? 0U : 1U);
  CHECK(lines == expected, "no line is added");
  CHECK(ws::negotiate_extensions(upgrade.extensions).has_value(), "the answer is well formed");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  ws::UpgradeRequest request{.method = "GET",
                             .http_version_minor = 1,
                             .host = "example.com",
                             .upgrade = "websocket",
                             .connection = "Upgrade",
                             .key = "dGhlIHNhbXBsZSBub25jZQ==",
                             .version = "13",
                             .extensions = "",
                             .subprotocols = ""};
  for (std::string_view* value :
       {&request.method, &request.host, &request.upgrade, &request.connection, &request.key,
        &request.version, &request.extensions, &request.subprotocols}) {
    take_line(rest, *value);
  }
  const auto upgrade = ws::check_upgrade(request);
  if (upgrade) {
    check_accepted(request, *upgrade);
  } else {
    const int status = upgrade.error().status;
    CHECK(status == 400 || status == 405 || status == 426, "the status is one of ours");
    CHECK(!upgrade.error().reason.empty(), "an error says what is wrong");
  }
  return 0;
}
