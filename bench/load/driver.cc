// SPDX-License-Identifier: Apache-2.0
// Paths are made by substituting {room} and {id} in the template. Looking for overdue deliveries
// and the progress line cost something, so they are done a few times a second only.
#include "bench/load/driver.h"

#include <algorithm>
#include <string>
#include <utility>

namespace palaver::bench::load {
namespace {

constexpr Nanos kHousekeepingInterval = 250'000'000;

void substitute(std::string& text, std::string_view name, const std::string& value) {
  for (std::size_t at = text.find(name); at != std::string::npos;
       at = text.find(name, at + value.size())) {
    text.replace(at, name.size(), value);
  }
}

Clients::Place place_of(const Options& options, const Ledger& ledger, ClientIndex client) {
  std::string path = options.path_template;
  substitute(path, "{room}", options.room_prefix + std::to_string(ledger.room_of(client)));
  substitute(path, "{id}", std::to_string(client + 1));
  const bool is_outside = options.publish_port != 0 && client + 1 == ledger.client_count();
  return {.path = std::move(path), .port = is_outside ? options.publish_port : options.target.port};
}

std::vector<RoomPlan> with_outside_publisher(const Options& options, std::vector<RoomPlan> plan) {
  if (options.publish_port != 0) plan.push_back({.members = 1, .in_flight_max = 1});
  return plan;
}

}  // namespace

Driver::Driver(const Options& options, const std::vector<RoomPlan>& plan)
    : options_(options),
      ledger_(with_outside_publisher(options, plan), options.format, options.message_bytes),
      clients_(options.target, *this),
      protocol_(make_protocol(options, ledger_, *this)),
      progress_(options.scenario_name) {}

base::Result<void> Driver::open_to(ClientIndex end) {
  set_phase("connecting");
  std::vector<Clients::Place> places;
  for (; begun_ < end; ++begun_) places.push_back(place_of(options_, ledger_, begun_));
  clients_.open(std::move(places));
  const Nanos patience = options_.timeout;
  ClientIndex joined = joined_;
  Nanos deadline = now_nanos() + patience;
  while (joined_ < end) {
    if (auto turned = turn(kHousekeepingInterval); !turned) return turned;
    const Nanos now = now_nanos();
    if (joined_ != joined) {
      joined = joined_;
      deadline = now + patience;
    } else if (now > deadline) {
      return base::fail(base::ErrorCode::kUnavailable,
                        "handshakes stand still after " + std::to_string(joined));
    }
  }
  return {};
}

base::Result<void> Driver::publish(ClientIndex publisher) {
  const std::string_view text = ledger_.compose(publisher, now_nanos());
  const ClientIndex sender = options_.publish_port != 0 ? clients_count() - 1 : publisher;
  return clients_.send_text(sender, protocol_->publish(publisher, text));
}

base::Result<void> Driver::turn(Nanos wait_max) {
  if (auto turned = clients_.turn(wait_max); !turned) return turned;
  if (!ledger_.violation().empty()) {
    return base::fail(base::ErrorCode::kUnavailable, ledger_.violation());
  }
  if (!wrong_.empty()) return base::fail(base::ErrorCode::kUnavailable, wrong_);
  const Nanos now = now_nanos();
  return now < next_housekeeping_ ? base::Result<void>() : keep_house(now);
}

base::Result<void> Driver::turn_until(Nanos deadline) {
  for (Nanos now = now_nanos(); now < deadline; now = now_nanos()) {
    if (auto turned = turn(std::min(deadline - now, kHousekeepingInterval)); !turned) return turned;
  }
  return {};
}

base::Result<void> Driver::keep_house(Nanos now) {
  next_housekeeping_ = now + kHousekeepingInterval;
  const std::string overdue = ledger_.overdue(now > options_.timeout ? now - options_.timeout : 0);
  if (!overdue.empty()) return base::fail(base::ErrorCode::kUnavailable, overdue);
  progress_.show(phase_, clients_.opened(), ledger_.deliveries(), now);
  return {};
}

base::Result<void> Driver::prove() {
  set_phase("proving");
  for (RoomIndex room = 0; room < ledger_.room_count(); ++room) {
    if (auto sent = publish(ledger_.first_client(room)); !sent) return sent;
  }
  while (ledger_.in_flight() != 0) {
    if (auto turned = turn(kHousekeepingInterval); !turned) return turned;
  }
  ledger_.completed().clear();
  return {};
}

base::Result<void> Driver::finish() {
  set_phase("finishing");
  while (ledger_.in_flight() != 0) {
    if (auto turned = turn(kHousekeepingInterval); !turned) return turned;
  }
  ledger_.completed().clear();
  return turn_until(now_nanos() + options_.settle);
}

void Driver::on_text(ClientIndex client, std::string_view payload, Nanos now) {
  if (wrong_.empty()) protocol_->on_text(client, payload, now);
}

void Driver::on_joined(ClientIndex /*client*/) { ++joined_; }

void Driver::on_delivery(ClientIndex client, std::string_view text, std::uint64_t offset,
                         Nanos now) {
  // After a violation the rest of the turn tells nothing more.
  if (!ledger_.violation().empty()) return;
  static_cast<void>(ledger_.delivered(client, text, now, offset));
}

void Driver::on_wrong(ClientIndex client, const std::string& what) {
  wrong_ = "client " + std::to_string(client + 1) + ": " + what;
}

void Driver::say(ClientIndex client, std::string_view text) {
  // A failure is kept by the clients, and ends the turn.
  static_cast<void>(clients_.send_text(client, text));
}

}  // namespace palaver::bench::load
