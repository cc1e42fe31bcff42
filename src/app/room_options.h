// SPDX-License-Identifier: Apache-2.0
// The options of rooms in the configuration file: those of `channel.without_namespace` and of each
// entry of `channel.namespaces`, by Centrifugo 6's keys.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "codec/wire/json.h"
#include "rooms/namespaces.h"

namespace palaver::app {

// kNotFound: there is no such key. kInvalidArgument: what was expected.
[[nodiscard]] base::Result<void> set_room_option(rooms::RoomOptions& options, std::string_view key,
                                                 const codec::wire::JsonValue& value);

using NamedOptions = std::vector<std::pair<std::string, rooms::RoomOptions>>;

// The array of namespaces. Errors name the entry and the key.
[[nodiscard]] base::Result<NamedOptions> read_namespaces(const codec::wire::JsonValue& value);

}  // namespace palaver::app
