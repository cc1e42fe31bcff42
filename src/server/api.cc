// SPDX-License-Identifier: Apache-2.0
#include "server/api.h"

#include <algorithm>
#include <optional>
#include <variant>
#include <vector>

#include "base/json_text.h"
#include "base/limits.h"
#include "chat/act.h"
#include "codec/wire/json_writer.h"

namespace palaver::server {

using namespace codec::wire;  // NOLINT(google-build-using-namespace): this file's vocabulary

namespace {

using Reports = std::vector<broker::NodeReport>;

ApiError error_of(const base::Error& error) {
  switch (error.code) {
    case base::ErrorCode::kLimit:
      return {kErrorLimitExceeded.code, error.message};
    case base::ErrorCode::kInvalidArgument:
      return {kErrorBadRequest.code, error.message};
    default:
      return api_error(kErrorInternal);
  }
}

std::string tags_text(const std::map<std::string, std::string>& tags) {
  if (tags.empty()) return {};
  return json_object([&](JsonWriter& w) {
    for (const auto& [name, value] : tags) {
      base::append_json_string(w.value_of_text(name), value);
    }
  });
}

std::unexpected<ApiError> failed(const CommandError& error) {
  return std::unexpected(api_error(error));
}

// For calls that give nothing but their success.
broker::Completion<void> empty_result(std::move_only_function<void(ApiOutcome)> done) {
  return [done = std::move(done)](const base::Result<void>& result) mutable {
    if (result) {
      done(ApiDone{});
    } else {
      done(std::unexpected(error_of(result.error())));
    }
  };
}

broker::Whom whom_of(const ApiTarget& target) {
  return {.user = {target.user}, .client = target.client, .session = target.session};
}

// Zero is never.
std::optional<std::int64_t> expiry_of(std::int64_t expire_at) {
  if (expire_at == 0) return std::nullopt;
  return expire_at;
}

}  // namespace

// Commands of a batch, one after the other.
struct Api::BatchRun {
  ApiBatch batch;
  std::vector<ApiBatchReply> replies;
  Done done;
};

struct Api::BroadcastRun {
  ApiBroadcast request;
  ApiBroadcastResult result;
  OutcomeDone done;
};

void Api::handle(std::string_view method, std::string_view body, Done done) {
  auto request = decode_api_request(method, body);
  if (!request) {
    done(api_reply(std::unexpected(request.error())));
  } else if (auto* batch = std::get_if<ApiBatch>(&*request)) {
    auto task = std::make_unique<BatchRun>(BatchRun{std::move(*batch), {}, std::move(done)});
    run_batch(std::move(task));
  } else {
    run(std::get<ApiCommand>(*request),
        [done = std::move(done)](const Outcome& outcome) mutable { done(api_reply(outcome)); });
  }
}

void Api::run(const ApiCommand& command, OutcomeDone done) {
  std::visit([&](const auto& request) { on(request, std::move(done)); }, command);
}

// A command that is answered at once, or has an error, makes no deeper stack than kApiBatchMax.
void Api::run_batch(std::unique_ptr<BatchRun> batch) {
  const std::size_t next = batch->replies.size();
  if (next == batch->batch.commands.size()) {
    batch->done(api_batch_reply(batch->replies));
    return;
  }
  const auto command = std::move(batch->batch.commands[next]);
  if (!command) {
    batch->replies.push_back({.method = {}, .outcome = std::unexpected(command.error())});
    run_batch(std::move(batch));
    return;
  }
  run(*command,
      [this, method = api_method(*command), batch = std::move(batch)](Outcome outcome) mutable {
        batch->replies.push_back({.method = method, .outcome = std::move(outcome)});
        run_batch(std::move(batch));
      });
}

bool Api::check_channel(const std::string& channel, OutcomeDone& done) const {
  if (services_.namespaces.find(channel) != nullptr) return true;
  done(failed(kErrorUnknownChannel));
  return false;
}

void Api::on(const ApiPublish& request, OutcomeDone done) {
  publish(request.channel, request.payload, std::move(done));
}

void Api::publish(const std::string& channel, const ApiPayload& payload, OutcomeDone done) {
  if (!check_channel(channel, done)) return;
  std::string tags = tags_text(payload.tags);
  if (payload.data.size() + tags.size() > base::kPublicationBytesMax) {
    done(std::unexpected(ApiError{kErrorLimitExceeded.code, "data and tags are too large"}));
    return;
  }
  auto act = chat::read_act(payload.data);
  if (act && act->kind == chat::Kind::kGone) act = std::unexpected(kErrorServersKind);
  if (act && act->target.value > 0 && services_.namespaces.find(channel)->history_size == 0) {
    act = std::unexpected(kErrorNothingKept);
  }
  if (!act) {
    done(failed(act.error()));
    return;
  }
  using model::Retention;
  services_.publisher.publish(
      {channel}, {.sender = {}, .role = auth::Role::kModerator},
      {.act = std::move(*act),
       .data = base::Frame::copy_of(payload.data),
       .id = payload.idempotency_key,
       .tags = std::move(tags),
       .retention = payload.skip_history ? Retention::kEphemeral : Retention::kHistory},
      [done = std::move(done)](chat::Publisher::Outcome outcome) mutable {
        if (outcome) {
          done(ApiPublishResult{std::move(outcome->position)});
        } else {
          done(failed(outcome.error()));
        }
      });
}

void Api::on(const ApiBroadcast& request, OutcomeDone done) {
  run_broadcast(
      std::make_unique<BroadcastRun>(BroadcastRun{request, ApiBroadcastResult{}, std::move(done)}));
}

void Api::run_broadcast(std::unique_ptr<BroadcastRun> broadcast) {
  const std::size_t next = broadcast->result.responses.size();
  if (next == broadcast->request.channels.size()) {
    broadcast->done(std::move(broadcast->result));
    return;
  }
  const BroadcastRun& now = *broadcast;
  publish(now.request.channels[next], now.request.payload,
          [this, broadcast = std::move(broadcast)](Outcome outcome) mutable {
            auto& responses = broadcast->result.responses;
            if (outcome) {
              responses.emplace_back(std::get<ApiPublishResult>(std::move(*outcome)));
            } else {
              responses.emplace_back(std::unexpected(std::move(outcome.error())));
            }
            run_broadcast(std::move(broadcast));
          });
}

void Api::command_nodes(broker::NodeCommand command, OutcomeDone done) {
  services_.bus.send(std::move(command), empty_result(std::move(done)));
}

void Api::on(const ApiSubscribe& request, OutcomeDone done) {
  if (!check_channel(request.channel, done)) return;
  const ApiSubscribeOverride& other = request.override;
  if (other.presence || other.join_leave || other.force_push_join_leave ||
      other.force_positioning || other.force_recovery) {
    done(failed(kErrorNotAvailable));
    return;
  }
  command_nodes(broker::SubscribeCommand{.whom = whom_of(request.target),
                                         .room = {request.channel},
                                         .info = request.info,
                                         .data = request.data,
                                         .expires_at = expiry_of(request.expire_at),
                                         .since = request.recover_since},
                std::move(done));
}

void Api::on(const ApiUnsubscribe& request, OutcomeDone done) {
  broker::UnsubscribeCommand command;
  command.whom = whom_of(request.target);
  command.room = {request.channel};
  command_nodes(std::move(command), std::move(done));
}

void Api::on(const ApiDisconnect& request, OutcomeDone done) {
  broker::DisconnectCommand command;
  command.whom = whom_of(request.target);
  command.spared = request.whitelist;
  if (request.disconnect) {
    command.code = request.disconnect->code;
    command.reason = request.disconnect->reason;
  }
  command_nodes(std::move(command), std::move(done));
}

void Api::on(const ApiRefresh& request, OutcomeDone done) {
  command_nodes(broker::RefreshCommand{.whom = whom_of(request.target),
                                       .expired = request.expired,
                                       .expires_at = expiry_of(request.expire_at),
                                       .info = request.info},
                std::move(done));
}

void Api::on(const ApiPresence& request, OutcomeDone done) {
  if (!check_channel(request.channel, done)) return;
  services_.presence.members(
      {request.channel},
      [done = std::move(done)](base::Result<std::vector<model::Sender>> members) mutable {
        if (members) {
          done(rooms::in_words(*members));
        } else {
          done(std::unexpected(error_of(members.error())));
        }
      });
}

void Api::on(const ApiPresenceStats& request, OutcomeDone done) {
  if (!check_channel(request.channel, done)) return;
  services_.presence.stats(
      {request.channel},
      [done = std::move(done)](const base::Result<broker::PresenceStats>& stats) mutable {
        if (stats) {
          done(rooms::in_words(*stats));
        } else {
          done(std::unexpected(error_of(stats.error())));
        }
      });
}

void Api::on(const ApiHistory& request, OutcomeDone done) {
  if (!check_channel(request.channel, done)) return;
  services_.broker.history(
      {request.channel},
      rooms::history_query(request.since, request.limit, request.reverse,
                           base::kApiHistoryEntriesMax, base::kApiReplyBytesMax),
      [since = request.since,
       done = std::move(done)](base::Result<broker::History> history) mutable {
        if (!history) {
          done(std::unexpected(error_of(history.error())));
        } else if (rooms::is_foreign(since, history->top)) {
          done(failed(kErrorUnrecoverablePosition));
        } else {
          done(HistoryResult{std::move(history->top), std::move(history->entries)});
        }
      });
}

void Api::on(const ApiHistoryRemove& request, OutcomeDone done) {
  if (!check_channel(request.channel, done)) return;
  services_.broker.remove_history({request.channel}, empty_result(std::move(done)));
}

void Api::on(const ApiChannels& request, OutcomeDone done) {
  survey_.ask(shard_, {.rooms = request.pattern},
              [done = std::move(done)](const base::Result<Reports>& reports) mutable {
                if (!reports) {
                  done(std::unexpected(error_of(reports.error())));
                  return;
                }
                ApiChannelsResult result;
                bool too_many = false;
                for (const broker::NodeReport& report : *reports) {
                  too_many = too_many || report.too_many_rooms;
                  for (const auto& [room, members] : report.rooms) {
                    result.num_clients[room.value] += members;
                  }
                }
                if (too_many || result.num_clients.size() > base::kApiChannelsMax) {
                  done(std::unexpected(
                      ApiError{kErrorLimitExceeded.code, "too many channels: name a pattern"}));
                } else {
                  done(std::move(result));
                }
              });
}

void Api::on(const ApiInfo& /*request*/, OutcomeDone done) {
  survey_.ask(shard_, {.rooms = std::nullopt},
              [done = std::move(done)](const base::Result<Reports>& reports) mutable {
                if (!reports) {
                  done(std::unexpected(error_of(reports.error())));
                  return;
                }
                ApiInfoResult result;
                for (const broker::NodeReport& report : *reports) {
                  result.nodes.push_back({.uid = report.uid,
                                          .name = report.name,
                                          .version = report.version,
                                          .num_clients = report.clients,
                                          .num_users = report.users,
                                          .num_subs = report.subscriptions,
                                          .num_channels = report.room_count,
                                          .uptime = report.uptime_seconds});
                }
                done(std::move(result));
              });
}

void Api::on(const ApiBlockUser& request, OutcomeDone done) {
  command_nodes(broker::BlockCommand{.user = {request.user}, .until = expiry_of(request.expire_at)},
                std::move(done));
}

void Api::on(const ApiUnblockUser& request, OutcomeDone done) {
  command_nodes(broker::UnblockCommand{.user = {request.user}}, std::move(done));
}

void Api::on(const ApiSend& request, OutcomeDone done) {
  command_nodes(broker::SendCommand{.whom = whom_of(request.target), .data = request.data},
                std::move(done));
}

}  // namespace palaver::server
