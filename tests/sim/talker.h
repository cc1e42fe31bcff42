// SPDX-License-Identifier: Apache-2.0
// Talker: a client of the Centrifuge protocol as an SDK would be, without its socket: it makes
// lines of commands and reads lines of replies and pushes. It subscribes to its rooms and goes on
// where it stood, says things until it is told that they are stored, and is the oracle of what it
// is told: each reply once, in the order of the commands. Owned by the world.
#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include "codec/wire/raw_json.h"
#include "model/position.h"
#include "tests/sim/redactions.h"
#include "tests/sim/session_view.h"
#include "tests/support/choices.h"

namespace palaver::tests::sim {

class Talker {
 public:
  struct Acknowledged {
    std::string room;
    std::string data;
  };

  // `rooms` are those that it wants to be in. All references outlive it.
  Talker(std::string user, const std::vector<std::string>& rooms, support::Choices& choices,
         Redactions& redactions);

  // The next thing that it does: it fills what it has to say.
  void act();
  // What it lacks, and nothing new: subscriptions, answers to what it said.
  void settle();
  void say_something(SessionView& view);
  // Lines for the server, one message; empty: nothing.
  [[nodiscard]] std::string take_message();

  // Its connection: bytes arrived, or it is gone with what was not read.
  void connected();
  void receive(const std::string& bytes);
  void disconnected();

  [[nodiscard]] const std::string& user() const { return user_; }
  // Its connection's id at the server; empty: it knows of none.
  [[nodiscard]] const std::string& client() const { return client_; }
  [[nodiscard]] std::vector<SessionView>& views() { return views_; }
  [[nodiscard]] const std::vector<SessionView>& views() const { return views_; }
  [[nodiscard]] const std::vector<Acknowledged>& acknowledged() const { return acknowledged_; }
  // What it asked for and was not answered; empty: nothing. Ends with the last lines.
  [[nodiscard]] std::string unanswered() const;
  [[nodiscard]] std::uint64_t replies() const { return replies_; }
  // Empty: all was as it should be. Ends with the last lines.
  [[nodiscard]] std::string failure() const;

 private:
  enum class Kind { kConnect, kSubscribe, kUnsubscribe, kPublish, kHistory, kOther };
  // Something said, until it is known to be stored, or refused for good.
  struct Post {
    std::uint64_t number = 0;
    std::string room;
    std::string data;
    bool under_way = false;
  };
  struct Awaited {
    std::uint64_t id = 0;
    Kind kind{};
    SessionView* view = nullptr;
    SessionView::Asked asked = {};
    std::uint64_t post = 0;
    bool reverse = false;
  };

  // Says a command and awaits its reply. `body`: the method and its parameters.
  void command(Awaited awaited, const std::string& body);
  void ask_something(SessionView& view);
  void subscribe(SessionView& view);
  void send(Post& post);
  [[nodiscard]] bool awaits(const SessionView& view) const;
  [[nodiscard]] std::string some_act(const SessionView& view);

  void line(const std::string& text);
  void on_close(const std::string& text);
  void on_reply(const codec::wire::RawJson& reply);
  void on_error(const Awaited& awaited, std::uint64_t code);
  void on_result(const Awaited& awaited, const codec::wire::RawJson& reply);
  void on_push(const codec::wire::RawJson& push);
  [[nodiscard]] std::string with_log(std::string text) const;
  void on_publish_reply(const Awaited& awaited, std::uint64_t code);
  void expect(bool holds, const std::string& what) {
    if (!holds && failure_.empty()) failure_ = what;
  }

  const std::string user_;
  support::Choices& choices_;
  Redactions& redactions_;
  std::vector<SessionView> views_;
  std::string client_;
  std::string said_;
  std::string stream_;
  std::uint64_t ids_ = 0;
  std::uint64_t numbers_ = 0;
  std::deque<Awaited> awaited_;
  std::list<Post> posts_;
  std::vector<Acknowledged> acknowledged_;
  // An overflow drops what is not begun, but not what is said between it and the close.
  bool must_close_ = false;
  bool closed_ = false;
  std::uint64_t replies_ = 0;
  std::deque<std::string> log_;
  std::string failure_;
};

}  // namespace palaver::tests::sim
