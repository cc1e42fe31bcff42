// SPDX-License-Identifier: Apache-2.0
// The one door to the JSON library (Boost.JSON, compiled in src/boost). Reading only, bounded in
// size by the caller and in depth here; writing short texts is base/json_text.h's.
#pragma once

#include <boost/json/value.hpp>
#include <cstddef>
#include <string_view>

#include "base/result.h"

namespace palaver::codec::wire {

using JsonValue = boost::json::value;
using JsonObject = boost::json::object;

inline constexpr std::size_t kJsonDepthMax = 32;

// One whole JSON text (RFC 8259) of valid UTF-8; of equal keys the last one counts.
// kInvalidArgument: the text says what is wrong and at which byte.
[[nodiscard]] base::Result<JsonValue> parse_json(std::string_view text);

}  // namespace palaver::codec::wire
