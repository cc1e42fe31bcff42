// SPDX-License-Identifier: Apache-2.0
// A whole Node in this process: shards on threads, the memory broker between them, members that
// chat over real sockets from threads of their own, and a signal that drains it. It shows that the
// parts fit together; under ThreadSanitizer it shows that the threads do.
// tidy: allow(thread): the members are programs of their own, not shards
// tidy: allow(clock): what is bounded here is the patience of the machine
#include "server/node.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <latch>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "auth/jwt/token_authenticator.h"
#include "broker/memory/memory_broker.h"
#include "broker/memory/memory_bus.h"
#include "broker/memory/memory_node.h"
#include "broker/memory/memory_presence.h"
#include "broker/memory/memory_survey.h"
#include "tests/unit/server/chat_client.h"

namespace palaver::server {
namespace {

using namespace std::chrono_literals;

constexpr const char* kAdminKey = "secret";
constexpr unsigned kShards = 3;

ServerConfig test_config() {
  ServerConfig config;
  config.admin_key = kAdminKey;
  config.limits.drain = 200ms;
  config.limits.ping_interval = 500ms;  // so that pings cross the chat
  config.limits.messages_burst = 10'000;
  config.authenticator =
      std::make_unique<auth::jwt::TokenAuthenticator>(auth::jwt::TokenRules{.guest_key = "a key"});
  return config;
}

// A node that serves until stop(), or until the object goes.
class RunningNode {
 public:
  RunningNode(net::IoMode io, ServerConfig config)
      : config_(std::move(config)),
        log_descriptor_(::open("/dev/null", O_WRONLY | O_CLOEXEC)),
        log_({.descriptor = log_descriptor_, .now = net::system_wall_now}),
        node_({.host = "127.0.0.1", .port = 0, .shards = kShards, .io = io, .seed = 1}, config_,
              log_) {
    const auto listening = node_.listen();
    EXPECT_TRUE(listening);
    std::vector<broker::memory::ShardServices> services;
    std::vector<base::Executor*> executors;
    for (unsigned i = 0; i < node_.shard_count(); ++i) {
      services.push_back({node_.loop({i}), node_.loop({i})});
      executors.push_back(&node_.loop({i}));
    }
    memory_ = std::make_unique<broker::memory::MemoryNode>(
        services, broker::memory::MemoryNodeConfig{.limits = {}, .seed = 2, .salt = 3});
    presence_ = std::make_unique<broker::memory::PresenceNode>(executors);
    bus_ = std::make_unique<broker::memory::MemoryBusNode>(executors);
    thread_ = std::jthread([this] {
      result_ = node_.run(
          [this](base::ShardId shard, broker::BrokerSink& sink, broker::NodeBusSink& bus_sink) {
            return ShardBackend{
                .broker = std::make_unique<broker::memory::MemoryBroker>(shard, *memory_, sink),
                .presence = std::make_unique<broker::memory::MemoryPresence>(shard, *presence_),
                .bus = std::make_unique<broker::memory::MemoryBus>(shard, *bus_, bus_sink),
                .survey = &survey_};
          });
    });
    // Whoever is answered knows that the node listens to signals too: an earlier one would be the
    // end of this process.
    if (http_get(port(), "/ready").status != 200) std::abort();
  }
  ~RunningNode() {
    (void)stop();
    ::close(log_descriptor_);
  }
  RunningNode(const RunningNode&) = delete;
  RunningNode& operator=(const RunningNode&) = delete;

  [[nodiscard]] std::uint16_t port() const { return node_.port(); }
  // As `kill` does it, but on the thread that made the handler: Asio's takes no lock, and another
  // thread would, for ThreadSanitizer, race with its making.
  void begin_stop() {
    if (!std::exchange(stopping_, true)) ::pthread_kill(thread_.native_handle(), SIGTERM);
  }
  // True if it ended without an error.
  [[nodiscard]] bool stop() {
    begin_stop();
    if (thread_.joinable()) thread_.join();
    return result_ && result_->has_value();
  }

