// SPDX-License-Identifier: Apache-2.0
// Completion: how the calls of this folder's interfaces answer: once, later, on the calling shard.
#pragma once

#include <functional>

#include "base/result.h"

namespace palaver::broker {

template <typename T>
using Completion = std::move_only_function<void(base::Result<T>)>;

}  // namespace palaver::broker
