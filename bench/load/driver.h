// SPDX-License-Identifier: Apache-2.0
// Driver: one run against one server: the clients, the protocol that they speak, and the ledger
// that judges what they get. A scenario owns it and tells it who publishes and when to turn. Every
// call that returns an error has found the run's verdict: a connection was lost, or a delivery is
// missing, doubled, out of order, late or garbled. It decides nothing about pace.
//
// With an outside publisher there is one more room, the last one, whose only member it is; it may
// be at another server, and publishes into all rooms without being in them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "bench/load/clients.h"
#include "bench/load/ledger.h"
#include "bench/load/options.h"
#include "bench/load/progress.h"
#include "bench/load/protocol.h"

namespace palaver::bench::load {

class Driver final : private ClientEvents, private ProtocolEvents {
 public:
  // `options` outlives the driver.
  Driver(const Options& options, const std::vector<RoomPlan>& plan);

  // Opens all connections that are not open yet, as many at a time as the options allow; returns
  // when all have joined their rooms.
  [[nodiscard]] base::Result<void> open() { return open_to(clients_count()); }
  // The same for those before `end`.
  [[nodiscard]] base::Result<void> open_to(ClientIndex end);
  // From now on clients recover what their room got since its first member joined.
  void recover() { protocol_->recover(); }
  // By the outside publisher, if the options ask for one: in the name of this member.
  [[nodiscard]] base::Result<void> publish(ClientIndex publisher);
  // Waits for events at most so long, handles them, and looks for overdue deliveries now and then.
  [[nodiscard]] base::Result<void> turn(Nanos wait_max);
  [[nodiscard]] base::Result<void> turn_until(Nanos deadline);
  // One message in each room, by its first member, until all members have it.
  [[nodiscard]] base::Result<void> prove();
  // Waits for what is in flight, and then a little for what nobody should get.
  [[nodiscard]] base::Result<void> finish();

  [[nodiscard]] Ledger& ledger() { return ledger_; }
  [[nodiscard]] const Clients& clients() const { return clients_; }
  // Messages that the server has acknowledged so far; always 0 where the protocol does not.
  [[nodiscard]] std::uint64_t published() const { return published_; }
  // The words of the progress line; a literal.
  void set_phase(const char* phase) { phase_ = phase; }

 private:
  void on_open(ClientIndex client) override { protocol_->on_open(client); }
  void on_text(ClientIndex client, std::string_view payload, Nanos now) override;

  void on_joined(ClientIndex client) override;
  void on_delivery(ClientIndex client, std::string_view text, std::uint64_t offset,
                   Nanos now) override;
  void on_published(ClientIndex /*client*/) override { ++published_; }
  void on_ping(ClientIndex client) override { clients_.count_ping(client); }
  void on_wrong(ClientIndex client, const std::string& what) override;
  void say(ClientIndex client, std::string_view text) override;

  [[nodiscard]] ClientIndex clients_count() const {
    return static_cast<ClientIndex>(ledger_.client_count());
  }
  [[nodiscard]] base::Result<void> keep_house(Nanos now);

  const Options& options_;
  Ledger ledger_;
  Clients clients_;
  std::unique_ptr<Protocol> protocol_;
  ClientIndex begun_ = 0;   // to connect
  ClientIndex joined_ = 0;  // of those
  std::uint64_t published_ = 0;
  std::string wrong_;  // the first thing that a server must not say
  Progress progress_;
  const char* phase_ = "";
  Nanos next_housekeeping_ = 0;
};

}  // namespace palaver::bench::load
