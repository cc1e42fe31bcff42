// SPDX-License-Identifier: Apache-2.0
// The HTTP half of Connection: requests, routes, and the handshake that opens a session.
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>
#include <variant>

#include "base/ascii.h"
#include "base/check.h"
#include "codec/http/forwarded.h"
#include "codec/wire/api_request.h"
#include "codec/ws/frame.h"
#include "server/connection.h"

namespace palaver::server {

using codec::http::Request;
using codec::http::Response;

namespace {

// A client that is told "not now" should not come back at once.
constexpr std::string_view kRetryAfterSeconds = "5";

bool keys_equal(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

// X-API-Key, or Authorization with the scheme "apikey".
bool has_api_key(const Request& request, std::string_view key) {
  if (const auto given = request.header("x-api-key"); given && !given->empty()) {
    return keys_equal(*given, key);
  }
  constexpr std::string_view kScheme = "apikey ";
  const std::string_view value = request.header("authorization").value_or("");
  return base::equals_ignoring_case(value.substr(0, kScheme.size()), kScheme) &&
         keys_equal(value.substr(kScheme.size()), key);
}

bool has_key(const Request& request, std::string_view key) {
  constexpr std::string_view kScheme = "Bearer ";
  const std::string_view value = request.header("authorization").value_or("");
  return value.starts_with(kScheme) && keys_equal(value.substr(kScheme.size()), key);
}

// A client's id is seen by everybody in its rooms and stands in each of its messages: 66 random
// bits that tell nothing, in a string that needs no memory of its own.
std::string random_id() {
  constexpr std::string_view kDigits =
      "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
  std::array<unsigned char, 11> bytes{};
  CHECK(RAND_bytes(bytes.data(), bytes.size()) == 1, "the system has random bytes");
  std::string text;
  for (const unsigned char byte : bytes) text += kDigits[byte % kDigits.size()];
  return text;
}

Response status_response(bool good) {
  return codec::http::json_response(good ? 200 : 503,
                                    good ? "{\"status\":\"ok\"}\n" : "{\"status\":\"draining\"}\n");
}

}  // namespace

void Connection::on_http_bytes(std::string_view input) {
  const bool was_idle = http_->parser.idle();
  while (phase_ == Phase::kHttp && !doomed_) {
    const auto outcome = http_->parser.next(input);
    if (!outcome) break;
    if (const auto* request = std::get_if<Request>(&*outcome)) {
      handle(*request);
    } else if (const auto* error = std::get_if<codec::http::ParseError>(&*outcome)) {
      context_.metrics.count(Refusal::kBadRequest);
      http_->keep_alive = false;
      http_->method = codec::http::Method::kOther;
      respond(codec::http::json_error(error->status, error->reason));
    } else {
      context_.fanout.send(member_, base::Frame::copy_of(codec::http::kContinue),
                           rooms::Fanout::Bound::kOutbox);
    }
  }
  if (phase_ == Phase::kAnswering || phase_ == Phase::kJoining) http_->leftover = input;
  // A request that has begun has the handshake's time to arrive.
  if (phase_ == Phase::kHttp && was_idle && !http_->parser.idle()) {
    set_deadline(DeadlineKind::kRequest);
  }
}

void Connection::handle(const Request& request) {
  ++context_.metrics.requests;
  http_->method = request.method;
  http_->keep_alive = request.keep_alive && !context_.host.is_draining();
  if (http_->arrival.over_limit) {
    refuse_busy(Refusal::kConnections, "too many connections (see connections-max)");
    return;
  }
  const auto target = codec::http::parse_target(request.target);
  if (target) {
    route(request, *target);
  } else {
    context_.metrics.count(Refusal::kBadRequest);
    respond(codec::http::json_error(400, target.error().message));
  }
}

void Connection::route(const Request& request, const codec::http::Target& target) {
  const std::string_view first =
      target.segments.empty() ? std::string_view() : std::string_view(target.segments.front());
  const bool alone = target.segments.size() == 1;
  const bool reads =
      request.method == codec::http::Method::kGet || request.method == codec::http::Method::kHead;
  const bool client =
      first == "connection" && target.segments.size() == 2 && target.segments.back() == "websocket";
  if ((first == "ws" || client) && !http_->arrival.admin) {
    begin_upgrade(request, target);
  } else if (first == "api" && target.segments.size() == 2 && !context_.config.api_key.empty()) {
    route_api(request, target.segments.back());
  } else if (alone && reads && first == "health") {
    respond(status_response(true));
  } else if (alone && reads && first == "startup") {
    respond(status_response(context_.config.backend->started));
  } else if (alone && reads && first == "ready") {
    respond(status_response(context_.config.backend->ready && !context_.host.is_draining()));
  } else if (alone && reads && first == "metrics") {
    route_metrics(request);
  } else if (http_->arrival.admin) {
    respond(codec::http::json_error(404, "not found"));
  } else {
    respond(context_.config.files.respond(request));
  }
}

void Connection::route_metrics(const Request& request) {
  const std::string& key = context_.config.admin_key;
  if (!http_->arrival.admin && key.empty()) {
    respond(codec::http::json_error(404, "not found"));
    return;
  }
  if (!http_->arrival.admin && !has_key(request, key)) {
    Response response = codec::http::json_error(401, "the admin key is needed as a bearer token");
    response.headers.push_back({"WWW-Authenticate", "Bearer"});
    respond(response);
    return;
  }
  begin_answer();
  context_.host.gather_metrics([&host = context_.host, member = member_](const std::string& text) {
    if (Connection* connection = host.find(member)) connection->on_metrics(text);
  });
}

void Connection::route_api(const Request& request, const std::string& method) {
  const auto methods = codec::wire::api_methods();
  if (!has_api_key(request, context_.config.api_key)) {
    respond(codec::http::json_error(401, "the API key is needed: X-API-Key"));
  } else if (std::ranges::find(methods, method) == methods.end()) {
    Response response = codec::http::json_response(
        404, codec::wire::api_reply(
                 std::unexpected(codec::wire::api_error(codec::wire::kErrorMethodNotFound))));
    respond(response);
  } else if (request.method != codec::http::Method::kPost) {
    Response response = codec::http::json_error(405, "the API is asked with POST");
    response.headers.push_back({"Allow", "POST"});
    respond(response);
  } else {
    begin_answer();
    ++context_.metrics.api_requests;
    context_.api->handle(method, request.body,
                         [&host = context_.host, member = member_](const std::string& json) {
                           if (Connection* connection = host.find(member))
                             connection->on_api_reply(json);
                         });
  }
}

void Connection::on_api_reply(const std::string& json) {
  if (doomed_ || phase_ != Phase::kAnswering) return;
  respond(codec::http::json_response(200, json));
}

// The request has arrived in time; its answer takes what it takes.
void Connection::begin_answer() {
  phase_ = Phase::kAnswering;
  ++deadline_serial_;
}

void Connection::on_metrics(const std::string& text) {
  if (doomed_ || phase_ != Phase::kAnswering) return;
  Response response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.headers.push_back({"Cache-Control", "no-store"});
  response.body = base::Frame::copy_of(text);
  respond(response);
}

void Connection::begin_upgrade(const Request& request, const codec::http::Target& target) {
  // What an earlier one on this connection asked for, and did not get, is of no concern.
  http_->upgrade = nullptr;
  http_->client_upgrade = nullptr;
  http_->subprotocol = {};
  std::optional<UpgradeRefusal> refused;
  if (target.segments.front() == "ws") {
    const ServerConfig& config = context_.config;
    auto upgrade = check_article_upgrade(request, target,
                                         {.origins = config.origins,
                                          .namespaces = config.namespaces,
                                          .authenticator = *config.authenticator,
                                          .now = context_.clock.wall_now()});
    if (upgrade && context_.sessions->users.is_blocked(upgrade->sender.user)) {
      refused = {403, "you are blocked", Refusal::kRights, {}};
    } else if (upgrade) {
      http_->upgrade = std::make_unique<ArticleUpgrade>(std::move(*upgrade));
    } else {
      refused = std::move(upgrade.error());
    }
  } else {
    auto upgrade = check_client_upgrade(request, context_.config.origins);
    if (upgrade) {
      http_->client_upgrade = std::make_unique<codec::ws::Upgrade>(std::move(*upgrade));
      constexpr std::array<std::string_view, 1> kSubprotocols{"centrifuge-json"};
      const std::string_view offered = request.header("sec-websocket-protocol").value_or("");
      http_->subprotocol = codec::ws::select_subprotocol(offered, kSubprotocols);
    } else {
      refused = std::move(upgrade.error());
    }
  }
  if (refused) {
    if (refused->refusal == Refusal::kOrigin) {
      context_.host.report_refused_origin(request.header("origin").value_or(""));
    }
    refuse(std::move(*refused));
    return;
  }
  if (context_.host.is_draining()) {
    refuse_busy(Refusal::kDraining, "the server is restarting");
    return;
  }
  phase_ = Phase::kJoining;  // within the deadline of the request
  const auto& hops = context_.config.trusted_hops;
  if (!hops || context_.config.limits.connections_per_ip_max == 0) {
    join();
    return;
  }
  const auto& peer = http_->arrival.peer;
  auto address = codec::http::client_address(request.header("x-forwarded-for"), *hops, peer);
  // A header that is not what the operator said counts by the socket's peer.
  const std::string group = address ? address->group : peer;
  context_.host.admit(group, [&host = context_.host, member = member_, group](bool allowed) {
    if (Connection* connection = host.find(member)) {
      connection->on_admitted(group, allowed);
    } else if (allowed) {
      host.release(group);
    }
  });
}

void Connection::on_admitted(const std::string& address, bool allowed) {
  if (allowed) admitted_ = std::make_unique<std::string>(address);
  if (doomed_ || phase_ != Phase::kJoining) return;
  if (allowed) {
    join();
    return;
  }
  refuse({429,
          "too many connections of this address (see connections-per-ip-max)",
          Refusal::kConnectionsPerIp,
          {{"Retry-After", std::string(kRetryAfterSeconds)}}});
}

void Connection::join() {
  if (http_->client_upgrade) {
    if (context_.host.is_draining()) {  // since it was admitted
      refuse_busy(Refusal::kDraining, "the server is restarting");
    } else {
      open_client();
    }
    return;
  }
  const ArticleUpgrade& upgrade = *http_->upgrade;
  context_.hub.join(
      member_, upgrade.room, article_encoding(upgrade.upgrade.compression()), upgrade.join,
      [this](base::Result<rooms::Joined> joined) { return on_joined(std::move(joined)); });
}

rooms::Hub::Answer Connection::on_joined(base::Result<rooms::Joined> joined) {
  if (doomed_) return rooms::Hub::Answer::kLeave;
  if (joined && !context_.host.is_draining()) {
    open_article(*joined);
    return rooms::Hub::Answer::kStay;
  }
  if (joined) {
    refuse_busy(Refusal::kDraining, "the server is restarting");
  } else {
    const bool limit = joined.error().code == base::ErrorCode::kLimit;
    refuse_busy(limit ? Refusal::kRooms : Refusal::kUnavailable, joined.error().message);
  }
  return rooms::Hub::Answer::kLeave;
}

void Connection::open_article(const rooms::Joined& joined) {
  const std::unique_ptr<ArticleUpgrade> upgrade = std::move(http_->upgrade);
  const auto encoding = article_encoding(upgrade->upgrade.compression());
  const model::RoomName room = upgrade->room;
  auto session = make_session(upgrade->upgrade.compression());
  upgrade->sender.client = random_id();
  session->article = std::make_unique<rooms::ArticleSession>(
      rooms::ArticleSession::Options{.room = std::move(upgrade->room),
                                     .sender = std::move(upgrade->sender),
                                     .expires_at = upgrade->expires_at,
                                     .publishing = upgrade->publishing},
      *this, *context_.sessions);
  open(upgrade->upgrade, std::move(session));
  // Bounded by the replay's own limits, and paced like everything in an outbox.
  for (const model::Publication& publication : joined.replay) {
    context_.fanout.send(member_, context_.framer.encode_one(room, publication, encoding),
                         rooms::Fanout::Bound::kOwn);
  }
  context_.metrics.replayed += joined.replay.size();
}

void Connection::open_client() {
  const std::unique_ptr<codec::ws::Upgrade> upgrade = std::move(http_->client_upgrade);
  auto session = make_session(upgrade->compression());
  const auto ping =
      std::chrono::ceil<std::chrono::seconds>(context_.config.limits.ping_interval).count();
  session->client = std::make_unique<rooms::ClientSession>(
      rooms::ClientSession::Options{.member = member_,
                                    .encoding = json_encoding(upgrade->compression()),
                                    .joins_encoding = json_joins_encoding(upgrade->compression()),
                                    .client = rooms::ClientId(random_id()),
                                    .ping_seconds = static_cast<std::uint32_t>(ping)},
      *this, *context_.sessions);
  open(*upgrade, std::move(session));  // its connect command has what is left of the deadline
}

std::unique_ptr<Connection::SessionState> Connection::make_session(
    codec::ws::Compression compression) const {
  const base::Limits& limits = context_.config.limits;
  return std::make_unique<SessionState>(SessionState{
      .parser = codec::ws::Parser(
          {.message_bytes_max = limits.message_bytes_max, .compression = compression}),
      .compression = compression,
      .article = nullptr,
      .client = nullptr,
      .messages = {{.per_second = limits.messages_per_second, .burst = limits.messages_burst},
                   context_.clock.now()},
      .ping_place = {},
      .early = nullptr,
  });
}

void Connection::open(const codec::ws::Upgrade& upgrade, std::unique_ptr<SessionState> session) {
  context_.fanout.send(member_,
                       base::Frame::copy_of(encode_upgrade_response(upgrade, http_->subprotocol)),
                       rooms::Fanout::Bound::kOwn);
  ++context_.metrics.handshakes;
  ++context_.metrics.members;
  session_ = std::move(session);
  session_->ping_place = context_.host.start_pings(member_);
  if (!http_->leftover.empty()) {
    session_->early = std::make_unique<std::string>(std::move(http_->leftover));
  }
  http_.reset();
  if (session_->article) ++deadline_serial_;  // the handshake is done in time
  phase_ = Phase::kOpen;
  context_.host.notify_flushed(member_);
}

void Connection::refuse(UpgradeRefusal refusal) {
  context_.metrics.count(refusal.refusal);
  Response response = codec::http::json_error(refusal.status, refusal.reason);
  for (auto& header : refusal.headers) response.headers.push_back(std::move(header));
  respond(response);
}

void Connection::refuse_busy(Refusal refusal, std::string_view reason) {
  http_->keep_alive = false;
  refuse({503, std::string(reason), refusal, {{"Retry-After", std::string(kRetryAfterSeconds)}}});
}

void Connection::respond(const Response& response) {
  using codec::http::KeepAlive;
  const codec::http::HeadOptions options{
      .method = http_->method,
      .keep_alive = http_->keep_alive ? KeepAlive::kYes : KeepAlive::kNo,
      .date = context_.clock.wall_now()};
  auto& fanout = context_.fanout;
  fanout.send(member_, base::Frame::copy_of(encode_head(response, options)),
              rooms::Fanout::Bound::kOwn);
  if (sends_body(response, http_->method)) {
    fanout.send(member_, response.body, rooms::Fanout::Bound::kOwn);
  }
  phase_ = Phase::kAnswering;
  http_->idle_since = context_.clock.now();
  ++deadline_serial_;
  if (!std::exchange(idle_deadline_, true)) {
    context_.host.set_deadline({member_, 0, DeadlineKind::kIdle});
  }
  context_.host.notify_flushed(member_);
}

// One request after the other: the next one is looked at when the last response has left.
void Connection::after_response() {
  if (!http_->keep_alive) {
    linger();
    return;
  }
  phase_ = Phase::kHttp;
  http_->idle_since = context_.clock.now();
  const std::string leftover = std::exchange(http_->leftover, {});
  if (!leftover.empty()) on_http_bytes(leftover);
  read_more_or_wait();
}

}  // namespace palaver::server
