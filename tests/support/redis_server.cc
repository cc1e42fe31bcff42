// SPDX-License-Identifier: Apache-2.0
#include "tests/support/redis_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <random>
#include <stdexcept>
#include <utility>

#include "tests/support/read_file.h"

namespace palaver::tests::support {
namespace {

constexpr int kAttempts = 20;

// A cluster node's bus is this far above its port. Both stay below the ports that the system gives
// to outgoing connections, which could take one while its server is down.
constexpr int kBusDistance = 10'000;
constexpr int kFirstPort = 10'000;
constexpr int kLastPort = 20'000;

bool is_free(int port) {
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool bound = ::bind(probe, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  ::close(probe);
  return bound;
}

// One that was free a moment ago. Random, so that the programs that test at the same time seldom
// meet; whoever loses tries another one.
std::uint16_t free_port() {
  std::random_device random;
  std::uniform_int_distribution<int> ports(kFirstPort, kLastPort);
  for (;;) {
    const int port = ports(random);
    if (is_free(port) && is_free(port + kBusDistance)) return static_cast<std::uint16_t>(port);
  }
}

std::string quoted(const std::filesystem::path& path) { return '"' + path.string() + '"'; }

}  // namespace

std::optional<std::string> why_no_redis() {
  if (is_installed("redis-server")) return {};
  return "no redis-server in the PATH: script/bootstrap test installs it";
}

RedisUser palaver_user(std::string name, std::string password,
                       const std::vector<std::string_view>& commands) {
  std::string rules = "~palaver:* &palaver:* -@all";
  for (const std::string_view command : commands) rules.append(" +").append(command);
  return {std::move(name), std::move(password), std::move(rules)};
}

RedisServer::RedisServer(Options options) : options_(std::move(options)) {
  for (int i = 0; i < kAttempts; ++i) {
    port_ = free_port();
    if (options_.tls != nullptr) tls_port_ = free_port();
    write_files();
    launch();
    if (comes_up()) return;
    process_.reset();
    if (log().find("Address already in use") == std::string::npos) break;
    std::filesystem::remove(folder() / "log");
  }
  throw std::runtime_error("redis-server does not start:\n" + log());
}

void RedisServer::launch() {
  std::vector<std::string> words{"redis-server", folder() / "redis.conf"};
  if (options_.kind == Kind::kSentinel) words.emplace_back("--sentinel");
  if (options_.standing_clock) {
    write_clock();
    words.insert(words.begin(), {"env", std::string("LD_PRELOAD=") + PALAVER_STANDING_CLOCK,
                                 "PALAVER_CLOCK=" + (folder() / "clock").string()});
  }
  process_.emplace(words, folder() / "log");
}

// In place: the server has the file in its memory.
void RedisServer::write_clock() const {
  const auto path = folder() / "clock";
  const std::int64_t time = clock_.time_since_epoch().count();
  if (!std::filesystem::exists(path)) std::ofstream(path) << std::string(sizeof(time), '\0');
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.write(reinterpret_cast<const char*>(&time), sizeof(time));
}

void RedisServer::advance(std::chrono::microseconds by) {
  clock_ += by;
  write_clock();
}

// False: it ended.
bool RedisServer::comes_up() {
  // Another server may have got the port meanwhile: who answers has to be this one.
  const std::string own = std::to_string(process_->pid());
  until(
      [this, &own] {
        return !running() || (try_command({"PING"}) == "PONG" && info("process_id") == own);
      },
      [this] { return "redis-server to answer PING:\n" + log(); });
  return running();
}

void RedisServer::write_files() const {
  std::ofstream(folder() / "redis.conf") << config();
  if (options_.users.empty()) return;
  std::ofstream users(folder() / "users.acl");
  const std::string secret = options_.password.empty() ? "nopass" : '>' + options_.password;
  users << "user default on " << secret << " ~* &* +@all\n";
  for (const RedisUser& user : options_.users) {
    users << "user " << user.name << " on >" << user.password << ' ' << user.rules << '\n';
  }
}

std::string RedisServer::config() const {
  std::string text = "port " + std::to_string(port_) + "\nbind 127.0.0.1\nprotected-mode no\ndir " +
                     quoted(folder()) + '\n';
  const auto add = [&text](std::string_view line) { text.append(line).append("\n"); };
  if (!options_.users.empty()) {
    add("aclfile " + quoted(folder() / "users.acl"));
  } else if (!options_.password.empty()) {
    add("requirepass " + options_.password);
  }
  text += tls_config();
  if (options_.kind != Kind::kSentinel) {
    add("save \"\"\nenable-debug-command local\nrepl-diskless-sync-delay 0");
    add("shutdown-timeout 0");  // no good-bye to replicas that a test has frozen
    if (!options_.password.empty()) add("masterauth " + options_.password);
    if (options_.persistence == Persistence::kAppendOnly) add("appendonly yes\nappendfsync always");
    if (options_.replica_of) add("replicaof 127.0.0.1 " + std::to_string(*options_.replica_of));
  }
  if (options_.kind == Kind::kClusterNode) {
    add("cluster-enabled yes\ncluster-node-timeout 1500\ncluster-allow-replica-migration no");
  }
  for (const std::string& line : options_.config) add(line);
  return text;
}

std::string RedisServer::tls_config() const {
  if (options_.tls == nullptr) return {};
  std::string text = "tls-port " + std::to_string(tls_port_) + "\ntls-auth-clients no\n";
  text += "tls-cert-file " + quoted(options_.tls->certificate()) + '\n';
  text += "tls-key-file " + quoted(options_.tls->key()) + '\n';
  text += "tls-ca-cert-file " + quoted(options_.tls->authority()) + '\n';
  text += "tls-replication yes\n";
  if (options_.kind == Kind::kClusterNode) text += "tls-cluster yes\n";
  return text;
}

std::string RedisServer::url(std::string_view login) const {
  std::string text = options_.tls != nullptr ? "rediss://" : "redis://";
  return text.append(login).append(host()).append(":").append(std::to_string(port()));
}

std::string RedisServer::url() const {
  return url(options_.password.empty() ? "" : ':' + options_.password + '@');
}

std::string RedisServer::url(const RedisUser& user) const {
  return url(user.name + ':' + user.password + '@');
}

void RedisServer::kill() { process_->kill(); }
void RedisServer::terminate() { process_->terminate(); }
void RedisServer::freeze() { process_->freeze(); }
void RedisServer::thaw() { process_->thaw(); }
bool RedisServer::running() { return process_ && process_->running(); }

void RedisServer::restart() {
  process_.reset();
  launch();
  if (!comes_up()) throw std::runtime_error("redis-server does not come back:\n" + log());
}

std::optional<std::string> RedisServer::try_command(const std::vector<std::string>& words) {
  return redis_command({.port = port_, .user = "", .password = options_.password}, words);
}

std::string RedisServer::command(const std::vector<std::string>& words) {
  if (auto answer = try_command(words)) return *std::move(answer);
  throw std::runtime_error("redis-server does not answer " + words.front() + ":\n" + log());
}

std::string RedisServer::command_as(const RedisUser& user, const std::vector<std::string>& words) {
  auto answer = redis_command({.port = port_, .user = user.name, .password = user.password}, words);
  if (answer) return *std::move(answer);
  throw std::runtime_error("redis-server does not answer " + words.front() + ":\n" + log());
}

std::string RedisServer::info(std::string_view field) {
  const std::string all = "\n" + try_command({"INFO"}).value_or("");
  const std::string key = '\n' + std::string(field) + ':';
  const std::size_t found = all.find(key);
  if (found == std::string::npos) return {};
  const std::size_t begin = found + key.size();
  return all.substr(begin, all.find_first_of("\r\n", begin) - begin);
}

std::string RedisServer::log() const { return read_file(folder() / "log"); }

}  // namespace palaver::tests::support
