// SPDX-License-Identifier: Apache-2.0
// The rooms of a node under any operations. The first byte chooses: three sizes of a Fanout beside
// its model (tests/unit/rooms/fanout_model.h), or a world of the simulation with hubs, homes and a
// broker on a bad day (tests/sim/world.h), whose schedule is the second byte. The rest decides.
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <string>

#include "base/check.h"
#include "tests/sim/world.h"
#include "tests/support/choices.h"
#include "tests/unit/rooms/fanout_model.h"

namespace {

using palaver::tests::rooms::FanoutRig;
using palaver::tests::sim::World;
using palaver::tests::support::ByteChoices;

constexpr FanoutRig::Options kOptions[] = {
    {},
    {.outbox_bytes_max = 200, .unit_bytes_max = 8, .rooms = 9, .connections_max = 12},
    {.outbox_bytes_max = 200'000, .unit_bytes_max = 70'000, .rooms = 2, .connections_max = 3},
};
constexpr unsigned kStepsMax = 2'000;

std::string run_fanout(ByteChoices& choices, const FanoutRig::Options& options) {
  FanoutRig rig(choices, options);
  while (!choices.exhausted() && rig.failure().empty()) rig.step();
  if (rig.failure().empty()) rig.finish();
  return rig.failure();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t what = data[0] % (std::size(kOptions) + 1);
  ByteChoices choices(std::span(data + 2, size - 2));
  const std::string failure = what < std::size(kOptions) ? run_fanout(choices, kOptions[what])
                                                         : World(choices, data[1], kStepsMax).run();
  CHECK(failure.empty(), failure.c_str());
  return 0;
}
