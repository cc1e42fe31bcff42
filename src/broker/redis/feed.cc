// SPDX-License-Identifier: Apache-2.0
#include "broker/redis/feed.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "broker/redis/greeting.h"

namespace palaver::broker::redis {

using codec::resp::Reply;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr base::Duration kTick = seconds{1};
// Redis has ended a subscription: it is asked for again, if the channel is not elsewhere by then.
constexpr base::Duration kAskAgain = milliseconds{250};
constexpr base::Duration kPingInterval = seconds{5};
constexpr base::Duration kSilenceMax = seconds{8};
// One command asks for so many channels at most.
constexpr std::size_t kChannelsPerCommand = 512;

}  // namespace

Feed::Feed(net::Loop& loop, const RedisOptions& options, Endpoint address, Kind kind,
           Observer& observer)
    : loop_(loop),
      options_(options),
      address_(std::move(address)),
      kind_(kind),
      observer_(observer),
      backoff_(loop.now()) {
  connect();
  tick();
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
  stream_ = open_stream(loop_, options_, address_, kConnectTimeout, *this);
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
    channel = {.partition = channel.partition, .wanted = channel.wanted};
    changed_.push_back(name);
  }
  flush();
  observer_.on_feed_up();
}

void Feed::on_bytes(std::string_view bytes) {
  reader_.feed(bytes);
  heard_ = loop_.now();
  while (stream_ && state_ != State::kClosed) {
    auto reply = reader_.next();
    if (reply && *reply && state_ == State::kUp && (*reply)->is_error("MOVED")) {
      observer_.on_feed_moved(**reply);
      continue;
    }
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
  std::string_view kind = push.elements[0].text;
  if (kind_ == Kind::kSharded && kind.starts_with('s')) kind.remove_prefix(1);
  const std::string& name = push.elements[1].text;
  if (kind == "message" && push.elements.size() == 3) {
    if (channels_.contains(name)) observer_.on_message(name, push.elements[2].text);
  } else {
    on_subscription(kind, name);
  }
}

void Feed::on_subscription(std::string_view kind, const std::string& name) {
  const auto found = channels_.find(name);
  if (found == channels_.end()) return;
  Channel& channel = found->second;
  const bool begun = kind == "subscribe";
  if (begun && channel.unanswered > 0) --channel.unanswered;
  if (channel.unanswered > 0) return;
  if (channel.wanted && channel.asked) {
    if (!begun) {
      // Nobody asked for that: Redis has given the slot away.
      channel.asked = channel.told = false;
      observer_.on_unsubscribed(name);
      loop_.run_after(kAskAgain, guard_([this, name] { change(name); }));
    } else if (!std::exchange(channel.told, true)) {
      observer_.on_subscribed(found->first);
    }
  } else if (!channel.wanted && !channel.asked) {
    channels_.erase(found);
  }
}

void Feed::on_closed(const std::string&) { drop(); }

void Feed::drop() {
  stream_.reset();
  const bool was_up = state_ == State::kUp;
  state_ = State::kConnecting;
  loop_.run_after(backoff_.next(), guard_([this] {
                    if (state_ == State::kConnecting && !stream_) connect();
                  }));
  if (!was_up) return;
  observer_.on_feed_down();
  std::vector<std::string> ended;
  for (auto& [name, channel] : channels_) {
    if (std::exchange(channel.told, false)) ended.push_back(name);
  }
  for (const std::string& name : ended) observer_.on_unsubscribed(name);
}

void Feed::subscribe(unsigned partition, const std::string& name) {
  Channel& channel = channels_[name];
  channel.partition = partition;
  channel.wanted = true;
  channel.told = false;
  change(name);
}

void Feed::unsubscribe(const std::string& name) {
  const auto found = channels_.find(name);
  if (found == channels_.end()) return;
  found->second.wanted = found->second.told = false;
  change(name);
}

std::vector<Feed::Taken> Feed::take(unsigned partition) {
  std::vector<Taken> taken;
  std::vector<const std::string*> leaving;
  for (const auto& [name, channel] : channels_) {
    if (channel.partition != partition) continue;
    if (channel.asked) leaving.push_back(&name);
    if (channel.wanted) taken.push_back({name, channel.told});
  }
  write_commands("UNSUBSCRIBE", std::move(leaving));
  std::erase_if(channels_, [&](const auto& each) { return each.second.partition == partition; });
  return taken;
}

void Feed::change(const std::string& name) {
  if (state_ != State::kUp) return;  // the next connection looks at all
  changed_.push_back(name);
  if (std::exchange(flush_posted_, true)) return;
  loop_.post(guard_([this] {
    flush_posted_ = false;
    flush();
  }));
}

void Feed::flush() {
  if (state_ != State::kUp) return;
  std::vector<const std::string*> asking;
  std::vector<const std::string*> leaving;
  for (const std::string& name : std::exchange(changed_, {})) {
    const auto found = channels_.find(name);
    if (found == channels_.end()) continue;
    Channel& channel = found->second;
    if (channel.wanted != channel.asked) {
      channel.asked = channel.wanted;
      if (channel.wanted) ++channel.unanswered;
      (channel.wanted ? asking : leaving).push_back(&found->first);
    } else if (!channel.wanted && channel.unanswered == 0) {
      channels_.erase(found);
    } else if (channel.wanted && channel.unanswered == 0 && !std::exchange(channel.told, true)) {
      observer_.on_subscribed(found->first);
    }
  }
  write_commands("UNSUBSCRIBE", std::move(leaving));
  write_commands("SUBSCRIBE", std::move(asking));
}

// Many channels a command; in a cluster only those of one partition, which are in one slot.
void Feed::write_commands(std::string_view command, std::vector<const std::string*> channels) {
  if (state_ != State::kUp || channels.empty()) return;
  const auto partition_of_channel = [this](const std::string* name) {
    return channels_.at(*name).partition;
  };
  const std::string sharded = "S" + std::string(command);
  if (kind_ == Kind::kSharded) {
    std::ranges::sort(channels, {}, partition_of_channel);
    command = sharded;
  }
  std::string out;
  for (std::size_t i = 0; i < channels.size();) {
    const unsigned partition = partition_of_channel(channels[i]);
    std::vector<std::string_view> words{command};
    for (; i < channels.size() && words.size() <= kChannelsPerCommand; ++i) {
      const bool together = kind_ == Kind::kPlain || partition_of_channel(channels[i]) == partition;
      if (!together) break;
      words.push_back(*channels[i]);
    }
    codec::resp::append_command(out, words);
  }
  stream_->write(out);
}

void Feed::tick() {
  if (state_ == State::kClosed) return;
  loop_.run_after(kTick, guard_([this] { tick(); }));
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
