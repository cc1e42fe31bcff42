// SPDX-License-Identifier: Apache-2.0
#include "server/metrics.h"

#include <array>
#include <cstdio>
#include <string_view>

namespace palaver::server {

namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(Refusal::kCount)> kRefusalNames{
    "bad_request",        "origin", "rights",   "connections",
    "connections_per_ip", "rooms",  "draining", "unavailable"};
constexpr std::array<std::string_view, static_cast<std::size_t>(Disconnect::kCount)>
    kDisconnectNames{"peer", "protocol",    "slow",  "rate",  "dead",
                     "lost", "unavailable", "drain", "rights"};
constexpr std::array<std::string_view, static_cast<std::size_t>(rooms::Drop::kCount)> kDropNames{
    "slow", "gone", "behind"};

std::string number_text(double number) {
  std::array<char, 32> text{};
  const int size = std::snprintf(text.data(), text.size(), "%.9g", number);
  return {text.data(), static_cast<std::size_t>(size)};
}

double seconds(base::Duration duration) { return std::chrono::duration<double>(duration).count(); }

// Writes families one after the other; each has its HELP and TYPE once.
class Writer {
 public:
  explicit Writer(std::span<const ShardMetrics> shards) : shards_(shards) {}

  void family(std::string_view name, std::string_view type, std::string_view help) {
    out_ += "# HELP ";
    out_ += name;
    out_ += ' ';
    out_ += help;
    out_ += "\n# TYPE ";
    out_ += name;
    out_ += ' ';
    out_ += type;
    out_ += '\n';
  }
  template <typename Read>
  void sum(std::string_view name, std::string_view type, std::string_view help, Read read) {
    family(name, type, help);
    sample(name, {}, total(read));
  }
  template <std::size_t N, typename Read>
  void by_reason(std::string_view name, std::string_view help,
                 const std::array<std::string_view, N>& reasons, Read read) {
    family(name, "counter", help);
    for (std::size_t i = 0; i < N; ++i) {
      const std::string label = "{reason=\"" + std::string(reasons.at(i)) + "\"}";
      sample(name, label, total([&](const ShardMetrics& shard) { return read(shard).at(i); }));
    }
  }
  template <typename Read>
  void histogram(std::string_view name, std::string_view help, Read read) {
    Histogram all;
    for (const ShardMetrics& shard : shards_) all += read(shard);
    all.render(out_, name, help);
  }
  std::string take() { return std::move(out_); }

 private:
  template <typename Read>
  [[nodiscard]] std::uint64_t total(Read read) const {
    std::uint64_t all = 0;
    for (const ShardMetrics& shard : shards_) all += read(shard);
    return all;
  }
  void sample(std::string_view name, std::string_view labels, std::uint64_t value) {
    out_ += name;
    out_ += labels;
    out_ += ' ';
    out_ += std::to_string(value);
    out_ += '\n';
  }

  std::span<const ShardMetrics> shards_;
  std::string out_;
};

}  // namespace

void Histogram::add(base::Duration duration) {
  std::size_t bucket = 0;
  for (base::Duration bound = kFirstBound; bucket < kBounds && duration > bound; bound *= 2) {
    ++bucket;
  }
  ++counts_.at(bucket);
  sum_ += duration;
}

Histogram& Histogram::operator+=(const Histogram& other) {
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_.at(i) += other.counts_.at(i);
  sum_ += other.sum_;
  return *this;
}

void Histogram::render(std::string& out, std::string_view name, std::string_view help) const {
  const std::string text(name);
  out += "# HELP " + text + ' ' + std::string(help) + "\n# TYPE " + text + " histogram\n";
  std::uint64_t count = 0;
  base::Duration bound = kFirstBound;
  for (std::size_t i = 0; i < kBounds; ++i, bound *= 2) {
    count += counts_.at(i);
    out += text + "_bucket{le=\"" + number_text(seconds(bound)) + "\"} " + std::to_string(count) +
           '\n';
  }
  count += counts_.at(kBounds);
  out += text + "_bucket{le=\"+Inf\"} " + std::to_string(count) + '\n';
  out += text + "_sum " + number_text(seconds(sum_)) + '\n';
  out += text + "_count " + std::to_string(count) + '\n';
}

