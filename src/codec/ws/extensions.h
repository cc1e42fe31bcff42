// SPDX-License-Identifier: Apache-2.0
// The negotiation of permessage-deflate (RFC 7692 section 7.1), the one extension there is. The
// answer is always without context takeover in both directions: a frame is deflated once for
// everybody, and a connection owns no compression state.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace palaver::codec::ws {

// `offers`: the value of Sec-WebSocket-Extensions, "" if there was none. The value to answer with:
// the first offer that can be accepted, or "" to answer without the header. Nothing: the header
// breaks its grammar, for which RFC 6455 section 9.1 demands that the handshake fails.
//
// An offer is declined if it names a parameter twice, an unknown one, or an invalid value, or wants
// a smaller window than kServerWindowBits of the server. A larger one must be answered with ours.
[[nodiscard]] std::optional<std::string> negotiate_extensions(std::string_view offers);

}  // namespace palaver::codec::ws