 private:
  const ServerConfig config_;
  const int log_descriptor_;
  const base::Logger log_;
  // The node's tasks may point to these.
  std::unique_ptr<broker::memory::MemoryNode> memory_;
  std::unique_ptr<broker::memory::PresenceNode> presence_;
  std::unique_ptr<broker::memory::MemoryBusNode> bus_;
  Node node_;
  broker::memory::MemorySurvey survey_{node_};
  std::optional<base::Result<void>> result_;
  bool stopping_ = false;
  std::jthread thread_;
};

class NodeTest : public testing::TestWithParam<net::IoMode> {
 protected:
  void SetUp() override {
    if (GetParam() != net::IoMode::kUring) return;
    const auto probe = net::probe_uring();
    if (!probe) GTEST_SKIP() << "no io_uring here: " << probe.error().message;
  }
};

std::string metrics(std::uint16_t port) {
  const HttpAnswer answer =
      http_get(port, "/metrics", {{"Authorization", "Bearer " + std::string(kAdminKey)}});
  EXPECT_EQ(answer.status, 200U);
  return answer.body;
}

// The value of a sample; -1 if it is not there.
double value_of(const std::string& text, const std::string& name) {
  const std::size_t at = text.find('\n' + name + ' ');
  return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size() + 2));
}

std::string room_name(std::size_t room) { return "room-" + std::to_string(room); }

// One member of a conversation: says its share, hears everybody's.
std::vector<std::string> converse(std::uint16_t port, std::size_t room, int client_id, int messages,
                                  std::size_t to_hear, std::latch& joined, std::latch& heard) {
  ChatClient client(port, room_name(room), client_id);
  EXPECT_EQ(client.status(), 101U);
  joined.arrive_and_wait();
  for (int i = 0; i < messages; ++i) client.say("message " + std::to_string(i));
  std::vector<std::string> lines;
  while (lines.size() < to_hear) {
    std::string line = client.hear();
    if (line.empty()) break;
    lines.push_back(std::move(line));
  }
  heard.arrive_and_wait();
  EXPECT_TRUE(client.close(1000));
  return lines;
}

// Each sender's messages once and in its order.
void expect_complete(const std::vector<std::string>& lines, const std::vector<int>& senders,
                     int messages) {
  for (const int sender : senders) {
    const std::string tail = " (" + std::to_string(sender) + ')';
    int next = 0;
    for (const std::string& line : lines) {
      if (!line.ends_with(tail)) continue;
      ASSERT_EQ(line, "message " + std::to_string(next) + tail);
      ++next;
    }
    ASSERT_EQ(next, messages);
  }
}

TEST_P(NodeTest, MembersOnAllShardsSeeOneOrderInEachRoom) {
  constexpr std::size_t kRooms = 3;
  constexpr std::size_t kMembers = 4;
  constexpr int kMessages = 15;
  constexpr std::size_t kHeard = kMembers * kMessages;
  RunningNode node(GetParam(), test_config());
  std::latch joined(kRooms * kMembers);
  std::latch heard(kRooms * kMembers + 1);
  std::vector<std::vector<std::string>> lines(kRooms * kMembers);
  std::vector<std::jthread> members;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    members.emplace_back([&, i] {
      lines[i] =
          converse(node.port(), i % kRooms, static_cast<int>(i), kMessages, kHeard, joined, heard);
    });
  }
  // Every shard is asked for its numbers while it works.
  for (int i = 0; i < 20; ++i) EXPECT_GE(value_of(metrics(node.port()), "palaver_members"), 0);
  heard.arrive_and_wait();
  members.clear();

  for (std::size_t i = 0; i < lines.size(); ++i) {
    ASSERT_EQ(lines[i].size(), kHeard) << i;
    EXPECT_EQ(lines[i], lines[i % kRooms]) << i;
  }
  for (std::size_t room = 0; room < kRooms; ++room) {
    std::vector<int> senders;
    for (std::size_t i = room; i < lines.size(); i += kRooms)
      senders.push_back(static_cast<int>(i));
    expect_complete(lines[room], senders, kMessages);
  }
  const std::string text = metrics(node.port());
  EXPECT_EQ(value_of(text, "palaver_handshakes_total"), kRooms * kMembers);
  EXPECT_EQ(value_of(text, "palaver_messages_received_total"), kRooms * kMembers * kMessages);
  EXPECT_EQ(value_of(text, "palaver_publications_total"), kRooms * kMembers * kMessages);
  EXPECT_EQ(value_of(text, "palaver_deliveries_total"), kRooms * kMembers * kHeard);
  EXPECT_TRUE(node.stop());
}

