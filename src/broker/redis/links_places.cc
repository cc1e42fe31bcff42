// SPDX-License-Identifier: Apache-2.0
// Where the partitions are, and how they move.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include "broker/redis/links.h"

namespace palaver::broker::redis {

namespace {

using codec::resp::Reply;

// A cluster is asked so often for its nodes, sooner when it refuses something: a primary that was
// replaced may go on answering.
constexpr base::Duration kClusterInterval = std::chrono::seconds{1};
// A primary that is away for so long may have been replaced by one of an older configuration, in a
// cluster that was made anew.
constexpr base::Duration kAwayMax = std::chrono::seconds{5};

// Redis will know better soon.
bool is_passing(const Reply& error) {
  for (const std::string_view code : {"LOADING", "MASTERDOWN", "CLUSTERDOWN", "NOAUTH", "BUSY"}) {
    if (error.is_error(code)) return true;
  }
  return false;
}

// Of what INFO says; empty if it does not, or if there is no bound at which anything is evicted.
std::string eviction_policy(std::string_view info) {
  const auto field = [info](std::string_view name) {
    const std::size_t begin = info.find(name);
    if (begin == std::string_view::npos) return std::string_view();
    const std::string_view rest = info.substr(begin + name.size());
    return rest.substr(0, rest.find_first_of("\r\n"));
  };
  const std::string_view bound = field("\nmaxmemory:");
  if (bound.empty() || bound == "0") return {};
  return std::string(field("\nmaxmemory_policy:"));
}

}  // namespace

bool Links::on_found(const Endpoint& asked, const Reply& answer) {
  const bool known =
      options_.sentinels.empty() ? on_cluster_nodes(asked, answer) : on_sentinel(answer);
  if (known && std::exchange(told_away_, false)) {
    log_.info("Redis is back", {{"host", asked.host}, {"port", asked.port}});
  }
  return known;
}

void Links::on_not_found(const Endpoint& asked, const std::string& reason) {
  if (std::exchange(told_away_, true)) return;
  log_.warning("Redis is away", {{"host", asked.host}, {"port", asked.port}, {"reason", reason}});
}

bool Links::on_sentinel(const Reply& answer) {
  if (answer.elements.size() != 2) return false;
  Endpoint primary;
  const std::string& port = answer.elements[1].text;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), primary.port);
  if (error != std::errc() || primary.port == 0) return false;
  primary.host = answer.elements[0].text;
  const DataNode* const owner = partitions_.front().owner;
  if (owner != nullptr && owner->endpoint == primary) return true;
  log_.info("the primary", {{"host", primary.host}, {"port", primary.port}});
  move_all(primary);
  return true;
}

// The server of the URL is asked once, and a cluster again and again.
bool Links::on_cluster_nodes(const Endpoint& asked, const Reply& answer) {
  if (answer.is_error()) {
    if (cluster_ || is_passing(answer)) return false;
    finder_.close();
    move_all(asked);
    return true;
  }
  const auto view = parse_cluster_nodes(answer.text, asked);
  if (!view) return false;
  if (!std::exchange(cluster_, true)) {
    log_.info("a cluster", {{"nodes", view->nodes.size()}});
  }
  apply(*view);
  return true;
}

void Links::move_all(const Endpoint& endpoint) {
  for (unsigned i = 0; i < kAllPartitions; ++i) move(i, endpoint);
  retire_unused();
}

// Whoever has a connection is asked in turn; if there is none, the finder looks for one.
void Links::ask_cluster() {
  const bool any = std::ranges::any_of(nodes_, [](const auto& node) { return node->pipe.up(); });
  if (any && finder_.is_open()) finder_.close();
  if (!any && !finder_.is_open()) {
    std::vector<Endpoint> whom = cluster_nodes_;
    whom.push_back(options_.endpoint);
    finder_.open(std::move(whom));
  }
  if (!any || cluster_owed_ || loop_.now() < cluster_due_) return;
  do {
    cluster_asked_ = (cluster_asked_ + 1) % nodes_.size();
  } while (!nodes_[cluster_asked_]->pipe.up());
  DataNode& node = *nodes_[cluster_asked_];
  cluster_owed_ = true;
  Call call{.bytes = {},
            .done =
                [this, asked = node.endpoint](const base::Result<Reply>& answer) {
                  cluster_owed_ = false;
                  if (!answer) return;
                  if (const auto view = parse_cluster_nodes(answer->text, asked)) apply(*view);
                },
            .deadline = loop_.now() + kClusterInterval,
            .repeat = Call::Repeat::kNowhereElse};
  codec::resp::append_command(call.bytes, finder_.question().command);
  cluster_due_ = loop_.now() + kClusterInterval;
  node.pipe.enqueue(std::move(call));
}

