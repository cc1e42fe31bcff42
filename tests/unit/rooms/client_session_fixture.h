// SPDX-License-Identifier: Apache-2.0
// ClientSessionFixture: a ClientSession over real rooms and a memory broker, whose connection is
// the test: what it says is noted line by line. Users come by a table of tokens.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/memory/memory_node.h"
#include "broker/memory/presence_node.h"
#include "rooms/client_session.h"
#include "rooms/namespaces.h"
#include "tests/support/session_node.h"
#include "tests/support/table_authenticator.h"
#include "tests/unit/rooms/failing_broker.h"
#include "tests/unit/rooms/rooms_fixture.h"

namespace palaver::tests::rooms {

using support::verified;

class ClientSessionFixture : public RoomsFixture,
                             public testing::Test,
                             public palaver::rooms::ClientHost {
 protected:
  ClientSessionFixture() { start_with(~0U, {}); }

  void start_with(unsigned failing_call, broker::memory::MemoryBrokerLimits limits);
  // Another connection in the place of this one.
  void start_session();

  // SessionHost. Lines are noted where the rooms' own frames are: in the member's log.
  void say(std::string_view lines) override;
  void reserve() override { reserved_ = said_.size(); }
  void fill(std::string_view lines) override;
  void replay(const model::RoomName& room, const model::Publication& publication) override;
  void on_connected() override { ++connects_; }
  void disconnect(const codec::wire::DisconnectCode& code) override { ended_ = code.code; }
  [[nodiscard]] bool take_token() override { return tokens_-- > 0; }
  void on_idle() override { ++idle_; }
  [[nodiscard]] bool is_behind() override { return behind_; }
  void finish_later() override;
  [[nodiscard]] std::function<palaver::rooms::ClientSession*()> finder() override {
    return [this] { return session_.get(); };
  }

  // What is said until nothing moves any more.
  std::vector<std::string> said(std::string_view frame);
  void connect() { ASSERT_EQ(said(R"({"id":1,"connect":{}})").size(), 1U); }
  void connect_as(std::string_view token);
  // The error code of the one reply.
  std::uint64_t error(const std::string& command);
  void publish(std::string_view data, const std::string& room = "r");
  // What came live, as the tests' encoder writes it.
  std::string live() { return seen(*member_); }
  [[nodiscard]] std::int64_t seconds_now();

  support::TableAuthenticator authenticator_;
  palaver::rooms::Namespaces namespaces_;
  std::unique_ptr<broker::memory::PresenceNode> presence_node_;
  std::unique_ptr<support::SessionNode> session_node_;
  const palaver::rooms::SessionServices* services_ = nullptr;  // of session_node_
  std::unique_ptr<palaver::rooms::ClientSession> session_;
  Member* member_ = nullptr;
  std::vector<std::string> said_;
  std::size_t reserved_ = 0;
  int frames_ = 0;
  int idle_ = 0;
  bool behind_ = false;
  int connects_ = 0;
  int tokens_ = 1000;
  int ended_ = 0;
  unsigned calls_ = 0;
};

using Lines = std::vector<std::string>;

}  // namespace palaver::tests::rooms
