// SPDX-License-Identifier: Apache-2.0
#include "tests/support/redis_cluster.h"

#include <algorithm>
#include <charconv>
#include <sstream>
#include <stdexcept>

namespace palaver::tests::support {
namespace {

constexpr std::uint16_t kSlotsEach = RedisCluster::kSlots / RedisCluster::kPrimaries + 1;

// A line of CLUSTER NODES.
struct NodeLine {
  std::string id, address, flags, primary, ping, pong, link;
  std::uint64_t epoch = 0;
  std::vector<std::string> slots;  // "7", "0-5461"; "[...]" while one is being moved
};

std::vector<NodeLine> parse(const std::string& text) {
  std::vector<NodeLine> nodes;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    NodeLine& node = nodes.emplace_back();
    words >> node.id >> node.address >> node.flags >> node.primary >> node.ping >> node.pong >>
        node.epoch >> node.link;
    for (std::string slot; words >> slot;) node.slots.push_back(slot);
  }
  return nodes;
}

bool is_in(const std::string& range, std::uint16_t slot) {
  const char* const end = range.data() + range.size();
  unsigned first = 0;
  auto [next, error] = std::from_chars(range.data(), end, first);
  if (error != std::errc{}) return false;
  unsigned last = first;
  if (next != end && *next == '-') std::from_chars(next + 1, end, last);
  return first <= slot && slot <= last;
}

void expect_ok(const std::string& answer) {
  if (answer != "OK") throw std::runtime_error("a cluster node answers " + answer);
}

}  // namespace

RedisCluster::RedisCluster(const RedisServer::Options& options) {
  RedisServer::Options of_node = options;
  of_node.kind = RedisServer::Kind::kClusterNode;
  for (std::size_t i = 0; i < kNodes; ++i) {
    nodes_.push_back(std::make_unique<RedisServer>(of_node));
  }
  join();
  wait_until_ok();
}

void RedisCluster::join() {
  for (std::size_t i = 0; i < kNodes; ++i) {
    // Epochs that differ from the start: the nodes need not agree on who gets which.
    expect_ok(nodes_[i]->command({"CLUSTER", "SET-CONFIG-EPOCH", std::to_string(i + 1)}));
    if (i < kPrimaries) {
      const std::size_t first = i * kSlotsEach;
      const std::size_t last = std::min<std::size_t>(first + kSlotsEach, kSlots) - 1;
      expect_ok(nodes_[i]->command(
          {"CLUSTER", "ADDSLOTSRANGE", std::to_string(first), std::to_string(last)}));
    }
    const std::string port = std::to_string(nodes_[i]->port());
    if (i > 0) expect_ok(nodes_[0]->command({"CLUSTER", "MEET", "127.0.0.1", port}));
  }
  for (std::size_t i = kPrimaries; i < kNodes; ++i) {
    const std::string primary = nodes_[i - kPrimaries]->command({"CLUSTER", "MYID"});
    // "(error) ERR Unknown node" until it has heard of it.
    until([&] { return nodes_[i]->command({"CLUSTER", "REPLICATE", primary}) == "OK"; },
          [this] { return "the nodes to know each other:\n" + states(); });
  }
}

std::vector<std::uint16_t> RedisCluster::ports() const {
  std::vector<std::uint16_t> ports;
  for (const auto& node : nodes_) ports.push_back(node->port());
  return ports;
}

std::uint16_t RedisCluster::slot_of(std::string_view key) {
  for (const auto& node : nodes_) {
    if (!node->running()) continue;
    const auto answer = node->try_command({"CLUSTER", "KEYSLOT", std::string(key)});
    if (answer) return static_cast<std::uint16_t>(std::stoul(*answer));
  }
  throw std::runtime_error("no node of the cluster answers");
}

RedisServer* RedisCluster::node_at(std::string_view address) {
  for (const auto& node : nodes_) {  // ip:port@busport, with the port for those who ask without TLS
    const std::string own = "127.0.0.1:" + std::to_string(node->plain_port()) + '@';
    if (address.starts_with(own)) return node.get();
  }
  return nullptr;
}

RedisServer* RedisCluster::find_primary(std::uint16_t slot) {
  RedisServer* found = nullptr;
  std::uint64_t newest = 0;
  for (const auto& node : nodes_) {
    if (!node->running()) continue;
    for (const NodeLine& line : parse(node->try_command({"CLUSTER", "NODES"}).value_or(""))) {
      const bool owns = std::ranges::any_of(
          line.slots, [slot](const std::string& range) { return is_in(range, slot); });
      if (!owns || line.epoch <= newest) continue;
      newest = line.epoch;
      found = node_at(line.address);
    }
  }
  return found;
}

RedisServer& RedisCluster::primary_of(std::uint16_t slot) {
  RedisServer* const found = find_primary(slot);
  if (found == nullptr) throw std::runtime_error("nobody has the slot:\n" + states());
  return *found;
}

bool RedisCluster::is_ok() {
  const auto running =
      std::ranges::count_if(nodes_, [](const auto& node) { return node->running(); });
  return std::ranges::all_of(nodes_, [running](const auto& node) {
    if (!node->running()) return true;
    const std::string state = node->try_command({"CLUSTER", "INFO"}).value_or("");
    if (state.find("cluster_state:ok") == std::string::npos ||
        state.find("cluster_known_nodes:" + std::to_string(kNodes)) == std::string::npos) {
      return false;
    }
    // All agree on who is whose replica, and those are in step: a failover needs both.
    const auto lines = parse(node->try_command({"CLUSTER", "NODES"}).value_or(""));
    const auto replicas = std::ranges::count_if(
        lines, [](const NodeLine& line) { return line.flags.find("slave") != std::string::npos; });
    const std::string link = node->info("master_link_status");
    return replicas >= running - static_cast<std::ptrdiff_t>(kPrimaries) &&
           (link.empty() || link == "up");
  });
}

void RedisCluster::wait_until_ok() {
  until([this] { return is_ok(); }, [this] { return "the cluster to be well:\n" + states(); });
}

void RedisCluster::wait_for_failover(const RedisServer& old, std::uint16_t slot) {
  until(
      [this, &old, slot] {
        RedisServer* const found = find_primary(slot);
        return found != nullptr && found != &old && found->info("role") == "master";
      },
      [this] { return "another primary of a slot:\n" + states(); });
}

std::string RedisCluster::states() {
  std::string text;
  for (const auto& node : nodes_) {
    text += node->try_command({"CLUSTER", "NODES"}).value_or("no answer") + '\n' + node->log();
  }
  return text;
}

}  // namespace palaver::tests::support
