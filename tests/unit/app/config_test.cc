// SPDX-License-Identifier: Apache-2.0
// read_invocation beside its options: the file and what can be wrong with it, flags that are no
// options, Cloud Run's PORT, help and version.
#include "app/config.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "app/version.h"
#include "tests/unit/app/config_samples.h"

namespace palaver::app {
namespace {

// The error of reading a file with this text; "" when there is none.
std::string file_error(std::string_view text) {
  const ConfigFile file(text);
  const auto invocation = read({"--config", file.path()});
  if (invocation) return "";
  EXPECT_EQ(invocation.error().code, base::ErrorCode::kInvalidArgument);
  std::string message = invocation.error().message;
  const std::size_t at = message.find(file.path());
  EXPECT_NE(at, std::string::npos) << message;
  if (at != std::string::npos) message.replace(at, file.path().size(), "FILE");
  return message;
}

TEST(Config, WithoutAnythingItServesTheDefaults) {
  const auto invocation = read({});
  ASSERT_TRUE(invocation);
  EXPECT_EQ(invocation->action, Action::kServe);
  EXPECT_EQ(text_of(invocation->config), text_of(Config{}));
}

TEST(Config, CheckConfigOnlyChecks) {
  const auto good = read({"--check-config", "--port=1"});
  ASSERT_TRUE(good);
  EXPECT_EQ(good->action, Action::kCheckConfig);
  EXPECT_EQ(good->config.port, 1);
  EXPECT_FALSE(read({"--check-config", "--port=x"}));
}

TEST(Config, HelpAndVersionAreTexts) {
  for (const char* flag : {"--help", "-h"}) {
    const auto help = read({flag});
    ASSERT_TRUE(help);
    EXPECT_EQ(help->action, Action::kShowText);
    EXPECT_TRUE(help->text.starts_with("Palaver: ")) << help->text;
    EXPECT_TRUE(help->text.ends_with('\n'));
  }
  const auto version = read({"--version"});
  ASSERT_TRUE(version);
  EXPECT_EQ(version->action, Action::kShowText);
  EXPECT_EQ(version->text, version_text() + "\n");
}

TEST(Config, FlagsThatAreNoOptionsAreErrorsThatNameThem) {
  for (const std::string flag :
       {"--prot=8080", "--PORT=8080", "--port-x", "-p", "serve", "--io_x"}) {
    const auto invocation = read({flag});
    ASSERT_FALSE(invocation) << flag;
    EXPECT_EQ(invocation.error().code, base::ErrorCode::kInvalidArgument);
    const std::string name = flag.substr(0, flag.find('='));
    EXPECT_NE(invocation.error().message.find(name), std::string::npos)
        << invocation.error().message;
  }
}

TEST(Config, AFlagWithoutItsValueIsAnErrorThatNamesIt) {
  for (const std::string flag : {"--port", "--config", "--allowed-origins"}) {
    const auto invocation = read({flag});
    ASSERT_FALSE(invocation) << flag;
    EXPECT_NE(invocation.error().message.find(flag), std::string::npos)
        << invocation.error().message;
  }
}

TEST(Config, PortOfTheEnvironmentIsCloudRuns) {
  EXPECT_EQ(read({}, {{"PORT", "9000"}})->config.port, 9000);
  EXPECT_EQ(read({}, {{"PORT", ""}})->config.port, 8080);
  EXPECT_EQ(read({}, {{"PORT", "9000"}, {"PALAVER_PORT", "9001"}})->config.port, 9001);
  EXPECT_EQ(read({"--port=9002"}, {{"PORT", "9000"}})->config.port, 9002);
  const auto wrong = read({}, {{"PORT", "http"}});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().message, "PORT: expected a whole number from 0 to 65535, got 'http'");
  const ConfigFile file(R"({"http_server":{"port":9003}})");
  EXPECT_EQ(read({"--config", file.path()})->config.port, 9003);
  EXPECT_EQ(read({"--config", file.path()}, {{"PORT", "9000"}})->config.port, 9000);
}

TEST(Config, VariablesThatAreNoOptionsAreNotLookedAt) {
  EXPECT_EQ(text_of(read({}, {{"PALAVER_NOTHING", "x"}, {"HOST", "x"}, {"port", "1"}})->config),
            text_of(Config{}));
}

TEST(Config, TheFileHasManyOptionsAtOnce) {
  const ConfigFile file(R"({
    "http_server": {"port": 9000, "address": "127.0.0.1", "internal_port": 9001},
    "client": {"allowed_origins": ["https://a.example", "https://*.example.org"],
               "connection_limit": 5},
    "channel": {"without_namespace": {"history_size": 7, "history_ttl": "90s"}},
    "messages_per_second": 0.125,
    "shutdown": {"timeout": "2s"},
    "log": {"format": "json", "level": "warn"}
  })");
  const auto invocation = read({"--config", file.path()});
  ASSERT_TRUE(invocation) << invocation.error().message;
  const Config& config = invocation->config;
  EXPECT_EQ(config.port, 9000);
  EXPECT_EQ(config.host, "127.0.0.1");
  EXPECT_EQ(config.admin_port, 9001);
  EXPECT_TRUE(is_allowed(config.origins.judge("https://b.example.org", "server.example")));
  EXPECT_EQ(config.limits.connections_max, 5U);
  EXPECT_EQ(config.limits.history_entries_max, 7U);
  EXPECT_EQ(config.limits.history_age_max, std::chrono::seconds{90});
  EXPECT_EQ(config.limits.messages_per_second, 0.125);
  EXPECT_EQ(config.limits.drain, std::chrono::seconds{2});
  EXPECT_EQ(config.log_format, base::Logger::Format::kJson);
  EXPECT_EQ(config.log_level, base::Severity::kWarning);
}

