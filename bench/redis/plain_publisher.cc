// SPDX-License-Identifier: Apache-2.0
// One connection for commands and one that is subscribed, as a node has them. A message is an XADD
// with the same bound of the stream and a PUBLISH; what one turn asks goes out in one write, as the
// server's client does it.
#include <array>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "bench/redis/publisher.h"
#include "codec/resp/resp.h"
#include "net/client_stream.h"

namespace palaver::bench::redis {
namespace {

using codec::resp::Reply;
using codec::resp::ReplyReader;

constexpr base::Duration kConnectTime = std::chrono::seconds{2};

base::Error wrong(const std::string& what) {
  return {.code = base::ErrorCode::kUnavailable, .message = what};
}

// A connection to Redis whose replies go to one function.
class Talk final : private net::ClientStream::Observer {
 public:
  using OnReply = std::function<void(base::Result<Reply>)>;

  Talk(net::Loop& loop, OnReply on_reply) : loop_(loop), on_reply_(std::move(on_reply)) {}

  void open(std::uint16_t port) {
    stream_.emplace(
        loop_,
        net::ClientStream::Target{.host = "127.0.0.1", .port = port, .timeout = kConnectTime},
        static_cast<net::ClientStream::Observer&>(*this));
  }
  void say(std::span<const std::string_view> command) {
    codec::resp::append_command(out_, command);
    if (!is_open_ || std::exchange(is_posted_, true)) return;
    loop_.post([this] { flush(); });
  }
  void close() { stream_.reset(); }

 private:
  void on_open() override {
    is_open_ = true;
    flush();
  }
  void on_bytes(std::string_view bytes) override {
    reader_.feed(bytes);
    while (stream_) {
      auto reply = reader_.next();
      if (!reply) return on_reply_(std::unexpected(reply.error()));
      if (!*reply) return;
      on_reply_(std::move(**reply));
    }
  }
  void on_closed(const std::string& reason) override {
    on_reply_(std::unexpected(wrong("Redis: " + reason)));
  }

  void flush() {
    is_posted_ = false;
    if (!stream_ || out_.empty()) return;
    stream_->write(out_);
    out_.clear();
  }

  net::Loop& loop_;
  OnReply on_reply_;
  std::optional<net::ClientStream> stream_;
  ReplyReader reader_;
  std::string out_;
  bool is_open_ = false;
  bool is_posted_ = false;
};

class PlainPublisher final : public Publisher {
 public:
  PlainPublisher(net::Loop& loop, const PublisherOptions& options, std::uint32_t number)
      : options_(options),
        data_(options.message_bytes, 'x'),
        entries_max_(std::to_string(options.entries_max)),
        commands_(loop, [this](auto reply) { on_reply(std::move(reply)); }),
        subscriber_(loop, [this](auto reply) { on_push(std::move(reply)); }) {
    for (std::uint32_t room = 0; room < options.rooms; ++room) {
      const std::string name = std::to_string(number) + "-" + std::to_string(room);
      streams_.push_back("plain:stream:" + name);
      channels_.push_back("plain:channel:" + name);
    }
  }

  void open(Done ready) override {
    ready_ = std::move(ready);
    commands_.open(options_.port);
    if (options_.is_subscribed) {
      subscriber_.open(options_.port);
      std::vector<std::string_view> words{"SUBSCRIBE"};
      words.insert(words.end(), channels_.begin(), channels_.end());
      subscriber_.say(words);
      unconfirmed_ = channels_.size();
    } else {
      // The first publish waits for the connection.
      std::exchange(ready_, nullptr)({});
    }
  }

  void publish(std::uint32_t room, Done done) override {
    calls_.push_back({.done = std::move(done)});
    const std::string_view add[] = {"XADD", streams_[room], "MAXLEN", entries_max_, "*",
                                    "d",    data_};
    const std::string_view tell[] = {"PUBLISH", channels_[room], data_};
    commands_.say(add);
    commands_.say(tell);
  }

  std::uint64_t received() const override { return received_; }

  void close() override {
    commands_.close();
    subscriber_.close();
  }

 private:
  struct Call {
    Done done;
    bool is_stored = false;  // the XADD is answered
  };

  void on_reply(base::Result<Reply> reply) {
    if (!reply || reply->is_error() || calls_.empty()) return fail(reply);
    Call& call = calls_.front();
    if (!call.is_stored) {
      if (reply->kind != Reply::Kind::kText) return fail(reply);
      call.is_stored = true;
      return;
    }
    if (reply->integer != (options_.is_subscribed ? 1 : 0)) return fail(reply);
    Done done = std::move(call.done);
    calls_.pop_front();
    done({});
  }

  void on_push(base::Result<Reply> push) {
    if (!push || push->elements.empty()) return fail(push);
    if (push->elements[0].text == "message") {
      ++received_;
    } else if (--unconfirmed_ == 0) {
      std::exchange(ready_, nullptr)({});
    }
  }

  // Whoever waits is told; the pump gives up at the first of them.
  void fail(const base::Result<Reply>& reply) {
    const base::Error error = reply ? wrong("Redis says: " + reply->text) : reply.error();
    if (ready_) std::exchange(ready_, nullptr)(std::unexpected(error));
    for (Call& call : std::exchange(calls_, {})) call.done(std::unexpected(error));
  }

  const PublisherOptions& options_;
  const std::string data_;
  const std::string entries_max_;
  Talk commands_;
  Talk subscriber_;
  std::vector<std::string> streams_;
  std::vector<std::string> channels_;
  std::deque<Call> calls_;
  Done ready_;
  std::size_t unconfirmed_ = 0;
  std::uint64_t received_ = 0;
};

}  // namespace

std::unique_ptr<Publisher> make_plain_publisher(net::Loop& loop, const PublisherOptions& options,
                                                std::uint32_t number) {
  return std::make_unique<PlainPublisher>(loop, options, number);
}

}  // namespace palaver::bench::redis
