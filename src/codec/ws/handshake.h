// SPDX-License-Identifier: Apache-2.0
// The server's half of the opening handshake (RFC 6455 section 4.2): checks a request that an HTTP
// parser has taken apart, and writes the answer. Whether this origin, path or user is welcome is
// for the caller to decide.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "codec/ws/frame.h"

namespace palaver::codec::ws {

// Values of the headers, without white space around them; "" for a header that is missing. A header
// that came several times is its values joined with commas.
struct UpgradeRequest {
  std::string_view method;
  int http_version_minor = 1;  // HTTP/1.0 or 1.1
  std::string_view host;
  std::string_view upgrade;
  std::string_view connection;
  std::string_view key;           // Sec-WebSocket-Key
  std::string_view version;       // Sec-WebSocket-Version
  std::string_view extensions;    // Sec-WebSocket-Extensions
  std::string_view subprotocols;  // Sec-WebSocket-Protocol
};

struct Upgrade {
  std::string accept;      // Sec-WebSocket-Accept
  std::string extensions;  // Sec-WebSocket-Extensions; "" for none; the caller may clear it
  // For ParserOptions, and for which class of frames the connection gets.
  [[nodiscard]] Compression compression() const {
    return extensions.empty() ? Compression::kNone : Compression::kDeflate;
  }
};

// All texts are static.
struct UpgradeError {
  std::uint16_t status;      // HTTP's: 400, 405 or 426
  std::string_view reason;   // one line for people
  std::string_view headers;  // that the answer must carry: "Name: value\r\n" for each, or ""
};

[[nodiscard]] std::expected<Upgrade, UpgradeError> check_upgrade(const UpgradeRequest& request);

// The first of the client's `offered` (Sec-WebSocket-Protocol) that is among `supported`: a view
// into `supported`; "" if there is none. Names are compared with their case.
[[nodiscard]] std::string_view select_subprotocol(std::string_view offered,
                                                  std::span<const std::string_view> supported);

// The 101 response, up to and with the empty line. `subprotocol`: a token that the client offered,
// or
// "".
[[nodiscard]] std::string encode_upgrade_response(const Upgrade& upgrade,
                                                  std::string_view subprotocol);

// Sec-WebSocket-Accept for a Sec-WebSocket-Key (RFC 6455 section 4.2.2, step 5.4).
[[nodiscard]] std::string accept_key(std::string_view key);

}  // namespace palaver::codec::ws
