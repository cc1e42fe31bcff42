// SPDX-License-Identifier: Apache-2.0
// Preloaded into a server that a test started: the time of day stands where the file PALAVER_CLOCK
// says (microseconds since 1970, eight bytes), until the test writes another. Time that is measured
// (CLOCK_MONOTONIC) goes on.
// tidy: allow(clock): this is one
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <ctime>

namespace {

constexpr std::int64_t kPerSecond = 1'000'000;

std::int64_t now() {
  static const std::atomic<std::int64_t>* const kClock = [] {
    const int file = ::open(std::getenv("PALAVER_CLOCK"), O_RDONLY | O_CLOEXEC);
    void* const page = ::mmap(nullptr, sizeof(std::int64_t), PROT_READ, MAP_SHARED, file, 0);
    if (page == MAP_FAILED) std::abort();
    ::close(file);
    return static_cast<const std::atomic<std::int64_t>*>(page);
  }();
  return kClock->load();
}

}  // namespace

// NOLINTBEGIN(readability-identifier-naming): the system's names
extern "C" {

int gettimeofday(struct timeval* tv, void* /*zone*/) noexcept {
  const std::int64_t time = now();
  tv->tv_sec = time / kPerSecond;
  tv->tv_usec = time % kPerSecond;
  return 0;
}

time_t time(time_t* to) noexcept {
  const time_t seconds = now() / kPerSecond;
  if (to != nullptr) *to = seconds;
  return seconds;
}

int clock_gettime(clockid_t clock, struct timespec* to) noexcept {
  if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE) {
    return static_cast<int>(::syscall(SYS_clock_gettime, clock, to));
  }
  const std::int64_t time = now();
  to->tv_sec = time / kPerSecond;
  to->tv_nsec = time % kPerSecond * 1'000;
  return 0;
}

}  // extern "C"
// NOLINTEND(readability-identifier-naming)
