// SPDX-License-Identifier: Apache-2.0
#include "broker/redis/cluster_view.h"

#include <algorithm>
#include <array>
#include <boost/crc.hpp>
#include <charconv>

namespace palaver::broker::redis {

namespace {

constexpr unsigned kSlots = 16'384;

template <typename Number>
bool parse(std::string_view text, Number& number) {
  const char* const end = text.data() + text.size();
  const auto [next, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && next == end;
}

// Up to the separator, which goes too.
std::string_view take_word(std::string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

// "host:port", "host:port@bus", "host:port@bus,name"; an empty host is the one of `asked`.
std::optional<Endpoint> parse_endpoint(std::string_view text, const Endpoint& asked) {
  text = text.substr(0, text.find(','));
  text = text.substr(0, text.find('@'));
  const std::size_t colon = text.rfind(':');
  Endpoint endpoint;
  if (colon == std::string_view::npos || !parse(text.substr(colon + 1), endpoint.port) ||
      endpoint.port == 0) {
    return std::nullopt;
  }
  endpoint.host = colon == 0 ? asked.host : std::string(text.substr(0, colon));
  return endpoint;
}

bool has_flag(std::string_view flags, std::string_view flag) {
  while (!flags.empty()) {
    if (take_word(flags, ',') == flag) return true;
  }
  return false;
}

// "7" or "0-5460"; what is being moved is in brackets, and still with its owner.
void add_slots(std::string_view range, PartitionSet& partitions) {
  const std::string_view first_text = take_word(range, '-');
  unsigned first = 0;
  unsigned last = 0;
  if (!parse(first_text, first)) return;
  if (range.empty()) {
    last = first;
  } else if (!parse(range, last)) {
    return;
  }
  for (unsigned partition = 0; partition < kAllPartitions; ++partition) {
    const unsigned slot = slot_of(partition);
    if (first <= slot && slot <= last) partitions.set(partition);
  }
}

}  // namespace

unsigned slot_of(unsigned partition) {
  static const auto kOf = [] {
    std::array<unsigned, kAllPartitions> slots{};
    for (unsigned i = 0; i < kAllPartitions; ++i) {
      const std::string prefix = prefix_of(i);
      const std::size_t begin = prefix.find('{') + 1;
      boost::crc_xmodem_t crc;
      crc.process_bytes(prefix.data() + begin, prefix.find('}') - begin);
      slots[i] = crc.checksum() % kSlots;
    }
    return slots;
  }();
  return kOf.at(partition);
}

std::optional<ClusterView> parse_cluster_nodes(std::string_view text, const Endpoint& asked) {
  ClusterView view;
  while (!text.empty()) {
    std::string_view line = take_word(text, '\n');
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    (void)take_word(line, ' ');  // its name
    const auto endpoint = parse_endpoint(take_word(line, ' '), asked);
    const std::string_view flags = take_word(line, ' ');
    for (int i = 0; i < 3; ++i) (void)take_word(line, ' ');  // its primary, ping, pong
    ClusterView::Primary primary;
    if (!parse(take_word(line, ' '), primary.epoch)) return std::nullopt;
    (void)take_word(line, ' ');  // its link
    if (!endpoint || has_flag(flags, "noaddr") || has_flag(flags, "handshake")) continue;
    view.nodes.push_back(*endpoint);
    if (!has_flag(flags, "master") || has_flag(flags, "fail")) continue;
    while (!line.empty()) add_slots(take_word(line, ' '), primary.partitions);
    primary.endpoint = *endpoint;
    if (primary.partitions.any()) view.primaries.push_back(std::move(primary));
  }
  if (view.nodes.empty()) return std::nullopt;
  return view;
}

std::optional<Redirection> parse_redirection(std::string_view error, const Endpoint& from) {
  (void)take_word(error, ' ');
  Redirection redirection;
  if (!parse(take_word(error, ' '), redirection.slot)) return std::nullopt;
  auto to = parse_endpoint(error, from);
  if (!to) return std::nullopt;
  redirection.to = std::move(*to);
  return redirection;
}

}  // namespace palaver::broker::redis
