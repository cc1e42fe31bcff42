// SPDX-License-Identifier: Apache-2.0
// What is asked, and what is heard. Where the partitions are: links_places.cc.
#include "broker/redis/links.h"

#include <array>
#include <charconv>
#include <chrono>
#include <utility>

namespace palaver::broker::redis {

namespace {

using codec::resp::Reply;

constexpr base::Duration kTick = std::chrono::milliseconds{250};
// After a refusal that time alone will mend.
constexpr base::Duration kRetry = std::chrono::milliseconds{50};

std::string hex_of(std::uint64_t number) {
  std::array<char, 16> text{};
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), number, 16);
  return {text.data(), end};
}

Finder::Question question_of(const RedisOptions& options) {
  if (options.sentinels.empty()) return {.command = {"CLUSTER", "NODES"}};
  return {.command = {"SENTINEL", "GET-MASTER-ADDR-BY-NAME", options.sentinel_primary},
          .greets = false};
}

Call script_call(ScriptId script, std::span<const std::string> keys,
                 std::span<const std::string> arguments, Call::Done done) {
  std::vector<std::string_view> words{"EVALSHA", scripts()[static_cast<std::size_t>(script)].sha};
  const std::string count = std::to_string(keys.size());
  words.emplace_back(count);
  words.insert(words.end(), keys.begin(), keys.end());
  words.insert(words.end(), arguments.begin(), arguments.end());
  Call call{.bytes = {}, .done = std::move(done)};
  codec::resp::append_command(call.bytes, words);
  return call;
}

}  // namespace

Links::Links(net::Loop& loop, RedisOptions options, std::uint64_t seed, const base::Logger& log)
    : loop_(loop),
      options_(std::move(options)),
      uid_(hex_of(seed)),
      log_(log),
      finder_(loop, options_, question_of(options_), *this) {}

Links::~Links() = default;

void Links::open() {
  if (closed_ || std::exchange(opened_, true)) return;
  finder_.open(options_.sentinels.empty() ? std::vector{options_.endpoint} : options_.sentinels);
  tick();
}

void Links::close() {
  closed_ = true;
  finder_.close();
  for (const auto& node : nodes_) {
    (void)node->pipe.close();
    node->feed.close();
  }
  for (Partition& partition : partitions_) partition.parked.clear();
}

std::string Links::fresh_id() { return uid_ + '-' + hex_of(++ids_); }

std::string Links::script_channel(const std::string& channel) const {
  return (cluster_ ? 's' : 'p') + channel;
}

void Links::send(unsigned partition, std::span<const std::string> command, Call::Done done,
                 Call::Repeat repeat) {
  Call call{.bytes = {}, .done = std::move(done), .repeat = repeat};
  codec::resp::append_command(call.bytes, command);
  submit(partition, std::move(call));
}

void Links::run(unsigned partition, ScriptId script, std::span<const std::string> keys,
                std::span<const std::string> arguments, Call::Done done) {
  submit(partition, script_call(script, keys, arguments, std::move(done)));
}

void Links::run_durably(unsigned partition, ScriptId script, std::span<const std::string> keys,
                        std::span<const std::string> arguments, Call::Done done) {
  Call call = script_call(script, keys, arguments, std::move(done));
  call.durable = true;
  submit(partition, std::move(call));
}

void Links::publish(unsigned partition, const std::string& channel, std::string message,
                    Call::Done done, Call::Repeat repeat) {
  const std::string words[] = {cluster_ ? "SPUBLISH" : "PUBLISH", channel, std::move(message)};
  send(partition, words, std::move(done), repeat);
}

void Links::submit(unsigned number, Call call) {
  if (waiting_calls_ >= kWaitingCallsMax || waiting_bytes_ + call.bytes.size() > kWaitingBytesMax) {
    loop_.post([done = std::move(call.done)]() mutable {
      done(base::fail(base::ErrorCode::kUnavailable, "too much waits for Redis"));
    });
    return;
  }
  ++waiting_calls_;
  waiting_bytes_ += call.bytes.size();
  call.deadline = loop_.now() + options_.timeout;
  call.partition = number;
  call.number = ++calls_;
  Partition& partition = partitions_[number];
  if (partition.owner == nullptr || partition.blocked) {
    park(std::move(call));
  } else {
    hand_over(partition, *partition.owner, std::move(call));
  }
}

void Links::hand_over(Partition& partition, DataNode& node, Call call) {
  ++partition.in_flight;
  node.pipe.enqueue(std::move(call));
}