TEST_P(NodeTest, MembersComeAndGo) {
  constexpr std::size_t kThreads = 6;
  constexpr int kVisits = 12;
  RunningNode node(GetParam(), test_config());
  std::vector<std::jthread> visitors;
  for (std::size_t i = 0; i < kThreads; ++i) {
    visitors.emplace_back([&, i] {
      for (int visit = 0; visit < kVisits; ++visit) {
        const int id = static_cast<int>(i) * 1'000 + visit;
        ChatClient client(node.port(), room_name(i % 2), id);
        ASSERT_EQ(client.status(), 101U);
        client.say("here");
        const std::string mine = "here (" + std::to_string(id) + ')';
        std::string line = client.hear();
        while (!line.empty() && line != mine) line = client.hear();
        EXPECT_EQ(line, mine);
        if (visit % 3 == 0) {
          EXPECT_TRUE(client.close(1000));
        } else if (visit % 3 == 1) {
          client.say("unread");
          client.reset();
        }  // else it simply goes
      }
    });
  }
  visitors.clear();
  EXPECT_EQ(http_get(node.port(), "/health").status, 200U);
  EXPECT_TRUE(node.stop());
}

TEST_P(NodeTest, WhoJoinsLaterGetsTheHistoryItAsksFor) {
  RunningNode node(GetParam(), test_config());
  ChatClient first(node.port(), "room", 1);
  for (int i = 0; i < 5; ++i) first.say(std::to_string(i));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(first.hear(), std::to_string(i) + " (1)");
  ChatClient second(node.port(), "room", 2, "?history=3");
  for (int i = 2; i < 5; ++i) EXPECT_EQ(second.hear(), std::to_string(i) + " (1)");
  second.say("thanks");
  EXPECT_EQ(second.hear(), "thanks (2)");
  EXPECT_EQ(first.hear(), "thanks (2)");
  EXPECT_TRUE(node.stop());
}

// Each is told to come again elsewhere, and none is kept waiting.
void expect_drained(RunningNode& node) {
  std::vector<std::unique_ptr<ChatClient>> clients;
  for (int i = 0; i < 9; ++i) {
    clients.push_back(std::make_unique<ChatClient>(node.port(), room_name(i % 3), i));
    ASSERT_EQ(clients.back()->status(), 101U);
  }
  const auto began = std::chrono::steady_clock::now();
  node.begin_stop();
  std::vector<std::jthread> members;
  for (auto& client : clients) {
    members.emplace_back([&client = *client] {
      ChatClient::Frame frame = client.next();
      while (frame.opcode == 0x9) frame = client.next();
      EXPECT_EQ(frame.opcode, 0x8U);
      EXPECT_EQ(frame.payload, "\x03\xf4the server is restarting");  // 1012
      client.answer_close(1012);
      EXPECT_TRUE(client.at_end());
    });
  }
  members.clear();
  EXPECT_TRUE(node.stop());
  // A second is the drain; the rest is for a busy machine.
  EXPECT_LT(std::chrono::steady_clock::now() - began, 10s);
}

TEST_P(NodeTest, ASignalDrainsIt) {
  std::uint16_t port = 0;
  {
    ServerConfig config = test_config();
    config.limits.drain = 1s;
    RunningNode node(GetParam(), std::move(config));
    port = node.port();
    expect_drained(node);
  }
  EXPECT_FALSE(Stream(port).good()) << "nobody listens";
}

TEST_P(NodeTest, WithoutMembersItStopsAtOnce) {
  ServerConfig config = test_config();
  config.limits.drain = 1h;
  RunningNode node(GetParam(), std::move(config));
  EXPECT_TRUE(node.stop());
}

