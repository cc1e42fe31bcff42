// SPDX-License-Identifier: Apache-2.0
// PubsubNode: what the brokers of a process share in the mode `pubsub`, in which it talks as the
// article's instances do: a message is one PUBLISH of the article's payload on the channel that is
// named like its room, and what Redis delivers there is what happened, in Redis' order; nothing is
// kept. What the payload has no word for goes by the room's own channel, which only nodes listen
// to: joins, typing, data that is no message, and before a payload the publication that it stands
// for, so that members of nodes see who really spoke.
//
// While the feed is away nothing can be heard; when it is back the rooms' subscribers are told that
// they may have missed something, once, and what was published here meanwhile goes out. On the loop
// of the Links; app/ owns it: made before the shards run, destroyed after they have ended.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/executor.h"
#include "base/log.h"
#include "broker/article_form.h"
#include "broker/broker.h"
#include "broker/redis/answer.h"
#include "broker/redis/links.h"
#include "broker/redis/pubsub_message.h"
#include "broker/redis/seats.h"

namespace palaver::broker::redis {

class PubsubBroker;

// Rooms whose names begin with this would be channels of the nodes: they are refused.
inline constexpr std::string_view kReservedRoomPrefix = "palaver:";

class PubsubNode final : private LinksListener {
 public:
  // All outlive the node's last task.
  PubsubNode(Links& links, std::span<base::Executor* const> shards, ArticleTranslation translation,
             const base::Logger& log);
  PubsubNode(const PubsubNode&) = delete;
  PubsubNode& operator=(const PubsubNode&) = delete;

  // For PubsubBroker, on the shard of `address`.
  [[nodiscard]] broker::Address attach(base::ShardId shard, PubsubBroker& broker);
  void detach(broker::Address address);
  // Runs `work`, a void(PubsubNode&), on the loop's thread, later.
  template <typename Work>
  void ask(Work work) {
    links_.loop().post([this, work = std::move(work)]() mutable { work(*this); });
  }

  // The rest on the loop's thread.
  void subscribe(const model::RoomName& name, Answer<model::Position> answer);
  void unsubscribe(const model::RoomName& name, broker::Address who);
  // `publication` has neither offset nor time.
  void publish(const model::RoomName& name, const model::Publication& publication,
               model::Retention retention, Answer<PublishResult> answer);
  template <typename T>
  void reply(Answer<T> answer, base::Result<T> result);
  // What came on the rooms' channels and is nothing that a node or the article says.
  [[nodiscard]] std::uint64_t ignored() const { return ignored_; }

 private:
  // A publish: at most a note on the own channel, then what is heard.
  struct Outgoing {
    std::string note;
    std::string channel;
    std::string message;
    bool passes = false;
    Answer<PublishResult> answer;
  };
  struct Held {
    Outgoing outgoing;
    base::Instant until;
  };
  // Sent, and to be answered when Redis has it and the subscribers here have heard it.
  struct UnderWay {
    std::uint64_t id = 0;
    std::string message;
    Answer<PublishResult> answer;
    bool heard = false;
    bool taken = false;  // by Redis
    base::Instant since{};
  };
  struct Waiting {
    Answer<model::Position> answer;
    base::Instant until;
  };
  struct Note {
    std::string payload;
    model::Publication publication;
    base::Instant until;
  };
  struct Room {
    std::vector<broker::Address> subscribers;
    std::vector<Waiting> waiting;
    bool hears_articles = false;  // the feed brings the channel
    bool hears_nodes = false;
    bool cut = false;  // it was fed, and was not: something may have been missed
    std::deque<Held> held;
    std::deque<UnderWay> under_way;
    std::deque<Note> notes;
    [[nodiscard]] bool fed() const { return hears_articles && hears_nodes; }
  };

  // LinksListener.
  void on_subscribed(const std::string& channel) override;
  void on_unsubscribed(const std::string& channel) override;
  void on_message(const std::string& channel, std::string_view message) override;
  void on_ready(bool ready) override;

  void open();
  void tick();
  void expire(Room& room, base::Instant now);
  Room* find(std::string_view name);

  [[nodiscard]] Outgoing outgoing(const model::RoomName& name,
                                  const model::Publication& publication,
                                  model::Retention retention) const;
  void hold(Room& room, Outgoing outgoing);
  [[nodiscard]] Outgoing take_held(Room& room);
  void release(const std::string& name, Room& room);
  void send(const std::string& name, Outgoing outgoing);
  void on_sent(const std::string& name, std::uint64_t id,
               const base::Result<codec::resp::Reply>& sent);

  void on_fed(const std::string& name, Room& room);
  void hear_article(const std::string& name, Room& room, std::string_view payload);
  void hear_node(const std::string& name, Room& room, std::string_view message);
  void ignore(const std::string& name, const std::string& why);
  void pass_on(const std::string& name, const Room& room, const model::Publication& publication);
  void answer_heard(Room& room, std::string_view message);
  void answer_taken(Room& room);

  Links& links_;
  const ArticleTranslation translation_;
  const base::Logger& log_;
  Seats<PubsubBroker> seats_;
  std::unordered_map<std::string, Room> rooms_;  // by name
  // Sent, of rooms where nobody here listens, and what passes by: answered when Redis has it.
  std::unordered_map<std::uint64_t, Answer<PublishResult>> unheard_;
  std::uint64_t ids_ = 0;
  std::size_t held_ = 0;
  std::size_t held_bytes_ = 0;
  std::uint64_t ignored_ = 0;
  std::uint64_t warned_ = 0;  // so many of them
  base::Instant warn_after_;
  std::string ignored_last_;  // of which room, and why
  bool opened_ = false;
};

}  // namespace palaver::broker::redis
