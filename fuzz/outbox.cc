// SPDX-License-Identifier: Apache-2.0
// The outbox under any operations, against a list of bytes. The input: the operations, as the model
// decodes them (tests/unit/rooms/outbox_model.h).
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/check.h"
#include "tests/support/choices.h"
#include "tests/unit/rooms/outbox_model.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  palaver::tests::support::ByteChoices choices(std::span(data, size));
  palaver::tests::rooms::OutboxRig rig(choices);
  while (!choices.exhausted() && rig.failure().empty()) rig.step();
  if (rig.failure().empty()) rig.finish();
  CHECK(rig.failure().empty(), rig.failure().c_str());
  return 0;
}