TEST_P(NodeTest, WhileItDrainsNewOnesAreSentElsewhere) {
  ServerConfig config = test_config();
  config.limits.drain = 3s;
  RunningNode node(GetParam(), std::move(config));
  ChatClient stubborn(node.port(), "room", 1);  // will not answer its Close
  node.begin_stop();
  ChatClient::Frame frame = stubborn.next();
  while (frame.opcode == 0x9) frame = stubborn.next();
  ASSERT_EQ(frame.opcode, 0x8U);
  for (unsigned i = 0; i < 2 * kShards; ++i) {
    const HttpAnswer ready = http_get(node.port(), "/ready");
    EXPECT_EQ(ready.status, 503U);
    EXPECT_EQ(ready.body, "{\"status\":\"draining\"}\n");
    EXPECT_EQ(http_get(node.port(), "/health").status, 200U);
    EXPECT_EQ(ChatClient(node.port(), "room", 2).status(), 503U);
  }
  EXPECT_TRUE(node.stop());
}

TEST_P(NodeTest, BoundsAreAnsweredByName) {
  ServerConfig config = test_config();
  config.limits.connections_per_ip_max = 2;
  config.limits.connections_max = 4;
  config.trusted_hops = 0;
  RunningNode node(GetParam(), std::move(config));
  ChatClient one(node.port(), "room", 1);
  ChatClient two(node.port(), "room", 2);
  EXPECT_EQ(one.status(), 101U);
  EXPECT_EQ(two.status(), 101U);
  EXPECT_EQ(ChatClient(node.port(), "room", 3).status(), 429U);

  // A place is free again when its member has gone.
  EXPECT_TRUE(one.close(1000));
  unsigned status = 0;
  for (int tries = 0; tries < 1'000 && status != 101; ++tries) {
    status = ChatClient(node.port(), "room", 3).status();
  }
  EXPECT_EQ(status, 101U);
  EXPECT_TRUE(node.stop());
}

TEST_P(NodeTest, BeyondTheNodesConnectionsItIsBusy) {
  ServerConfig config = test_config();
  config.limits.connections_max = 3;
  RunningNode node(GetParam(), std::move(config));
  std::vector<std::unique_ptr<ChatClient>> clients;
  unsigned status = 101;
  // The connection that asked whether the node is ready may still count.
  for (int i = 0; i < 5 && status == 101; ++i) {
    clients.push_back(std::make_unique<ChatClient>(node.port(), "room", i));
    status = clients.back()->status();
  }
  EXPECT_EQ(status, 503U);
  EXPECT_GE(clients.size(), 3U);
  EXPECT_LE(clients.size(), 4U);
  EXPECT_TRUE(node.stop());
}

TEST_P(NodeTest, MetricsNeedTheKey) {
  RunningNode node(GetParam(), test_config());
  EXPECT_EQ(http_get(node.port(), "/metrics").status, 401U);
  EXPECT_EQ(http_get(node.port(), "/metrics", {{"Authorization", "Bearer no"}}).status, 401U);
  EXPECT_NE(metrics(node.port()).find("palaver_connections "), std::string::npos);
  EXPECT_TRUE(node.stop());
}

INSTANTIATE_TEST_SUITE_P(Modes, NodeTest, testing::Values(net::IoMode::kUring, net::IoMode::kEpoll),
                         [](const testing::TestParamInfo<net::IoMode>& row) {
                           return row.param == net::IoMode::kUring ? "uring" : "epoll";
                         });

TEST(Node, APortThatIsInUseIsAnError) {
  const ServerConfig config = test_config();
  const base::Logger log({.descriptor = -1});
  Node first({.host = "127.0.0.1", .port = 0, .shards = 1}, config, log);
  ASSERT_TRUE(first.listen());
  Node second({.host = "127.0.0.1", .port = first.port(), .shards = 1}, config, log);
  const auto listening = second.listen();
  ASSERT_FALSE(listening);
  EXPECT_NE(listening.error().message.find("Address already in use"), std::string::npos);
}

}  // namespace
}  // namespace palaver::server
