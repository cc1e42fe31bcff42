// SPDX-License-Identifier: Apache-2.0
// Answer: who gets the result of a call that is under way: a number on a shard. It may be copied
// and kept; each has to be answered once, or its completion waits until its shard stops.
#pragma once

#include "base/result.h"
#include "broker/seat.h"
#include "broker/slots.h"

namespace palaver::broker::redis {

template <typename T>
struct Answer {
  broker::Address to;
  CallId call = 0;
};

}  // namespace palaver::broker::redis
