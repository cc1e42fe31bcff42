// SPDX-License-Identifier: Apache-2.0
// What a connection needs from its shard: ConnectionHost, the shard's duties towards it, and
// ConnectionContext, the parts that all connections of a shard use. Everything belongs to the
// shard's thread and outlives its connections.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/executor.h"
#include "broker/broker.h"
#include "codec/ws/deflate.h"
#include "rooms/client_session.h"
#include "rooms/fanout.h"
#include "rooms/hub.h"
#include "server/api.h"
#include "server/config.h"
#include "server/framer.h"
#include "server/liveness.h"
#include "server/metrics.h"

namespace palaver::server {

class Connection;

class ConnectionHost {
 public:
  virtual ~ConnectionHost() = default;

  // The connection if it is still there: for completions that come later.
  [[nodiscard]] virtual Connection* find(rooms::MemberId member) = 0;
  // Destroys the connection and closes its socket before the turn's sends; until then it is quiet.
  virtual void doom(rooms::MemberId member) = 0;
  // Connection::on_flushed() follows when the outbox has nothing left, this turn or later.
  virtual void notify_flushed(rooms::MemberId member) = 0;
  virtual void set_deadline(Liveness::Deadline deadline) = 0;
  [[nodiscard]] virtual Liveness::PingPlace start_pings(rooms::MemberId member) = 0;
  virtual void stop_pings(Liveness::PingPlace place) = 0;
  [[nodiscard]] virtual bool is_draining() const = 0;

  // Whether one more connection of this address is allowed; the answer comes later, on this shard.
  virtual void admit(const std::string& address, std::move_only_function<void(bool)> done) = 0;
  // An admitted connection has gone.
  virtual void release(const std::string& address) = 0;
  // Browsers hide from a page why its handshake failed: the operator reads it in the log, once in a
  // while.
  virtual void report_refused_origin(std::string_view origin) = 0;
  // The metrics of the whole node as text; later, on this shard.
  virtual void gather_metrics(std::move_only_function<void(std::string)> done) = 0;
};

struct ConnectionContext {
  ConnectionHost& host;
  const ServerConfig& config;
  const base::Clock& clock;
  base::Executor& executor;
  rooms::Fanout& fanout;
  rooms::Hub& hub;
  // Made when the shard has its broker, before the first connection.
  std::unique_ptr<rooms::SessionServices>& sessions;
  std::unique_ptr<Api>& api;
  Framer& framer;
  codec::ws::Inflater& inflater;
  ShardMetrics& metrics;
  std::span<char> read_buffer;
  base::Frame ping;       // the one that all members by the article's protocol get
  base::Frame json_ping;  // likewise, of the Centrifuge protocol
};

}  // namespace palaver::server
