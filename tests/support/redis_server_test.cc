// SPDX-License-Identifier: Apache-2.0
#include "tests/support/redis_server.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/certificates.h"
#include "tests/support/read_file.h"

namespace palaver::tests::support {
namespace {

class ARedisServer : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = why_no_redis()) GTEST_SKIP() << *why;
  }
};

TEST_F(ARedisServer, AnswersOnAPortOfItsOwn) {
  RedisServer server;
  RedisServer other;
  EXPECT_EQ(server.url(), "redis://127.0.0.1:" + std::to_string(server.port()));
  EXPECT_EQ(server.command({"SET", "key", "a value"}), "OK");
  EXPECT_EQ(server.command({"GET", "key"}), "a value");
  EXPECT_EQ(other.command({"GET", "key"}), "(nil)");
  EXPECT_EQ(server.command({"RPUSH", "list", "a", "b"}), "2");
  EXPECT_EQ(server.command({"LRANGE", "list", "0", "-1"}), "a\nb");
  EXPECT_TRUE(server.command({"NOTHING"}).starts_with("(error) ERR unknown command"));
  EXPECT_EQ(server.info("role"), "master");
}

TEST_F(ARedisServer, TakesItsFolderWithIt) {
  std::filesystem::path folder;
  {
    RedisServer server;
    folder = server.folder();
    EXPECT_TRUE(std::filesystem::exists(folder));
  }
  EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST_F(ARedisServer, ForgetsWhenKilledAndComesBackOnTheSamePort) {
  RedisServer server;
  const std::uint16_t port = server.port();
  server.command({"SET", "key", "value"});
  server.kill();
  EXPECT_FALSE(server.running());
  EXPECT_FALSE(server.try_command({"PING"}));
  EXPECT_THROW(server.command({"PING"}), std::runtime_error);
  server.restart();
  EXPECT_EQ(server.port(), port);
  EXPECT_EQ(server.command({"GET", "key"}), "(nil)");
}

TEST_F(ARedisServer, KeepsWhatItAnsweredWithAnAppendOnlyFile) {
  RedisServer server({.persistence = RedisServer::Persistence::kAppendOnly});
  server.command({"SET", "key", "value"});
  server.kill();
  server.restart();
  EXPECT_EQ(server.command({"GET", "key"}), "value");
  server.terminate();
  EXPECT_FALSE(server.running());
  server.restart();
  EXPECT_EQ(server.command({"GET", "key"}), "value");
}

TEST_F(ARedisServer, IsSilentWhileFrozen) {
  RedisServer server;
  server.freeze();
  EXPECT_TRUE(server.running());
  EXPECT_FALSE(server.try_command({"PING"}));
  server.thaw();
  EXPECT_EQ(server.command({"PING"}), "PONG");
  server.freeze();
  server.terminate();  // which has to wake it up
  EXPECT_FALSE(server.running());
}

TEST_F(ARedisServer, AsksForItsPassword) {
  RedisServer server({.password = "secret"});
  EXPECT_EQ(server.url(), "redis://:secret@127.0.0.1:" + std::to_string(server.port()));
  EXPECT_EQ(server.command({"PING"}), "PONG");
  EXPECT_TRUE(redis_command({.port = server.port(), .user = "", .password = ""}, {"PING"})
                  .value_or("")
                  .starts_with("(error) NOAUTH"));
}

TEST_F(ARedisServer, HoldsAUserToItsCommandsKeysAndChannels) {
  const RedisUser user = palaver_user("chat", "secret", {"get", "set", "publish"});
  RedisServer server({.users = {user}});
  EXPECT_EQ(server.url(user), "redis://chat:secret@127.0.0.1:" + std::to_string(server.port()));
  EXPECT_EQ(server.command_as(user, {"SET", "palaver:key", "value"}), "OK");
  EXPECT_EQ(server.command_as(user, {"PUBLISH", "palaver:room", "text"}), "0");
  for (const std::vector<std::string>& forbidden :
       {std::vector<std::string>{"GET", "key"}, {"PUBLISH", "room", "text"}, {"FLUSHALL"}}) {
    EXPECT_TRUE(server.command_as(user, forbidden).starts_with("(error) NOPERM"))
        << forbidden.front();
  }
  EXPECT_EQ(server.command({"GET", "palaver:key"}), "value");
}

TEST_F(ARedisServer, SpeaksTlsWithACertificateOfTheAuthority) {
  const Certificates certificates;
  const Certificates others;
  RedisServer server({.tls = &certificates});
  EXPECT_EQ(server.url(), "rediss://127.0.0.1:" + std::to_string(server.port()));
  EXPECT_NE(server.port(), server.plain_port());
  const auto ping = [&](const Certificates& trusted) {
    const std::filesystem::path output = server.folder() / "output";
    std::filesystem::remove(output);
    ChildProcess client({"redis-cli", "--tls", "--cacert", trusted.authority(), "-h", "127.0.0.1",
                         "-p", std::to_string(server.port()), "PING"},
                        output);
    client.wait();
    return read_file(output);
  };
  EXPECT_EQ(ping(certificates), "PONG\n");
  EXPECT_NE(ping(others).find("certificate verify failed"), std::string::npos);
}

TEST_F(ARedisServer, SaysWhyItDoesNotStart) {
  try {
    RedisServer server({.config = {"nonsense yes"}});
    FAIL() << "it started";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string_view(error.what()).find("nonsense"), std::string_view::npos);
  }
}

}  // namespace
}  // namespace palaver::tests::support
