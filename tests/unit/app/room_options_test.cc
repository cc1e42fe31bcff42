// SPDX-License-Identifier: Apache-2.0
// The options of rooms in the configuration file.
#include "app/room_options.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "app/config.h"
#include "tests/unit/app/config_samples.h"

namespace palaver::app {
namespace {

using rooms::Right;
using rooms::RoomOptions;

base::Result<Invocation> read_file(std::string_view text) {
  const ConfigFile file(text);
  return read({"--config", file.path()});
}

base::Result<void> set(RoomOptions& options, std::string_view key, std::string_view json) {
  return set_room_option(options, key, *codec::wire::parse_json(json));
}

struct Flag {
  std::string_view key;
  bool (*read)(const RoomOptions&);
};
const std::vector<Flag> kFlags = {
    {"presence", [](const RoomOptions& o) { return o.presence; }},
    {"join_leave", [](const RoomOptions& o) { return o.join_leave; }},
    {"force_push_join_leave", [](const RoomOptions& o) { return o.force_push_join_leave; }},
    {"force_recovery", [](const RoomOptions& o) { return o.force_recovery; }},
    {"allow_subscribe_for_client", [](const RoomOptions& o) { return o.subscribe.client; }},
    {"allow_subscribe_for_anonymous", [](const RoomOptions& o) { return o.subscribe.anonymous; }},
    {"allow_publish_for_client", [](const RoomOptions& o) { return o.publish.client; }},
    {"allow_publish_for_subscriber", [](const RoomOptions& o) { return o.publish.subscriber; }},
    {"allow_publish_for_anonymous", [](const RoomOptions& o) { return o.publish.anonymous; }},
    {"allow_presence_for_client", [](const RoomOptions& o) { return o.read_presence.client; }},
    {"allow_presence_for_subscriber",
     [](const RoomOptions& o) { return o.read_presence.subscriber; }},
    {"allow_presence_for_anonymous",
     [](const RoomOptions& o) { return o.read_presence.anonymous; }},
    {"allow_history_for_client", [](const RoomOptions& o) { return o.read_history.client; }},
    {"allow_history_for_subscriber",
     [](const RoomOptions& o) { return o.read_history.subscriber; }},
    {"allow_history_for_anonymous", [](const RoomOptions& o) { return o.read_history.anonymous; }},
};

TEST(RoomOptions, EachFlagSetsItsOwnFieldAlone) {
  const RoomOptions untouched;
  for (const Flag& flag : kFlags) {
    RoomOptions options;
    const bool other = !flag.read(untouched);
    ASSERT_TRUE(set(options, flag.key, other ? "true" : "false")) << flag.key;
    for (const Flag& each : kFlags) {
      EXPECT_EQ(each.read(options) != each.read(untouched), each.key == flag.key)
          << flag.key << ' ' << each.key;
    }
    for (const std::string_view wrong : {"1", "\"true\"", "null", "{}", "[]"}) {
      EXPECT_EQ(set(options, flag.key, wrong).error().message, "expected true or false");
    }
  }
}

TEST(RoomOptions, HistoryHasItsBounds) {
  RoomOptions options;
  EXPECT_TRUE(set(options, "history_size", "0"));
  EXPECT_EQ(options.history_size, 0U);
  EXPECT_TRUE(set(options, "history_size", "4294967295"));
  EXPECT_EQ(options.history_size, 4294967295U);
  for (const std::string_view wrong : {"-1", "4294967296", "1.5", "\"1\"", "true"}) {
    EXPECT_FALSE(set(options, "history_size", wrong)) << wrong;
  }
  EXPECT_TRUE(set(options, "history_ttl", "\"1s\""));
  EXPECT_EQ(options.history_ttl, std::chrono::seconds{1});
  EXPECT_TRUE(set(options, "history_meta_ttl", "\"3650d\""));
  EXPECT_EQ(options.history_meta_ttl, std::chrono::hours{24 * 3650});
  for (const std::string_view key : {"history_ttl", "history_meta_ttl"}) {
    for (const std::string_view wrong : {"\"999ms\"", "\"3651d\"", "60", "\"soon\"", "true"}) {
      EXPECT_FALSE(set(options, key, wrong)) << key << wrong;
    }
  }
  EXPECT_EQ(set(options, "history", "1").error().code, base::ErrorCode::kNotFound);
}

TEST(RoomOptions, ComeFromTheFile) {
  const auto invocation = read_file(R"({"channel":{
      "without_namespace":{"presence":false,"history_size":5},
      "namespaces":[{"name":"a","join_leave":false},{"name":"b","history_size":7}]}})");
  ASSERT_TRUE(invocation) << invocation.error().message;
  const Config& config = invocation->config;
  EXPECT_FALSE(config.without_namespace.presence);
  EXPECT_EQ(config.limits.history_entries_max, 5U) << "it has a flag, too";
  ASSERT_EQ(config.namespaces.size(), 2U);
  EXPECT_EQ(config.namespaces[0].first, "a");
  EXPECT_FALSE(config.namespaces[0].second.join_leave);
  EXPECT_TRUE(config.namespaces[0].second.presence) << "namespaces do not inherit";
  EXPECT_EQ(config.namespaces[1].second.history_size, 7U);
}

TEST(RoomOptions, MistakesInTheFileAreNamed) {
  const auto message = [](std::string_view text) {
    const auto invocation = read_file(text);
    EXPECT_FALSE(invocation) << text;
    if (invocation) return std::string();
    const std::string& all = invocation.error().message;
    // Without the name of the file, which is another each time.
    const std::size_t from = all.find(" in ");
    const std::size_t to = all.find(": ", from);
    return all.substr(0, from) + all.substr(to);
  };
  EXPECT_EQ(message(R"({"channel":{"without_namespace":{"presense":true}}})"),
            R"("channel.without_namespace.presense": there is no such key)");
  EXPECT_EQ(message(R"({"channel":{"without_namespace":{"presence":1}}})"),
            R"("channel.without_namespace.presence": expected true or false)");
  EXPECT_EQ(message(R"({"channel":{"namespaces":{}}})"),
            R"("channel.namespaces": expected an array of objects)");
  EXPECT_EQ(message(R"({"channel":{"namespaces":[{"name":"a"},5]}})"),
            R"("channel.namespaces": entry 1: expected an object)");
  EXPECT_EQ(message(R"({"channel":{"namespaces":[{"name":"a","x":1}]}})"),
            R"("channel.namespaces": entry 0: "x": there is no such key)");
  EXPECT_EQ(message(R"({"channel":{"namespaces":[{"name":5}]}})"),
            R"("channel.namespaces": entry 0: "name": there is no such key)");
}

}  // namespace
}  // namespace palaver::app
