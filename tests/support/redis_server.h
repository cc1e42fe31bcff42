// SPDX-License-Identifier: Apache-2.0
// RedisServer: a real redis-server for a test, on a free port of 127.0.0.1 with its files in a
// folder of its own. It answers when the constructor returns, it ends with its owner (and with the
// thread that made it), and the folder goes with it. What goes wrong throws std::runtime_error with
// the server's log, which ends the test. A test that finds no redis-server skips:
//
//   if (const auto why = why_no_redis()) GTEST_SKIP() << *why;
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/certificates.h"
#include "tests/support/child_process.h"
#include "tests/support/redis_command.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/until.h"

namespace palaver::tests::support {

// What a skipped test says; nothing when there is a redis-server to run.
[[nodiscard]] std::optional<std::string> why_no_redis();

struct RedisUser {
  std::string name;
  std::string password;
  std::string rules;  // as ACL SETUSER has them
};

// A user that may use nothing but the keys and channels of Palaver, with nothing but these commands
// ("get", "client|setname").
[[nodiscard]] RedisUser palaver_user(std::string name, std::string password,
                                     const std::vector<std::string_view>& commands);

class RedisServer {
 public:
  enum class Kind { kStandalone, kClusterNode, kSentinel };
  enum class Persistence { kNone, kAppendOnly };  // kAppendOnly: on disk before it is answered
  struct Options {
    Kind kind = Kind::kStandalone;
    Persistence persistence = Persistence::kNone;
    // TLS on a second port, with these; then replicas and cluster nodes talk TLS to each other,
    // too. They outlive the server.
    const Certificates* tls = nullptr;
    std::string password{};                     // of the default user
    std::vector<RedisUser> users{};             // beside the default user, which may do everything
    std::optional<std::uint16_t> replica_of{};  // port() of a server with the same tls and password
    std::vector<std::string> config{};          // more lines of redis.conf
    bool standing_clock = false;                // its time of day stands: see advance()
  };

  explicit RedisServer(Options options);
  RedisServer() : RedisServer(Options{}) {}
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  [[nodiscard]] static std::string host() { return "127.0.0.1"; }
  // Where clients connect: the one with TLS, if there is TLS.
  [[nodiscard]] std::uint16_t port() const { return options_.tls != nullptr ? tls_port_ : port_; }
  [[nodiscard]] std::uint16_t plain_port() const { return port_; }
  // redis:// or rediss://, with the default user's password or with this user and theirs.
  [[nodiscard]] std::string url() const;
  [[nodiscard]] std::string url(const RedisUser& user) const;

  // Ends when the process has ended, stopped or runs again; see ChildProcess.
  void kill();
  void terminate();
  void freeze();
  void thaw();
  [[nodiscard]] bool running();
  // Moves its standing clock on.
  void advance(std::chrono::microseconds by);
  // On the same ports, with the same files: redis.conf, too, as CONFIG REWRITE or a sentinel left
  // it. Kills it first if it runs.
  void restart();

  // The default user says it, or `user`; see redis_command.h for the text. command() throws when
  // nobody answers.
  std::string command(const std::vector<std::string>& words);
  [[nodiscard]] std::optional<std::string> try_command(const std::vector<std::string>& words);
  std::string command_as(const RedisUser& user, const std::vector<std::string>& words);
  // A field of INFO; "" when there is none, or nobody answers.
  [[nodiscard]] std::string info(std::string_view field);

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_.path(); }
  [[nodiscard]] std::string log() const;

 private:
  [[nodiscard]] bool comes_up();
  void launch();
  void write_clock() const;
  void write_files() const;
  [[nodiscard]] std::string config() const;
  [[nodiscard]] std::string tls_config() const;
  [[nodiscard]] std::string url(std::string_view login) const;

  const Options options_;
  const TemporaryFolder folder_;
  std::uint16_t port_ = 0;
  std::uint16_t tls_port_ = 0;
  std::chrono::sys_time<std::chrono::microseconds> clock_ =
      std::chrono::sys_days(std::chrono::January / 1 / 2030);
  std::optional<ChildProcess> process_;  // ends before its folder
};

}  // namespace palaver::tests::support
