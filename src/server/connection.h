// SPDX-License-Identifier: Apache-2.0
// Connection: one socket from accept to close: HTTP requests, then perhaps a WebSocket handshake
// and an article session. It reads when its socket is readable and parses what is there; what it
// has to say goes into its outbox, which the shard's Fanout sends at the end of the turn.
//
// Owned by its shard under its MemberId, used on its thread. It never writes to its socket and
// never waits. At rest it owns a parser's state and no buffer.
#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/token_bucket.h"
#include "codec/http/request.h"
#include "codec/http/response.h"
#include "codec/http/target.h"
#include "codec/ws/close_code.h"
#include "codec/ws/parser.h"
#include "rooms/article_session.h"
#include "rooms/client_session.h"
#include "rooms/join.h"
#include "rooms/outbox.h"
#include "server/connection_host.h"
#include "server/upgrade.h"

namespace palaver::server {

using Socket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

// What is known of a socket when it is accepted.
struct Arrival {
  std::string peer;         // numeric address
  bool over_limit = false;  // to be told 503
  bool admin = false;       // came by the admin port
};

class Connection final : public rooms::ClientHost {
 public:
  Connection(ConnectionContext& context, Socket socket, rooms::MemberId member, Arrival arrival);
  ~Connection() override;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start();

  // From the shard.
  void on_readable();
  void on_writable();
  void on_blocked();     // the socket took less than it was given
  void on_flushed();     // after notify_flushed()
  void on_broken();      // the socket reported an error
  void on_overflowed();  // the outbox passed its bound
  void on_deadline(const Liveness::Deadline& deadline);
  void on_ping_due();
  void on_moved(Liveness::PingPlace place);
  void on_lost(const model::RoomName& room);
  [[nodiscard]] rooms::ClientSession* client_session();
  void on_publish_failed(const base::Error& error);
  void on_admitted(const std::string& address, bool allowed);
  void on_metrics(const std::string& text);
  // The node is going down: an open session is closed with 1012, an idle one at once.
  void drain();

  [[nodiscard]] rooms::MemberId member() const { return member_; }
  // Its session is open.
  [[nodiscard]] bool is_member() const { return phase_ == Phase::kOpen; }
  // A drain waits for it: it has a session, which may be closing, or an answer is under way.
  [[nodiscard]] bool is_busy() const {
    return session_ || phase_ == Phase::kJoining || phase_ == Phase::kAnswering;
  }

 private:
  enum class Phase : std::uint8_t {
    kHttp,       // reads requests
    kAnswering,  // makes or sends a response; reads nothing
    kJoining,    // waits for admission and the room; reads nothing
    kOpen,       // a WebSocket session
    kClosing,    // our Close is queued or sent
    kLingering,  // all is said; reads and forgets until the peer ends
  };
  struct HttpState;
  struct SessionState;

  void wait_readable();
  void read_more_or_wait();
  void doom();
  void set_deadline(DeadlineKind kind);
  void linger();
  void on_end_of_stream();

  // connection_http.cc
  void on_http_bytes(std::string_view input);
  void handle(const codec::http::Request& request);
  void route(const codec::http::Request& request, const codec::http::Target& target);
  void route_metrics(const codec::http::Request& request);
  void route_api(const codec::http::Request& request, const std::string& method);
  void begin_answer();
  void on_api_reply(const std::string& json);
  void begin_upgrade(const codec::http::Request& request, const codec::http::Target& target);
  void join();
  rooms::Hub::Answer on_joined(base::Result<rooms::Joined> joined);
  [[nodiscard]] std::unique_ptr<SessionState> make_session(
      codec::ws::Compression compression) const;
  void open_article(const rooms::Joined& joined);
  void open_client();
  void open(const codec::ws::Upgrade& upgrade, std::unique_ptr<SessionState> session);
  void refuse(UpgradeRefusal refusal);
  void refuse_busy(Refusal refusal, std::string_view reason);
  void respond(const codec::http::Response& response);
  void after_response();

  // connection_session.cc
  void on_session_bytes(std::span<char> input);
  void on_event(const codec::ws::Event& event);
  void on_text(std::string_view text);
  // ClientHost.
  void say(std::string_view lines) override;
  void reserve() override;
  void fill(std::string_view lines) override;
  void on_connected() override;
  void replay(const model::RoomName& room, const model::Publication& publication) override;
  void disconnect(const codec::wire::DisconnectCode& code) override;
  [[nodiscard]] bool take_token() override;
  void on_idle() override;
  [[nodiscard]] bool is_behind() override;
  void finish_later() override;
  [[nodiscard]] std::function<rooms::ClientSession*()> finder() override;

  // The code that `why` has in the client's protocol.
  struct Close {
    codec::ws::CloseCode code;
    std::string_view reason;
  };
  [[nodiscard]] Close close_of(Disconnect why) const;
  // False: a token has run out, and the connection closes.
  [[nodiscard]] bool check_expiry();
  void begin_close(Disconnect why);
  void begin_close(codec::ws::CloseCode code, std::string_view reason, Disconnect disconnect);
  void on_peer_close(codec::ws::CloseCode code);

  ConnectionContext& context_;
  Socket socket_;
  const rooms::MemberId member_;
  std::uint32_t deadline_serial_ = 0;
  Phase phase_ = Phase::kHttp;
  bool reading_ = false;  // an async_wait is under way
  bool doomed_ = false;
  bool idle_deadline_ = false;             // one is queued
  std::unique_ptr<HttpState> http_;        // until the session begins
  std::unique_ptr<SessionState> session_;  // from then on
  std::unique_ptr<std::string> admitted_;  // the address that this connection counts for
};

// Not part of the interface: shared by the connection's sources.
struct Connection::HttpState {
  codec::http::RequestParser parser;
  Arrival arrival;
  std::string leftover;  // read behind a request that is being answered
  codec::http::Method method{};
  bool keep_alive = false;
  base::Instant idle_since;
  std::unique_ptr<ArticleUpgrade> upgrade;
  std::unique_ptr<codec::ws::Upgrade> client_upgrade;
  std::string subprotocol;
};

struct Connection::SessionState {
  codec::ws::Parser parser;
  codec::ws::Compression compression{};
  // One of the two.
  std::unique_ptr<rooms::ArticleSession> article;
  std::unique_ptr<rooms::ClientSession> client;
  base::TokenBucket messages;
  Liveness::PingPlace ping_place;
  bool ping_outstanding = false;
  bool peer_closed = false;
  bool parser_failed = false;         // nothing that the peer says can be understood any more
  bool publishes_to_the_end = false;  // our Close was no reproach: what was on its way still counts
  std::unique_ptr<std::string> early;  // came before the handshake was answered
};

}  // namespace palaver::server