void Links::on_ended(const Call& call) {
  if (call.partition == Call::kNoPartition) return;
  --waiting_calls_;
  waiting_bytes_ -= call.bytes.size();
  Partition& partition = partitions_[call.partition];
  if (--partition.in_flight == 0) release(partition);
}

void Links::park(Call call) {
  Partition& partition = partitions_[call.partition];
  partition.blocked = true;
  const std::uint64_t number = call.number;
  partition.parked.emplace(number, std::move(call));
}

void Links::fail(Call call, const std::string& message) {
  --waiting_calls_;
  waiting_bytes_ -= call.bytes.size();
  call.done(base::fail(base::ErrorCode::kUnavailable, message));
}

// When all that went out before has been answered, what waited goes in its order.
void Links::release(Partition& partition) {
  if (!partition.blocked || partition.owner == nullptr || partition.in_flight > 0 ||
      loop_.now() < partition.retry_at) {
    return;
  }
  partition.blocked = false;
  for (auto& [number, call] : std::exchange(partition.parked, {})) {
    DataNode* node = partition.owner;
    if (const auto ask = std::exchange(call.ask, std::nullopt)) {
      node = &node_at(*ask);
      node->spared_until = call.deadline;
      Call asking{.bytes = {},
                  .done = [](const base::Result<Reply>&) {},
                  .deadline = call.deadline,
                  .repeat = Call::Repeat::kAllowed};
      const std::string_view words[] = {"ASKING"};
      codec::resp::append_command(asking.bytes, words);
      node->pipe.enqueue(std::move(asking));
    }
    hand_over(partition, *node, std::move(call));
  }
}

void Links::on_refused(DataNode& node, Call call, const Reply& error) {
  if (call.partition == Call::kNoPartition) {
    call.done(base::fail(base::ErrorCode::kUnavailable, "Redis: " + error.text));
    return;
  }
  Partition& partition = partitions_[call.partition];
  --partition.in_flight;
  if (!cluster_) {
    log_.error("Redis is a cluster, and the user may not ask it for CLUSTER NODES",
               {{"error", error.text}});
    fail(std::move(call), "Redis: " + error.text);
    return;
  }
  cluster_due_ = {};
  const auto to = parse_redirection(error.text, node.endpoint);
  const bool moved = error.is_error("MOVED") && to;
  if (error.is_error("ASK") && to) call.ask = to->to;
  const unsigned number = call.partition;
  if ((!moved && !call.ask) || ++call.refusals > 1) {
    partition.retry_at = loop_.now() + kRetry;
    loop_.run_after(kRetry, guard_([this, number] { release(partitions_[number]); }));
  }
  park(std::move(call));
  if (moved && partition.owner == &node) move(number, to->to);
  release(partition);
}

void Links::tick() {
  if (closed_) return;
  loop_.run_after(kTick, guard_([this] { tick(); }));
  for (Partition& partition : partitions_) {
    if (!partition.blocked) continue;
    expire(partition);
    release(partition);
  }
  if (cluster_) ask_cluster();
}

// Deadlines rise in the order of asking.
void Links::expire(Partition& partition) {
  auto& parked = partition.parked;
  while (!parked.empty() && parked.begin()->second.deadline <= loop_.now()) {
    Call call = std::move(parked.begin()->second);
    parked.erase(parked.begin());
    fail(std::move(call), "Redis does not answer in time");
  }
}

void Links::on_subscribed(const std::string& channel) {
  for (LinksListener* listener : listeners_) listener->on_subscribed(channel);
}

void Links::on_unsubscribed(const std::string& channel) {
  cluster_due_ = {};
  for (LinksListener* listener : listeners_) listener->on_unsubscribed(channel);
}

void Links::on_message(const std::string& channel, std::string_view message) {
  for (LinksListener* listener : listeners_) listener->on_message(channel, message);
}

void Links::subscribe(unsigned partition, const std::string& channel) {
  Partition& place = partitions_[partition];
  if (place.owner != nullptr) {
    place.owner->feed.subscribe(partition, channel);
  } else {
    place.channels.push_back(channel);
  }
}

void Links::unsubscribe(unsigned partition, const std::string& channel) {
  Partition& place = partitions_[partition];
  if (place.owner != nullptr) {
    place.owner->feed.unsubscribe(channel);
  } else {
    std::erase(place.channels, channel);
  }
}

}  // namespace palaver::broker::redis
