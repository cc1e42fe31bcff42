// SPDX-License-Identifier: Apache-2.0
#include "app/random.h"

#include <sys/random.h>

#include <cstdlib>

namespace palaver::app {

std::uint64_t random_number() {
  std::uint64_t number = 0;
  if (::getrandom(&number, sizeof number, 0) != sizeof number) std::abort();
  return number;
}

}  // namespace palaver::app