TEST(Config, NumbersOfTheFileAreNotRounded) {
  const ConfigFile small(R"({"messages_per_second": 0.00000123})");
  EXPECT_EQ(read({"--config", small.path()})->config.limits.messages_per_second, 0.00000123);
  EXPECT_EQ(file_error(R"({"http_server":{"port":80.5}})"),
            "\"http_server.port\" in FILE: expected a whole number from 0 to 65535, got '80.5'");
  EXPECT_EQ(file_error(R"({"messages_per_second":-0.5})"),
            "\"messages_per_second\" in FILE: expected a number above 0, got '-0.5'");
  EXPECT_NE(file_error(R"({"messages_per_second":1e999})"), "");
  EXPECT_NE(file_error(R"({"http_server":{"port":1e300}})"), "");
  EXPECT_NE(file_error(R"({"rooms_max":-1})"), "");
  EXPECT_NE(file_error(R"({"rooms_max":18446744073709551615})"), "");
}

TEST(Config, UnknownKeysAreErrorsThatNameThem) {
  EXPECT_EQ(file_error(R"({"prot":1})"), "\"prot\" in FILE: there is no such key");
  EXPECT_EQ(file_error(R"({"http_server":{"prot":1}})"),
            "\"http_server.prot\" in FILE: there is no such key");
  EXPECT_EQ(file_error(R"({"http_server":5})"), "\"http_server\" in FILE: there is no such key");
  EXPECT_EQ(file_error(R"({"http_server":[]})"), "\"http_server\" in FILE: there is no such key");
  EXPECT_EQ(file_error(R"({"http":{"port":1}})"), "\"http\" in FILE: there is no such key");
  EXPECT_EQ(file_error(R"({"":1})"), "\"\" in FILE: there is no such key");
  EXPECT_EQ(file_error(R"({"channel":{"without_namespace":{"x":1}}})"),
            "\"channel.without_namespace.x\" in FILE: there is no such key");
  EXPECT_EQ(file_error(R"({"http_server":{}})"), "");
  EXPECT_EQ(file_error("{}"), "");
}

TEST(Config, AFileThatIsNoJsonObjectIsAnError) {
  EXPECT_TRUE(file_error("").starts_with("--config: FILE: JSON: "));
  EXPECT_TRUE(file_error("port: 8080").starts_with("--config: FILE: JSON: "));
  EXPECT_TRUE(file_error("{\"rooms_max\":1").starts_with("--config: FILE: JSON: "));
  EXPECT_TRUE(file_error("{}{}").ends_with(" at byte 2"));
  EXPECT_TRUE(file_error("{\"\xFF\":1}").starts_with("--config: FILE: JSON: "));
  for (const std::string_view text : {"[]", "5", "null", "\"x\""}) {
    EXPECT_EQ(file_error(text), "--config: FILE is not an object");
  }
}

TEST(Config, AFileThatIsTooLargeIsAnError) {
  const auto padded = [](std::size_t size) { return "{}" + std::string(size - 2, ' '); };
  EXPECT_EQ(file_error(padded(base::kConfigFileBytesMax)), "");
  EXPECT_EQ(file_error(padded(base::kConfigFileBytesMax + 1)), "--config: FILE is too large");
}

TEST(Config, AFileThatIsNotThereIsAnErrorThatNamesWhoSaidSo) {
  const std::string missing = testing::TempDir() + "palaver_there_is_no_such_file";
  EXPECT_EQ(read({"--config", missing}).error().message, "--config: cannot read " + missing);
  EXPECT_EQ(read({}, {{"PALAVER_CONFIG", missing}}).error().message,
            "PALAVER_CONFIG: cannot read " + missing);
  EXPECT_TRUE(read({}, {{"PALAVER_CONFIG", ""}})) << "empty: none";
  EXPECT_FALSE(read({"--config", testing::TempDir()})) << "a folder";
}

TEST(Config, TheFlagsFileComesInsteadOfTheEnvironments) {
  const ConfigFile mine(R"({"rooms_max":1})");
  const ConfigFile other(R"({"rooms_max":2,"connections_per_ip_max":3})");
  const auto invocation = read({"--config", mine.path()}, {{"PALAVER_CONFIG", other.path()}});
  ASSERT_TRUE(invocation);
  EXPECT_EQ(invocation->config.limits.rooms_max, 1U);
  EXPECT_EQ(invocation->config.limits.connections_per_ip_max,
            base::Limits{}.connections_per_ip_max);
}

TEST(Config, ValuesMayLookLikeFlagsBehindAnEqualsSign) {
  EXPECT_EQ(read({"--admin-key=--port=5"})->config.admin_key, "--port=5");
  EXPECT_EQ(read({"--admin-key=a=b"})->config.admin_key, "a=b");
  EXPECT_EQ(read({"--admin-key", "a b\"c'"})->config.admin_key, "a b\"c'");
}

}  // namespace
}  // namespace palaver::app
