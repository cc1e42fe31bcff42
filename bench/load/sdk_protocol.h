// SPDX-License-Identifier: Apache-2.0
// SdkProtocol: the Protocol of clients that speak as the Centrifuge SDKs do: connect, when that is
// answered subscribe to one room, and answer the server's pings. A reply that refuses, or a line
// that is none of what is due, is wrong.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bench/load/protocol.h"
#include "bench/load/sdk_lines.h"

namespace palaver::bench::load {

class SdkProtocol final : public Protocol {
 public:
  SdkProtocol(std::string_view room_prefix, const Ledger& ledger, ProtocolEvents& events);

  void on_open(ClientIndex client) override;
  void on_text(ClientIndex client, std::string_view payload, Nanos now) override;
  [[nodiscard]] std::string_view publish(ClientIndex client, std::string_view text) override;
  void recover() override { recovers_ = true; }

 private:
  struct Room {
    std::string name;
    SdkPosition position;  // where its first member joined
  };

  // False: the line is wrong.
  bool on_line(ClientIndex client, std::string_view line, Nanos now);
  void subscribe(ClientIndex client);
  bool on_subscribed(ClientIndex client, std::string_view line, Nanos now);
  [[nodiscard]] Room& room_of(ClientIndex client) { return rooms_[ledger_.room_of(client)]; }

  const Ledger& ledger_;
  ProtocolEvents& events_;
  std::vector<Room> rooms_;
  std::uint32_t last_id_;
  bool recovers_ = false;
  std::string command_;       // of the last publish()
  SdkSubscribed subscribed_;  // the last reply
};

}  // namespace palaver::bench::load
