// SPDX-License-Identifier: Apache-2.0
// tidy: allow(clock): the deadline of what happens in other processes, in their time
#include "tests/support/until.h"

#include <poll.h>

#include <stdexcept>

namespace palaver::tests::support {
namespace {

constexpr int kPauseMs = 10;  // between two questions: other processes need the processor too

}  // namespace

void until(const std::function<bool()>& condition, const std::function<std::string()>& what,
           std::chrono::milliseconds patience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) {
      throw std::runtime_error("waited " + std::to_string(patience.count()) + " ms for " + what());
    }
    ::poll(nullptr, 0, kPauseMs);
  }
}

}  // namespace palaver::tests::support
