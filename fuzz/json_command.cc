// SPDX-License-Identifier: Apache-2.0
// Frames of commands in JSON. A line that is taken is taken again as it stands inside another text,
// its payload is JSON on one line, and none of them breaks out of the reply it is put into.
#include "codec/wire/json_command.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/check.h"
#include "base/utf8.h"
#include "codec/wire/json.h"
#include "codec/wire/json_reply.h"
#include "codec/wire/raw_json.h"

namespace {

namespace wire = palaver::codec::wire;

const std::string* payload_of(const wire::Request& request) {
  if (const auto* publish = std::get_if<wire::PublishRequest>(&request)) return &publish->data;
  if (const auto* rpc = std::get_if<wire::RpcRequest>(&request)) return &rpc->data;
  if (const auto* send = std::get_if<wire::SendRequest>(&request)) return &send->data;
  if (const auto* subscribe = std::get_if<wire::SubscribeRequest>(&request)) {
    return &subscribe->data;
  }
  if (const auto* connect = std::get_if<wire::ConnectRequest>(&request)) return &connect->data;
  return nullptr;
}

void check_payload(std::string_view payload) {
  CHECK(payload.find_first_of("\r\n") == std::string_view::npos, "a payload is on one line");
  CHECK(wire::parse_json(payload), "a payload is JSON");
  palaver::model::Publication publication;
  publication.offset = {1};
  publication.data = palaver::base::Frame::copy_of(payload);
  const std::string line = wire::json_publication_push("room", publication);
  // One level of nesting more at either side may be the one too many.
  const auto push = wire::RawJson::parse(line);
  if (!push) return;
  const auto data = push->member("push")->member("pub")->member("data");
  CHECK(data && data->text() == payload, "a payload comes out as it went in");
}

void check_line(std::string_view line) {
  const bool json = wire::parse_json(line).has_value();
  CHECK(json == wire::RawJson::parse(line).has_value(), "both parsers judge alike");
  const auto command = wire::decode_json_command(line);
  if (!command) return;
  CHECK(json, "a command is JSON");
  const std::string* payload = payload_of(command->request);
  if (payload != nullptr && !payload->empty()) check_payload(*payload);
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  std::string_view frame(reinterpret_cast<const char*>(bytes), size);
  if (!palaver::base::is_valid_utf8(frame)) return 0;  // the WebSocket codec has seen to it
  while (const auto line = wire::next_line(frame)) check_line(*line);
  return 0;
}