std::string render_metrics(std::span<const ShardMetrics> shards) {
  using M = const ShardMetrics&;
  Writer w(shards);
  w.sum("palaver_connections", "gauge", "Open sockets.", [](M m) { return m.connections; });
  w.sum("palaver_members", "gauge", "Open WebSocket connections.", [](M m) { return m.members; });
  w.sum("palaver_rooms", "gauge", "Rooms with members.", [](M m) { return m.rooms; });
  w.sum("palaver_accepted_total", "counter", "Sockets accepted.", [](M m) { return m.accepted; });
  w.sum("palaver_accept_pauses_total", "counter", "Times without a free descriptor.",
        [](M m) { return m.accept_pauses; });
  w.sum("palaver_http_requests_total", "counter", "HTTP requests.", [](M m) { return m.requests; });
  w.sum("palaver_api_requests_total", "counter", "Requests of the HTTP API with its key.",
        [](M m) { return m.api_requests; });
  w.sum("palaver_handshakes_total", "counter", "WebSocket handshakes completed.",
        [](M m) { return m.handshakes; });
  w.sum("palaver_replayed_total", "counter", "History entries given to joining members.",
        [](M m) { return m.replayed; });
  w.sum("palaver_messages_received_total", "counter", "Messages from members.",
        [](M m) { return m.messages_received; });
  w.sum("palaver_bytes_received_total", "counter", "Bytes read from sockets.",
        [](M m) { return m.bytes_received; });
  w.sum("palaver_publications_total", "counter", "Publications delivered to rooms.",
        [](M m) { return m.home.publications; });
  w.sum("palaver_deliveries_total", "counter", "Publications owed to members.",
        [](M m) { return m.fanout.deliveries; });
  w.sum("palaver_bytes_sent_total", "counter", "Bytes taken by sockets.",
        [](M m) { return m.fanout.bytes_sent; });
  w.sum("palaver_runs_joined_total", "counter", "Runs of two frames or more sent as one.",
        [](M m) { return m.fanout.runs_joined; });
  w.sum("palaver_fast_path_sends_total", "counter", "Sends straight from a run.",
        [](M m) { return m.fanout.fast_path_sends; });
  w.sum("palaver_slow_path_sends_total", "counter", "Sends from an outbox.",
        [](M m) { return m.fanout.slow_path_sends; });
  w.by_reason("palaver_frames_dropped_total", "Frames that were owed and are never sent.",
              kDropNames, [](M m) -> const auto& { return m.fanout.frames_dropped; });
  w.sum("palaver_pings_sent_total", "counter", "Pings.", [](M m) { return m.pings_sent; });
  w.sum("palaver_holes_filled_total", "counter", "Holes read from the broker.",
        [](M m) { return m.home.holes_filled; });
  w.sum("palaver_tails_filled_total", "counter", "Silent tails read from the broker.",
        [](M m) { return m.home.tails_filled; });
  w.sum("palaver_rooms_lost_total", "counter", "Rooms whose members were told of a loss.",
        [](M m) { return m.home.rooms_lost; });
  w.sum("palaver_rooms_interrupted_total", "counter",
        "Rooms that keep nothing, where something may have been missed.",
        [](M m) { return m.home.rooms_interrupted; });
  w.by_reason("palaver_refusals_total", "Requests and handshakes refused.", kRefusalNames,
              [](M m) -> const auto& { return m.refusals; });
  w.by_reason("palaver_disconnects_total", "WebSocket connections ended.", kDisconnectNames,
              [](M m) -> const auto& { return m.disconnects; });
  w.histogram("palaver_turn_seconds", "Work of one turn of the loop.",
              [](M m) -> const auto& { return m.turn; });
  w.histogram("palaver_fanout_seconds", "Fan-out at the end of a turn.",
              [](M m) -> const auto& { return m.fanout_time; });
  return w.take();
}

}  // namespace palaver::server
