// SPDX-License-Identifier: Apache-2.0
#include "app/room_options.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>

#include "app/values.h"

namespace palaver::app {

namespace {

using codec::wire::JsonValue;
using rooms::Right;
using rooms::RoomOptions;

constexpr std::chrono::milliseconds kTtlLeast{1'000};
constexpr std::chrono::milliseconds kTtlMost = std::chrono::hours{24 * 3650};

std::unexpected<base::Error> expected(std::string_view what) {
  return base::fail(base::ErrorCode::kInvalidArgument, "expected " + std::string(what));
}

template <bool RoomOptions::* Member>
base::Result<void> set_flag(RoomOptions& options, const JsonValue& value) {
  if (!value.is_bool()) return expected("true or false");
  options.*Member = value.get_bool();
  return {};
}

template <Right RoomOptions::* Member, bool Right::* Who>
base::Result<void> set_right(RoomOptions& options, const JsonValue& value) {
  if (!value.is_bool()) return expected("true or false");
  options.*Member.*Who = value.get_bool();
  return {};
}

base::Result<void> set_size(RoomOptions& options, const JsonValue& value) {
  constexpr std::int64_t kMost = std::numeric_limits<std::uint32_t>::max();
  if (!value.is_int64() || value.get_int64() < 0 || value.get_int64() > kMost) {
    return expected("a whole number from 0 to " + std::to_string(kMost));
  }
  options.history_size = static_cast<std::uint32_t>(value.get_int64());
  return {};
}

template <std::chrono::milliseconds RoomOptions::* Member>
base::Result<void> set_time(RoomOptions& options, const JsonValue& value) {
  if (!value.is_string()) return expected("a time like \"30s\" or \"7d\"");
  const auto time = parse_duration(std::string(value.get_string()), kTtlLeast, kTtlMost);
  if (!time) return std::unexpected(time.error());
  options.*Member = *time;
  return {};
}

struct Row {
  std::string_view key;
  base::Result<void> (*set)(RoomOptions&, const JsonValue&);
};

constexpr std::array kRows{
    Row{"presence", set_flag<&RoomOptions::presence>},
    Row{"join_leave", set_flag<&RoomOptions::join_leave>},
    Row{"force_push_join_leave", set_flag<&RoomOptions::force_push_join_leave>},
    Row{"force_recovery", set_flag<&RoomOptions::force_recovery>},
    Row{"history_size", set_size},
    Row{"history_ttl", set_time<&RoomOptions::history_ttl>},
    Row{"history_meta_ttl", set_time<&RoomOptions::history_meta_ttl>},
    Row{"allow_subscribe_for_client", set_right<&RoomOptions::subscribe, &Right::client>},
    Row{"allow_subscribe_for_anonymous", set_right<&RoomOptions::subscribe, &Right::anonymous>},
    Row{"allow_publish_for_client", set_right<&RoomOptions::publish, &Right::client>},
    Row{"allow_publish_for_subscriber", set_right<&RoomOptions::publish, &Right::subscriber>},
    Row{"allow_publish_for_anonymous", set_right<&RoomOptions::publish, &Right::anonymous>},
    Row{"allow_presence_for_client", set_right<&RoomOptions::read_presence, &Right::client>},
    Row{"allow_presence_for_subscriber",
        set_right<&RoomOptions::read_presence, &Right::subscriber>},
    Row{"allow_presence_for_anonymous", set_right<&RoomOptions::read_presence, &Right::anonymous>},
    Row{"allow_history_for_client", set_right<&RoomOptions::read_history, &Right::client>},
    Row{"allow_history_for_subscriber", set_right<&RoomOptions::read_history, &Right::subscriber>},
    Row{"allow_history_for_anonymous", set_right<&RoomOptions::read_history, &Right::anonymous>},
};

base::Result<std::pair<std::string, RoomOptions>> read_namespace(const JsonValue& value) {
  if (!value.is_object()) return expected("an object");
  std::pair<std::string, RoomOptions> read;
  for (const auto& member : value.get_object()) {
    const std::string key(member.key());
    if (key == "name" && member.value().is_string()) {
      read.first = std::string(member.value().get_string());
      continue;
    }
    if (auto set = set_room_option(read.second, key, member.value()); !set) {
      return base::fail(set.error().code, '"' + key + "\": " + set.error().message);
    }
  }
  return read;
}

}  // namespace

base::Result<void> set_room_option(RoomOptions& options, std::string_view key,
                                   const JsonValue& value) {
  const auto row = std::ranges::find(kRows, key, &Row::key);
  if (row == kRows.end()) return base::fail(base::ErrorCode::kNotFound, "there is no such key");
  return row->set(options, value);
}

base::Result<NamedOptions> read_namespaces(const JsonValue& value) {
  if (!value.is_array()) return expected("an array of objects");
  NamedOptions all;
  for (const JsonValue& entry : value.get_array()) {
    auto read = read_namespace(entry);
    if (!read) {
      return base::fail(read.error().code,
                        "entry " + std::to_string(all.size()) + ": " + read.error().message);
    }
    all.push_back(std::move(*read));
  }
  return all;
}

}  // namespace palaver::app
