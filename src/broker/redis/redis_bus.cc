// SPDX-License-Identifier: Apache-2.0
#include "broker/redis/redis_bus.h"

#include <charconv>
#include <utility>
#include <variant>

#include "broker/redis/bus_command.h"
#include "broker/redis/entry.h"
#include "broker/redis/keys.h"

namespace palaver::broker::redis {

// A command under way: it is answered when this node has obeyed and Redis has passed it on.
struct RedisBusNode::Errand {
  Answer<void> answer;
  base::Result<void> told;
  unsigned missing = 2;
};

RedisBusNode::RedisBusNode(Links& links, std::span<base::Executor* const> shards)
    : links_(links), seats_(shards), channel_(node_key("bus")) {
  links_.add(*this);
}

broker::Address RedisBusNode::attach(base::ShardId shard, RedisBus& bus) {
  const broker::Address address = seats_.take(shard, bus);
  links_.loop().post([this, address] {
    open();
    for (const auto& [user, until] : blocks_) {
      BlockCommand block{model::UserId{user}, until};
      seats_.deliver(
          address, [block = std::move(block)](RedisBus& known) { known.sink().on_command(block); });
    }
  });
  return address;
}

void RedisBusNode::detach(broker::Address address) { seats_.leave(address); }

void RedisBusNode::open() {
  if (std::exchange(opened_, true)) return;
  links_.open();
  links_.subscribe(kNodesPartition, channel_);
}

// From now on nothing is missed: what the blocks are by then is read once.
void RedisBusNode::on_subscribed(const std::string& channel) {
  if (channel == channel_) load_blocks();
}

void RedisBusNode::load_blocks() {
  const std::string command[] = {"HGETALL", node_key("blocks")};
  links_.send(kNodesPartition, command, [this](const Reply& found) {
    if (found) {
      on_blocks(*found);
    } else {
      links_.loop().run_after(std::chrono::seconds{1}, [this] { load_blocks(); });
    }
  });
}

void RedisBusNode::on_blocks(const codec::resp::Reply& reply) {
  const auto now =
      std::chrono::duration_cast<std::chrono::seconds>(links_.loop().wall_now().time_since_epoch());
  std::unordered_map<std::string, Until> lifted = std::exchange(blocks_, {});
  for (std::size_t i = 0; i + 1 < reply.elements.size(); i += 2) {
    const std::string& user = reply.elements[i].text;
    const std::string& text = reply.elements[i + 1].text;
    std::int64_t seconds = 0;
    (void)std::from_chars(text.data(), text.data() + text.size(), seconds);
    const Until until = text.empty() ? Until() : seconds;
    lifted.erase(user);
    if (until && *until <= now.count()) {
      const std::string forget[] = {"HDEL", node_key("blocks"), user};
      links_.send(kNodesPartition, forget, [](const Reply&) {});
      continue;
    }
    obey(BlockCommand{model::UserId{user}, until}, [] {});
  }
  for (const auto& [user, until] : lifted) obey(UnblockCommand{model::UserId{user}}, [] {});
}

void RedisBusNode::on_message(const std::string& channel, std::string_view message) {
  if (channel != channel_) return;
  const auto from = unpack(message);
  if (!from || *from == links_.uid()) return;
  if (auto command = unpack_command(message)) obey(std::move(*command), [] {});
}

void RedisBusNode::send(NodeCommand command, Answer<void> answer) {
  links_.loop().post([this, command = std::move(command), answer]() mutable {
    publish(std::move(command), answer);
  });
}

void RedisBusNode::publish(NodeCommand command, Answer<void> answer) {
  auto errand = std::make_shared<Errand>(Errand{.answer = answer, .told = {}});
  tell_redis(command);
  std::string message;
  pack(message, links_.uid());
  message += pack_command(command);
  links_.publish(kNodesPartition, channel_, std::move(message), [this, errand](const Reply& told) {
    if (!told) errand->told = std::unexpected(told.error());
    answer_when_done(errand);
  });
  obey(std::move(command), [this, errand] { answer_when_done(errand); });
}

void RedisBusNode::answer_when_done(const std::shared_ptr<Errand>& errand) {
  if (--errand->missing > 0) return;
  seats_.answer(errand->answer, std::move(errand->told));
}

void RedisBusNode::tell_redis(const NodeCommand& command) {
  if (const auto* block = std::get_if<BlockCommand>(&command)) {
    const std::string words[] = {"HSET", node_key("blocks"), block->user.value,
                                 block->until ? std::to_string(*block->until) : ""};
    links_.send(kNodesPartition, words, [](const Reply&) {});
  } else if (const auto* unblock = std::get_if<UnblockCommand>(&command)) {
    const std::string words[] = {"HDEL", node_key("blocks"), unblock->user.value};
    links_.send(kNodesPartition, words, [](const Reply&) {});
  }
}

void RedisBusNode::note(const NodeCommand& command) {
  if (const auto* block = std::get_if<BlockCommand>(&command)) {
    blocks_.insert_or_assign(block->user.value, block->until);
  } else if (const auto* unblock = std::get_if<UnblockCommand>(&command)) {
    blocks_.erase(unblock->user.value);
  }
}

void RedisBusNode::obey(NodeCommand command, std::move_only_function<void()> done) {
  note(command);
  struct Order {
    NodeCommand command;
    std::move_only_function<void()> done;
    std::size_t missing;
  };
  auto order = std::make_shared<Order>(Order{std::move(command), std::move(done), seats_.size()});
  for (unsigned shard = 0; shard < seats_.size(); ++shard) {
    seats_.visit(base::ShardId{shard}, [this, order](RedisBus* bus) {
      if (bus != nullptr) bus->sink().on_command(order->command);
      links_.loop().post([order] {
        if (--order->missing == 0) order->done();
      });
    });
  }
}

RedisBus::RedisBus(base::ShardId shard, RedisBusNode& node, NodeBusSink& sink)
    : node_(node), sink_(sink), address_(node.attach(shard, *this)) {}

RedisBus::~RedisBus() { stop(); }

void RedisBus::send(NodeCommand command, Completion<void> done) {
  if (stopped_) return;
  node_.send(std::move(command), Answer<void>{address_, calls_.add(std::move(done))});
}

void RedisBus::stop() {
  if (std::exchange(stopped_, true)) return;
  node_.detach(address_);
  // Out of the object first: what completions own may call back while it is destroyed.
  const auto dropped = std::exchange(calls_, {});
}

}  // namespace palaver::broker::redis