// A view may be an old one, of a node that is cut off from the others: the newer configuration
// holds while its primary answers.
void Links::apply(const ClusterView& view) {
  cluster_nodes_ = view.nodes;
  for (const ClusterView::Primary& primary : view.primaries) {
    for (unsigned i = 0; i < kAllPartitions; ++i) {
      if (!primary.partitions.test(i)) continue;
      Partition& place = partitions_[i];
      const DataNode* const owner = place.owner;
      const bool serves =
          owner != nullptr && (owner->pipe.up() || loop_.now() - owner->down_since < kAwayMax);
      if (serves && primary.epoch < place.epoch) continue;
      place.epoch = primary.epoch;
      move(i, primary.endpoint);
    }
  }
  retire_unused();
}

void Links::move(unsigned number, const Endpoint& endpoint) {
  Partition& place = partitions_[number];
  DataNode* const old = place.owner;
  if (old != nullptr && old->endpoint == endpoint) return;
  DataNode& node = node_at(endpoint);
  place.owner = &node;
  node.partitions.set(number);
  for (const std::string& channel : std::exchange(place.channels, {})) {
    node.feed.subscribe(number, channel);
  }
  release(place);
  if (old != nullptr) {
    old->partitions.reset(number);
    place.blocked = true;
    take_back(*old, number);
    for (const Feed::Taken& taken : old->feed.take(number)) {
      node.feed.subscribe(number, taken.channel);
      if (taken.subscribed) on_unsubscribed(taken.channel);
    }
  }
  note_ready();
  if (node.pipe.up()) tell_up(PartitionSet().set(number));
}

DataNode& Links::node_at(const Endpoint& endpoint) {
  for (const auto& node : nodes_) {
    if (node->endpoint == endpoint) return *node;
  }
  const Feed::Kind kind = cluster_ ? Feed::Kind::kSharded : Feed::Kind::kPlain;
  DataNode::Observer& observer = *this;
  return *nodes_.emplace_back(
      std::make_unique<DataNode>(loop_, options_, endpoint, kind, observer, log_));
}

// Nodes that have nothing of ours any more. What they have not answered is asked elsewhere.
void Links::retire_unused() {
  std::vector<std::unique_ptr<DataNode>> unused;
  for (auto& node : nodes_) {
    const bool used = node->partitions.any() || loop_.now() < node->spared_until;
    if (!used) unused.push_back(std::move(node));
  }
  std::erase(nodes_, nullptr);
  for (const auto& node : unused) {
    node->feed.close();
    for (Call& call : node->pipe.close()) take_back(std::move(call));
  }
  if (unused.empty()) return;
  for (Partition& partition : partitions_) release(partition);
  // This may be a call of one of them.
  loop_.post([unused = std::move(unused)] {});
}

void Links::on_feed_moved(DataNode& node, const Reply& error) {
  cluster_due_ = {};
  const auto moved = parse_redirection(error.text, node.endpoint);
  for (unsigned i = 0; moved && i < kAllPartitions; ++i) {
    if (slot_of(i) == moved->slot && partitions_[i].owner == &node) move(i, moved->to);
  }
}

void Links::on_pipe_up(DataNode& node) {
  note_ready();
  look_at_memory(node);
  tell_up(node.partitions);
}

void Links::look_at_memory(DataNode& node) {
  Call call{.bytes = {},
            .done =
                [this, of = node.endpoint](const base::Result<Reply>& info) {
                  const std::string policy = info ? eviction_policy(info->text) : "";
                  if (policy.empty() || policy == "noeviction") return;
                  log_.warning("Redis may evict messages: set maxmemory-policy to noeviction",
                               {{"host", of.host}, {"port", of.port}, {"policy", policy}});
                },
            .deadline = loop_.now() + options_.timeout,
            .repeat = Call::Repeat::kNowhereElse,
            .optional = true};
  const std::string_view words[] = {"INFO", "memory"};
  codec::resp::append_command(call.bytes, words);
  node.pipe.enqueue(std::move(call));
}

void Links::tell_up(const PartitionSet& partitions) {
  for (LinksListener* listener : listeners_) listener->on_up(partitions);
}

// What it has not answered of partitions that are elsewhere by now is asked there.
void Links::on_pipe_down(DataNode& node) {
  node.down_since = loop_.now();
  cluster_due_ = {};
  finder_.ask_now();  // sentinels may know of another primary already
  for (unsigned i = 0; i < kAllPartitions; ++i) {
    if (partitions_[i].owner != &node && partitions_[i].in_flight > 0) take_back(node, i);
  }
  note_ready();
}

void Links::take_back(Call call) {
  if (call.partition == Call::kNoPartition) return;
  --partitions_[call.partition].in_flight;
  park(std::move(call));
}

void Links::take_back(DataNode& node, unsigned number) {
  for (Call& call : node.pipe.take(number)) take_back(std::move(call));
  release(partitions_[number]);
}

void Links::note_ready() {
  const bool ready = std::ranges::all_of(partitions_, [](const Partition& partition) {
    const DataNode* const owner = partition.owner;
    return owner != nullptr && owner->pipe.up() && owner->feed.up();
  });
  if (std::exchange(ready_, ready) == ready) return;
  for (LinksListener* listener : listeners_) listener->on_ready(ready);
}

}  // namespace palaver::broker::redis
