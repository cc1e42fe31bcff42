// SPDX-License-Identifier: Apache-2.0
// RoomNode: the room floor of one node on shards of a FakeCluster: a Fanout, a Hub and a Home for
// each, linked, over brokers that the test makes. The test owns it, ends its turns and plays the
// sockets; the cluster outlives it.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "broker/broker.h"
#include "rooms/fanout.h"
#include "rooms/home.h"
#include "rooms/hub.h"
#include "rooms/node_links.h"
#include "tests/support/fake_executor.h"

namespace palaver::tests::support {

class RoomNode {
 public:
  struct Options {
    unsigned first_shard = 0;  // of the cluster; the node's own shards count from 0
    unsigned shards = 1;
    std::size_t outbox_bytes_max = 64 * 1024;
    palaver::rooms::Home::Options home;  // of all shards, but `shard`
  };
  using MakeBroker =
      std::function<std::unique_ptr<broker::Broker>(unsigned shard, broker::BrokerSink& sink)>;

  using OnLost = std::function<void(unsigned shard, palaver::rooms::MemberId member,
                                    const model::RoomName& room)>;

  RoomNode(FakeCluster& cluster, Options options, palaver::rooms::Encoder& encoder,
           const OnLost& on_lost, MakeBroker make_broker)
      : make_broker_(std::move(make_broker)) {
    for (unsigned i = 0; i < options.shards; ++i) {
      links_.shards.push_back({.executor = &cluster.shard(options.first_shard + i)});
    }
    for (unsigned i = 0; i < options.shards; ++i) {
      options.home.shard = base::ShardId{i};
      shards_.push_back(std::make_unique<Shard>(options, encoder, on_lost, links_));
      links_.shards[i].hub = &shards_[i]->hub;
      links_.shards[i].home = &shards_[i]->home;
    }
    for (unsigned i = 0; i < options.shards; ++i) {
      shards_[i]->broker = make_broker_(i, shards_[i]->home);
      shards_[i]->home.start(*shards_[i]->broker);
    }
  }
  ~RoomNode() { stop(); }
  RoomNode(const RoomNode&) = delete;
  RoomNode& operator=(const RoomNode&) = delete;

  // Nothing comes from its brokers any more. Tasks may hold pointers to it as long as they may run.
  void stop() {
    for (const auto& shard : shards_) shard->broker->stop();
  }

  [[nodiscard]] unsigned shards() const { return static_cast<unsigned>(shards_.size()); }
  [[nodiscard]] palaver::rooms::Fanout& fanout(unsigned shard) { return shards_[shard]->fanout; }
  [[nodiscard]] palaver::rooms::Hub& hub(unsigned shard) { return shards_[shard]->hub; }
  [[nodiscard]] palaver::rooms::Home& home(unsigned shard) { return shards_[shard]->home; }
  [[nodiscard]] broker::Broker& broker(unsigned shard) { return *shards_[shard]->broker; }
  // Who is told of interruptions, if anybody.
  void set_on_interrupted(unsigned shard, OnLost told) {
    shards_[shard]->tell_interrupted = std::move(told);
  }
  // Rooms with members, as the shards count them together.
  [[nodiscard]] unsigned rooms() const { return links_.rooms.load(); }

 private:
  struct Shard final : palaver::rooms::HubObserver {
    Shard(const Options& options, palaver::rooms::Encoder& encoder, OnLost lost,
          palaver::rooms::NodeLinks& links)
        : number(options.home.shard.value),
          tell_lost(std::move(lost)),
          fanout(options.outbox_bytes_max),
          hub(options.home.shard, fanout, *this, links),
          home(options.home, encoder, *links.at(options.home.shard).executor, links) {}
    void on_lost(palaver::rooms::MemberId member, const model::RoomName& room) override {
      tell_lost(number, member, room);
    }
    void on_interrupted(palaver::rooms::MemberId member, const model::RoomName& room) override {
      if (tell_interrupted) tell_interrupted(number, member, room);
    }

    const unsigned number;
    const OnLost tell_lost;
    OnLost tell_interrupted;
    palaver::rooms::Fanout fanout;
    palaver::rooms::Hub hub;
    palaver::rooms::Home home;
    std::unique_ptr<broker::Broker> broker;  // destroyed first
  };

  const MakeBroker make_broker_;  // kept for what it holds: it outlives the brokers
  palaver::rooms::NodeLinks links_;
  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace palaver::tests::support
