// SPDX-License-Identifier: Apache-2.0
#include "model/recovery.h"

namespace palaver::model {

bool recovered_from(const Position& since, const Position& top, const Publication* next) {
  const bool from_the_beginning = since.offset == Offset{0} && since.epoch.value.empty();
  if (since.epoch != top.epoch && !from_the_beginning) return false;
  if (next != nullptr) return next->prev == since.offset;
  return top.offset == since.offset;
}

}  // namespace palaver::model
