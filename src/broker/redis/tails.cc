// SPDX-License-Identifier: Apache-2.0
#include "broker/redis/tails.h"

#include <algorithm>

namespace palaver::broker::redis {

using model::Publication;

namespace {

// With what holds it; a sender's texts are counted by what they usually are.
constexpr std::size_t kEntryCost = 512;
constexpr std::size_t kPlacesLeft = 1'024;

std::size_t cost_of(const Publication& entry) { return entry.data.size() + kEntryCost; }

}  // namespace

void Tails::push(const std::string& channel, const Publication& entry, base::Instant until,
                 std::size_t entries_max) {
  const std::size_t most = std::min(entries_max, base::kTailEntriesMax);
  if (most == 0) return;
  const auto [found, made] = tails_.try_emplace(channel);
  Tail& tail = found->second;
  if (made) tail.channel = std::make_shared<const std::string>(channel);
  auto& entries = tail.entries;
  const bool follows = entries.empty() || entries.back().publication.offset == entry.prev;
  while (!entries.empty() && (!follows || entries.size() >= most)) pop_front(tail);
  entries.push_back({.publication = entry, .until = until, .number = ++number_});
  order_.push_back({.channel = tail.channel, .number = number_, .until = until});
  bytes_ += cost_of(entry);
  ++count_;
  while (bytes_ > bytes_max_) pop_oldest();
  if (order_.size() > 2 * count_ + kPlacesLeft) {
    std::erase_if(order_, [this](const Place& place) { return !is_there(place); });
  }
}

bool Tails::is_there(const Place& place) const {
  const auto found = tails_.find(*place.channel);
  return found != tails_.end() && found->second.entries.front().number <= place.number;
}

void Tails::pop_front(Tail& tail) {
  --count_;
  bytes_ -= cost_of(tail.entries.front().publication);
  tail.entries.pop_front();
}

void Tails::pop_oldest() {
  const Place place = std::move(order_.front());
  order_.pop_front();
  if (!is_there(place)) return;
  const auto found = tails_.find(*place.channel);
  pop_front(found->second);
  if (found->second.entries.empty()) tails_.erase(found);
}

void Tails::drop(const std::string& channel) {
  const auto found = tails_.find(channel);
  if (found == tails_.end()) return;
  while (!found->second.entries.empty()) pop_front(found->second);
  tails_.erase(found);
}

void Tails::expire(base::Instant now) {
  while (!order_.empty() && order_.front().until <= now) pop_oldest();
}

std::optional<std::vector<Publication>> Tails::after(const std::string& channel,
                                                     const HistoryQuery& query,
                                                     base::Instant now) const {
  const auto found = tails_.find(channel);
  if (found == tails_.end() || !query.since) return std::nullopt;
  const auto& entries = found->second.entries;
  auto next = std::ranges::lower_bound(entries, *query.since, {},
                                       [](const Entry& entry) { return entry.publication.prev; });
  if (next == entries.end() || next->publication.prev != *query.since || next->until <= now) {
    return std::nullopt;
  }
  std::vector<Publication> answer;
  std::size_t bytes = 0;
  for (; next != entries.end() && answer.size() < query.limit; ++next) {
    bytes += next->publication.data.size();
    if (query.bytes_max > 0 && bytes > query.bytes_max && !answer.empty()) break;
    answer.push_back(next->publication);
  }
  return answer;
}

}  // namespace palaver::broker::redis
