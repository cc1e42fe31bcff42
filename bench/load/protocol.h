// SPDX-License-Identifier: Apache-2.0
// Protocol: what is said over a client's WebSocket, from the upgrade on, and what it means. Two
// kinds: the article's, where the path has joined already and a text is a message, and the
// Centrifuge client protocol in JSON, where a client connects and subscribes to its room. Owned by
// the driver, which it tells what it heard; it knows no socket and judges no delivery.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "bench/load/ledger.h"
#include "bench/load/options.h"

namespace palaver::bench::load {

class ProtocolEvents {
 public:
  virtual ~ProtocolEvents() = default;
  // The client gets what is published from now on, and what it missed where it recovers.
  virtual void on_joined(ClientIndex client) = 0;
  // `text` as the ledger's `format` has it; `offset` 0: the protocol has none.
  virtual void on_delivery(ClientIndex client, std::string_view text, std::uint64_t offset,
                           Nanos now) = 0;
  // The server has acknowledged one of the client's messages, where the protocol has that.
  virtual void on_published(ClientIndex client) = 0;
  virtual void on_ping(ClientIndex client) = 0;
  // The server said what it must not, or refused.
  virtual void on_wrong(ClientIndex client, const std::string& what) = 0;
  // To be sent at once.
  virtual void say(ClientIndex client, std::string_view text) = 0;
};

class Protocol {
 public:
  virtual ~Protocol() = default;
  virtual void on_open(ClientIndex client) = 0;
  virtual void on_text(ClientIndex client, std::string_view payload, Nanos now) = 0;
  // What a client says to publish `text`; valid until the next call.
  [[nodiscard]] virtual std::string_view publish(ClientIndex client, std::string_view text) = 0;
  // From now on clients recover, from where their room's first member joined it.
  virtual void recover() = 0;
};

// All arguments outlive the protocol.
[[nodiscard]] std::unique_ptr<Protocol> make_protocol(const Options& options, const Ledger& ledger,
                                                      ProtocolEvents& events);

}  // namespace palaver::bench::load
