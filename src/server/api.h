// SPDX-License-Identifier: Apache-2.0
// Api: the server's half of the HTTP API: what a backend asks for is done by the same parts that
// serve clients, with a moderator's rights. It knows no socket and no HTTP; the connection checks
// the key. One a shard, used on its thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/strong.h"
#include "broker/node_survey.h"
#include "codec/wire/api_reply.h"
#include "codec/wire/api_request.h"
#include "rooms/session_services.h"

namespace palaver::server {

class Api {
 public:
  using Done = std::move_only_function<void(std::string json)>;

  // Both outlive it, and are there before the first call.
  Api(base::ShardId shard, const rooms::SessionServices& services, broker::NodeSurvey& survey)
      : shard_(shard), services_(services), survey_(survey) {}
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  // One request, POST /api/<method>; `method` is one of api_methods(). `done` may come at once.
  void handle(std::string_view method, std::string_view body, Done done);

 private:
  using Outcome = codec::wire::ApiOutcome;
  using OutcomeDone = std::move_only_function<void(Outcome)>;
  struct BatchRun;
  struct BroadcastRun;

  void run(const codec::wire::ApiCommand& command, OutcomeDone done);
  void run_batch(std::unique_ptr<BatchRun> batch);
  void run_broadcast(std::unique_ptr<BroadcastRun> broadcast);

  void on(const codec::wire::ApiPublish& request, OutcomeDone done);
  void on(const codec::wire::ApiBroadcast& request, OutcomeDone done);
  void on(const codec::wire::ApiSubscribe& request, OutcomeDone done);
  void on(const codec::wire::ApiUnsubscribe& request, OutcomeDone done);
  void on(const codec::wire::ApiDisconnect& request, OutcomeDone done);
  void on(const codec::wire::ApiRefresh& request, OutcomeDone done);
  void on(const codec::wire::ApiPresence& request, OutcomeDone done);
  void on(const codec::wire::ApiPresenceStats& request, OutcomeDone done);
  void on(const codec::wire::ApiHistory& request, OutcomeDone done);
  void on(const codec::wire::ApiHistoryRemove& request, OutcomeDone done);
  void on(const codec::wire::ApiChannels& request, OutcomeDone done);
  void on(const codec::wire::ApiInfo& request, OutcomeDone done);
  void on(const codec::wire::ApiBlockUser& request, OutcomeDone done);
  void on(const codec::wire::ApiUnblockUser& request, OutcomeDone done);
  void on(const codec::wire::ApiSend& request, OutcomeDone done);

  // False: there is no such room, and `done` was told.
  [[nodiscard]] bool check_channel(const std::string& channel, OutcomeDone& done) const;
  void publish(const std::string& channel, const codec::wire::ApiPayload& payload,
               OutcomeDone done);
  void command_nodes(broker::NodeCommand command, OutcomeDone done);

  const base::ShardId shard_;
  const rooms::SessionServices& services_;
  broker::NodeSurvey& survey_;
};

}  // namespace palaver::server
