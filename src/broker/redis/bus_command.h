// SPDX-License-Identifier: Apache-2.0
// How a NodeCommand looks between nodes: the name of its kind and its fields, each with its length
// before it. Pure functions. A node that does not know a kind, or finds too few fields, ignores the
// command: nodes of two versions may meet.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "broker/node_bus.h"

namespace palaver::broker::redis {

[[nodiscard]] std::string pack_command(const NodeCommand& command);
[[nodiscard]] std::optional<NodeCommand> unpack_command(std::string_view packed);

}  // namespace palaver::broker::redis
