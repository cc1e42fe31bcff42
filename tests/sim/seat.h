// SPDX-License-Identifier: Apache-2.0
// Seat: where a talker's session sits: a ClientSession, and the host that its connection is to it.
// It belongs to the connection; when that is cut, the world keeps it until its shard ends it.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <string_view>

#include "rooms/client_session.h"
#include "tests/sim/world.h"

namespace palaver::tests::sim {

class World::Seat final : public palaver::rooms::ClientHost {
 public:
  Seat(World& world, Serial serial);

  [[nodiscard]] palaver::rooms::ClientSession& session() { return session_; }
  // A message arrives: the session gets it as soon as it is not busy. On its shard.
  void hear(std::string message);

  void disconnect(const codec::wire::DisconnectCode& code) override;
  void say(std::string_view lines) override;
  void reserve() override;
  void fill(std::string_view lines) override;
  void replay(const model::RoomName& room, const model::Publication& publication) override;
  void on_connected() override {}
  [[nodiscard]] bool take_token() override { return true; }
  void on_idle() override;
  // The worlds with talkers have bounds in which all of their replays fit.
  [[nodiscard]] bool is_behind() override { return false; }
  void finish_later() override;
  [[nodiscard]] std::function<palaver::rooms::ClientSession*()> finder() override;

  std::uint16_t close_code = 0;  // what the peer is told; 0: it was too slow

 private:
  // Null once the connection is cut.
  [[nodiscard]] Connection* connection();
  void pass_on();

  World& world_;
  const Serial serial_;
  std::deque<std::string> heard_;
  palaver::rooms::ClientSession session_;
};

}  // namespace palaver::tests::sim
