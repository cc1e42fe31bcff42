// SPDX-License-Identifier: Apache-2.0
// CloseCode: why a WebSocket connection ends (RFC 6455 section 7.4 and the IANA registry). The enum
// names the registered codes; a value from 3000 to 4999 belongs to libraries and applications and
// is a legal CloseCode without a name.
#pragma once

#include <cstdint>

namespace palaver::codec::ws {

enum class CloseCode : std::uint16_t {
  kNormal = 1000,
  kGoingAway = 1001,
  kProtocolError = 1002,
  kUnsupportedData = 1003,
  kNoStatus = 1005,  // never on the wire: the peer's Close had no code
  kAbnormal = 1006,  // never on the wire: the connection ended without a Close
  kInvalidPayload = 1007,
  kPolicyViolation = 1008,
  kMessageTooBig = 1009,
  kMandatoryExtension = 1010,
  kInternalError = 1011,
  kServiceRestart = 1012,
  kTryAgainLater = 1013,
  kBadGateway = 1014,
  kTlsHandshake = 1015,  // never on the wire: TLS failed
};

// Whether a Close frame may carry this code, in either direction: 1004 has no meaning, 1005, 1006
// and 1015 are for reports only, and of the others 1016 to 2999 are not assigned.
[[nodiscard]] bool is_wire_close_code(std::uint16_t code);

}  // namespace palaver::codec::ws
