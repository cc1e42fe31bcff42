// SPDX-License-Identifier: Apache-2.0
#include "broker/redis/feed.h"

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>

#include "broker/redis/greeting.h"

namespace palaver::broker::redis {

using codec::resp::Reply;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr base::Duration kTick = milliseconds{250};
constexpr base::Duration kPingInterval = seconds{5};
constexpr base::Duration kSilenceMax = seconds{8};
// One command asks for so many channels at most.
constexpr std::size_t kChannelsPerCommand = 512;

void append_for(std::string& out, std::string_view command, std::span<const std::string> channels) {
  while (!channels.empty()) {
    const auto some = channels.first(std::min(channels.size(), kChannelsPerCommand));
    std::vector<std::string_view> words{command};
    words.insert(words.end(), some.begin(), some.end());
    codec::resp::append_command(out, words);
    channels = channels.subspan(some.size());
  }
}

}  // namespace

Feed::Feed(net::Loop& loop, const RedisOptions& options, Observer& observer)
    : loop_(loop), options_(options), observer_(observer), backoff_(loop.now()) {}

void Feed::open(Endpoint address) {
  address_ = std::move(address);
  if (!std::exchange(ticking_, true)) tick();
  connect();
}

void Feed::move(Endpoint address) {
  if (address == address_ || state_ == State::kClosed) return;
  address_ = std::move(address);
  if (stream_) drop();
}

void Feed::close() {
  state_ = State::kClosed;
  stream_.reset();
  channels_.clear();
  changed_.clear();
}

void Feed::connect() {
  state_ = State::kConnecting;
  reader_ = {};
  net::ClientStream::Observer& observer = *this;
  stream_ =
      std::make_unique<net::ClientStream>(loop_,
                                          net::ClientStream::Target{.host = address_.host,
                                                                    .port = address_.port,
                                                                    .timeout = seconds{2},
                                                                    .tls = options_.tls.get()},
                                          observer);
}

void Feed::on_open() {
  state_ = State::kGreeting;
  std::string out;
  greetings_ = append_greeting(out, options_);
  heard_ = loop_.now();
  if (greetings_ > 0) {
    stream_->write(out);
  } else {
    begin();
  }
}

void Feed::begin() {
  state_ = State::kUp;
  backoff_.reset();
  pinged_ = loop_.now();
  changed_.clear();
  for (auto& [name, channel] : channels_) {
    channel = {.wanted = channel.wanted};
    changed_.push_back(name);
  }
  flush();
}

void Feed::on_bytes(std::string_view bytes) {
  reader_.feed(bytes);
  heard_ = loop_.now();
  while (stream_ && state_ != State::kClosed) {
    auto reply = reader_.next();
    if (!reply || (*reply && (*reply)->is_error())) {
      drop();
      return;
    }
    if (!*reply) return;
    if (state_ == State::kUp) {
      on_push(std::move(**reply));
    } else if (--greetings_ == 0) {
      begin();
    }
  }
}

void Feed::on_push(Reply push) {
  if (push.elements.size() < 2) return;
  const std::string& kind = push.elements[0].text;
  const std::string& name = push.elements[1].text;
  if (kind == "message" && push.elements.size() == 3) {
    observer_.on_message(name, push.elements[2].text);
    return;
  }
  const auto found = channels_.find(name);
  if (found == channels_.end()) return;
  Channel& channel = found->second;
  if (kind == "subscribe" && channel.unanswered > 0) --channel.unanswered;
  if (channel.unanswered > 0) return;
  if (channel.wanted && channel.asked && !std::exchange(channel.told, true)) {
    observer_.on_subscribed(found->first);
  } else if (!channel.wanted && !channel.asked) {
    channels_.erase(found);
  }
}

void Feed::on_closed(const std::string&) { drop(); }

void Feed::drop() {
  stream_.reset();
  const bool was_up = state_ == State::kUp;
  state_ = State::kConnecting;
  loop_.run_after(backoff_.next(), [this] {
    if (state_ == State::kConnecting && !stream_) connect();
  });
  if (was_up) observer_.on_feed_down();
}

void Feed::subscribe(const std::string& name) {
  Channel& channel = channels_[name];
  channel.wanted = true;
  channel.told = false;
  change(name);
}

void Feed::unsubscribe(const std::string& name) {
  const auto found = channels_.find(name);
  if (found == channels_.end()) return;
  found->second.wanted = false;
  change(name);
}

void Feed::change(const std::string& name) {
  if (state_ != State::kUp) return;  // the next connection looks at all
  changed_.push_back(name);
  if (std::exchange(flush_posted_, true)) return;
  loop_.post([this] {
    flush_posted_ = false;
    flush();
  });
}

void Feed::flush() {
  if (state_ != State::kUp) return;
  std::vector<std::string> asking;
  std::vector<std::string> leaving;
  for (std::string& name : std::exchange(changed_, {})) {
    const auto found = channels_.find(name);
    if (found == channels_.end()) continue;
    Channel& channel = found->second;
    if (channel.wanted != channel.asked) {
      channel.asked = channel.wanted;
      if (channel.wanted) ++channel.unanswered;
      (channel.wanted ? asking : leaving).push_back(std::move(name));
    } else if (!channel.wanted && channel.unanswered == 0) {
      channels_.erase(found);
    } else if (channel.wanted && channel.unanswered == 0 && !std::exchange(channel.told, true)) {
      observer_.on_subscribed(found->first);
    }
  }
  std::string out;
  append_for(out, "UNSUBSCRIBE", leaving);
  append_for(out, "SUBSCRIBE", asking);
  if (!out.empty()) stream_->write(out);
}

void Feed::tick() {
  loop_.run_after(kTick, [this] { tick(); });
  if (!stream_ || state_ == State::kConnecting) return;
  const base::Instant now = loop_.now();
  if (now - heard_ > kSilenceMax) {
    drop();
  } else if (state_ == State::kUp && now - pinged_ > kPingInterval) {
    pinged_ = now;
    std::string out;
    const std::string_view ping[] = {"PING"};
    codec::resp::append_command(out, ping);
    stream_->write(out);
  }
}

}  // namespace palaver::broker::redis
