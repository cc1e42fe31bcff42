// SPDX-License-Identifier: Apache-2.0
#include "server/liveness.h"

#include <algorithm>

#include "base/check.h"
#include "base/limits.h"

namespace palaver::server {

namespace {

constexpr int kStepsPerInterval = 50;
constexpr base::Duration kStepMin = std::chrono::milliseconds{10};

}  // namespace

Liveness::Liveness(const Options& options, std::uint64_t seed)
    : step_(std::clamp<base::Duration>(options.ping_interval / kStepsPerInterval, kStepMin,
                                       base::kSweepStep)),
      timeouts_{options.request_timeout, options.idle_timeout, options.close_timeout},
      buckets_(static_cast<std::size_t>(
          std::max<base::Duration::rep>(options.ping_interval / step_, 1))),
      random_(static_cast<std::minstd_rand::result_type>(seed)) {}

Liveness::PingPlace Liveness::add(rooms::MemberId member) {
  std::uniform_int_distribution<std::size_t> any(0, buckets_.size() - 1);
  const std::size_t bucket = any(random_);
  buckets_[bucket].push_back(member);
  return {static_cast<std::uint32_t>(bucket),
          static_cast<std::uint32_t>(buckets_[bucket].size() - 1)};
}

Liveness::Moved Liveness::remove(PingPlace place) {
  auto& bucket = buckets_[place.bucket];
  CHECK(place.index < bucket.size(), "a place is given back once");
  bucket[place.index] = bucket.back();
  bucket.pop_back();
  if (place.index == bucket.size()) return {};
  return {bucket[place.index], place, true};
}

void Liveness::set_deadline(base::Instant now, Deadline deadline) {
  const auto index = static_cast<std::size_t>(deadline.kind);
  deadlines_.at(index).push_back({now + timeouts_.at(index), deadline});
}

void Liveness::sweep(base::Instant now, std::vector<rooms::MemberId>& pings,
                     std::vector<Deadline>& deadlines) {
  current_ = (current_ + 1) % buckets_.size();
  pings.insert(pings.end(), buckets_[current_].begin(), buckets_[current_].end());
  for (auto& queue : deadlines_) {
    while (!queue.empty() && queue.front().at <= now) {
      deadlines.push_back(queue.front().deadline);
      queue.pop_front();
    }
  }
}

}  // namespace palaver::server
