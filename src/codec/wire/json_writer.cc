// SPDX-License-Identifier: Apache-2.0
#include "codec/wire/json_writer.h"

namespace palaver::codec::wire {

ClientInfo info_of(const model::Sender& member) {
  return {.user = member.user.value,
          .client = member.client,
          .conn_info = member.info,
          .chan_info = member.room_info};
}

void write_json(std::string& out, const ClientInfo& info) {
  JsonWriter w(out);
  w.always_string("user", info.user);
  w.always_string("client", info.client);
  w.raw("conn_info", info.conn_info);
  w.raw("chan_info", info.chan_info);
}

void write_json(std::string& out, const model::Publication& publication) {
  JsonWriter w(out);
  w.raw("data", publication.data.view());
  const model::Sender& sender = publication.sender;
  if (!sender.user.value.empty() || !sender.client.empty()) {
    write_json(w.value_of("info"), info_of(sender));
  }
  w.number("offset", publication.offset.value);
  w.raw("tags", publication.tags);
}

void write_publications(std::string& out, const std::vector<model::Publication>& publications) {
  write_json_array(out, publications, [](std::string& text, const model::Publication& each) {
    write_json(text, each);
  });
}

void write_json(std::string& out, const PresenceResult& result) {
  JsonWriter w(out);
  JsonWriter presence(w.value_of("presence"));
  for (const auto& [client, info] : result.presence) {
    write_json(presence.value_of_text(client), info);
  }
}

void write_json(std::string& out, const PresenceStatsResult& result) {
  JsonWriter w(out);
  w.always_number("num_clients", result.num_clients);
  w.always_number("num_users", result.num_users);
}

void write_json(std::string& out, const HistoryResult& result) {
  JsonWriter w(out);
  write_publications(w.value_of("publications"), result.publications);
  w.always_string("epoch", result.position.epoch.value);
  w.always_number("offset", result.position.offset.value);
}

}  // namespace palaver::codec::wire
