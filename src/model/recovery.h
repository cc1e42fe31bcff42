// SPDX-License-Identifier: Apache-2.0
// recovered_from: the rule by which a member that comes back is told "nothing is missing". It is
// the only place where that is decided; it takes what one atomic read of the broker gave and keeps
// nothing. In doubt the answer is no: a member may fetch too much, but never misses something
// unseen.
#pragma once

#include "model/position.h"
#include "model/publication.h"

namespace palaver::model {

// `since`: where the member stopped. `top` and `next`: from the same read of the room: its
// position, and the oldest kept entry above `since.offset`, or null when none is kept there.
//
// True iff the epochs are equal and (`next` follows `since` directly, by its `prev`, or there is no
// `next` and the room's last offset is `since.offset`). A member that has never seen an entry
// (offset 0) may leave the epoch empty: it recovers exactly if nothing was trimmed, since only the
// first entry of an epoch has prev 0.
[[nodiscard]] bool recovered_from(const Position& since, const Position& top,
                                  const Publication* next);

}  // namespace palaver::model
