// SPDX-License-Identifier: Apache-2.0
// ClientStream: a connection that this process opens to a server, over TCP or TLS. For the few
// sockets to what stands behind the node; those of users have no such object (see server/). Owned
// and used on its loop's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "net/loop.h"

namespace palaver::net {

// How a server proves who it is, and we to it. Made once, used by any number of streams.
class TlsClient {
 public:
  struct Options {
    std::string ca_file{};      // PEM; the chain is checked against it alone. Empty: the system's.
    std::string server_name{};  // of the certificate, and asked for (SNI). Empty: any name.
    std::string certificate_file{};  // PEM, ours; empty: none
    std::string key_file{};
  };
  // An error names the file.
  [[nodiscard]] static base::Result<std::unique_ptr<TlsClient>> make(Options options);
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  struct State;
  [[nodiscard]] State& state() const { return *state_; }

 private:
  explicit TlsClient(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

class ClientStream {
 public:
  // Called later, on the loop's thread, never after close(). It may close or destroy the stream.
  class Observer {
   public:
    virtual void on_open() = 0;
    virtual void on_bytes(std::string_view bytes) = 0;
    // It cannot be used any more, or never could. Called once, and nothing after it.
    virtual void on_closed(const std::string& reason) = 0;

   protected:
    ~Observer() = default;
  };
  struct Target {
    std::string host;  // a name or an address
    std::uint16_t port = 0;
    base::Duration timeout{};        // until on_open()
    const TlsClient* tls = nullptr;  // null: plain TCP. Outlives the stream.
  };

  // Begins to connect. `loop` and `observer` outlive it.
  ClientStream(Loop& loop, const Target& target, Observer& observer);
  ~ClientStream();
  ClientStream(const ClientStream&) = delete;
  ClientStream& operator=(const ClientStream&) = delete;

  // After on_open(). Takes everything; the caller bounds what waits.
  void write(std::string_view bytes);
  // No call of the observer follows. Idempotent.
  void close();

 private:
  class Link;
  std::shared_ptr<Link> link_;  // its handlers may outlive the stream until the loop has run them
};

}  // namespace palaver::net
