// SPDX-License-Identifier: Apache-2.0
// home_shard: which shard of a node looks after a room. Everybody on the node must agree, so the
// answer depends on the name and the number of shards alone; it is the same in every build and on
// every machine. It says nothing about other nodes and never changes while the process lives.
#pragma once

#include "base/strong.h"
#include "model/publication.h"

namespace palaver::model {

// `shards`: 1 or more. Spreads similar names ("room-1", "room-2") evenly.
[[nodiscard]] base::ShardId home_shard(const RoomName& room, unsigned shards);

}  // namespace palaver::model
