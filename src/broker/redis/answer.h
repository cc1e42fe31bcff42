// SPDX-License-Identifier: Apache-2.0
// Answer: who gets the result of a call that is under way: a number on a shard. It may be copied,
// kept and lost; the shard finds out by its deadline or never, so each is given to the pipe, which
// answers all.
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
