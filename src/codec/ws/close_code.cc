// SPDX-License-Identifier: Apache-2.0
#include "codec/ws/close_code.h"

namespace palaver::codec::ws {

bool is_wire_close_code(std::uint16_t code) {
  if (code >= 3000) return code <= 4999;
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
}

}  // namespace palaver::codec::ws
