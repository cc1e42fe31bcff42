// SPDX-License-Identifier: Apache-2.0
#include "broker/redis/pipe.h"

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>

#include "broker/redis/greeting.h"
#include "broker/redis/scripts.h"

namespace palaver::broker::redis {

using codec::resp::Reply;

namespace {

constexpr base::Duration kTick = std::chrono::milliseconds{250};
// Replicas that are further behind than this do not count; other commands wait as long.
constexpr std::chrono::milliseconds kReplicaWait{500};

// Redis cannot do it now, or this one cannot; another one may, or later.
bool is_temporary(const Reply& reply) {
  for (const std::string_view code : {"BUSY", "OOM", "NOREPLICAS", "MISCONF"}) {
    if (reply.is_error(code)) return true;
  }
  return false;
}

// A node of a cluster says so.
bool is_refusal(const Reply& reply) {
  return reply.is_error("MOVED") || reply.is_error("ASK") || reply.is_error("TRYAGAIN") ||
         reply.is_error("CLUSTERDOWN");
}

// The connection is of no use: it must begin anew, perhaps with another Redis.
bool ends_connection(const Reply& reply) {
  return reply.is_error("NOSCRIPT") || reply.is_error("READONLY") || reply.is_error("LOADING") ||
         reply.is_error("NOAUTH") || reply.is_error("MASTERDOWN");
}

}  // namespace

Pipe::Pipe(net::Loop& loop, const RedisOptions& options, Endpoint address, Observer& observer,
           const base::Logger& log)
    : loop_(loop),
      options_(options),
      address_(std::move(address)),
      observer_(observer),
      log_(log),
      backoff_(loop.now()) {
  connect();
  tick();
}

void Pipe::connect() {
  state_ = State::kConnecting;
  reader_ = {};
  stream_ = open_stream(loop_, options_, address_, kConnectTimeout, *this);
}

void Pipe::on_open() { greet(); }

void Pipe::greet() {
  state_ = State::kGreeting;
  std::string out;
  greetings_ = append_greeting(out, options_);
  for (const Script& script : scripts()) {
    const std::string_view load[] = {"SCRIPT", "LOAD", script.text};
    codec::resp::append_command(out, load);
    ++greetings_;
  }
  heard_ = loop_.now();
  stream_->write(out);
}

void Pipe::on_bytes(std::string_view bytes) {
  reader_.feed(bytes);
  heard_ = loop_.now();
  while (stream_ && state_ != State::kClosed) {
    auto reply = reader_.next();
    if (!reply) {
      drop(reply.error().message);
      return;
    }
    if (!*reply) return;
    if (state_ == State::kGreeting) {
      on_greeting(**reply);
    } else {
      on_reply(std::move(**reply));
    }
  }
}

void Pipe::on_greeting(const Reply& reply) {
  if (reply.is_error()) {
    drop(reply.text);
    return;
  }
  if (--greetings_ > 0) return;
  state_ = State::kUp;
  backoff_.reset();
  if (std::exchange(told_, false)) {
    log_.info("Redis is back", {{"host", address_.host}, {"port", address_.port}});
  }
  // What was on its way when the last connection broke goes first, in its order.
  flush();
  observer_.on_pipe_up();
}

void Pipe::on_reply(Reply reply) {
  if (sent_ == 0) {
    drop("a reply that nobody asked for");
    return;
  }
  if (ends_connection(reply)) {
    drop(reply.text);
    return;
  }
  Call call = std::move(calls_.front());
  calls_.pop_front();
  --sent_;
  if (is_refusal(reply) && call.done) {
    observer_.on_refused(std::move(call), reply);
    return;
  }
  observer_.on_ended(call);
  if (call.done) answer(std::move(call), std::move(reply));
}

void Pipe::answer(Call call, Reply reply) {
  if (reply.is_error()) {
    if (!is_temporary(reply) && !call.optional)
      log_.error("Redis refuses a command", {{"error", reply.text}});
    call.done(base::fail(base::ErrorCode::kUnavailable, "Redis: " + reply.text));
  } else if (call.durable && options_.replicas_min > 0) {
    wait_for_replicas(std::move(call.done), std::move(reply));
  } else {
    call.done(std::move(reply));
  }
}

// One WAIT for many: it speaks of all that was written on its connection before it, so of all that
// is answered before it.
void Pipe::wait_for_replicas(Call::Done done, Reply reply) {
  unreplicated_.push_back({.done = std::move(done), .reply = std::move(reply)});
  if (unreplicated_.size() > 1) return;
  Call wait{.bytes = {},
            .done = [this](const base::Result<Reply>& count) { on_replicas(count); },
            .deadline = loop_.now() + options_.timeout,
            .repeat = Call::Repeat::kNowhereElse};
  const std::string words[] = {"WAIT", std::to_string(options_.replicas_min),
                               std::to_string(kReplicaWait.count())};
  codec::resp::append_command(wait.bytes, words);
  enqueue(std::move(wait));
}

void Pipe::on_replicas(const base::Result<Reply>& count) {
  const bool enough = count && count->integer >= options_.replicas_min;
  for (Unreplicated& waiting : std::exchange(unreplicated_, {})) {
    if (enough) {
      waiting.done(std::move(waiting.reply));
    } else {
      waiting.done(base::fail(base::ErrorCode::kUnavailable,
                              "not on enough replicas (see redis-min-replicas)"));
    }
  }
}

void Pipe::on_closed(const std::string& reason) { drop(reason); }

// The calls stay and go out again, but for those that must not be repeated.
void Pipe::drop(const std::string& reason) {
  stream_.reset();
  const bool was_up = state_ == State::kUp;
  state_ = State::kConnecting;
  if (!std::exchange(told_, true)) {
    log_.warning("Redis is away",
                 {{"host", address_.host}, {"port", address_.port}, {"reason", reason}});
  }
  std::vector<Call> bound = take_bound();
  sent_ = 0;
  loop_.run_after(backoff_.next(), guard_([this] {
                    if (state_ == State::kConnecting && !stream_) connect();
                  }));
  if (was_up) observer_.on_pipe_down();
  fail(std::move(bound), reason);
}

std::vector<Call> Pipe::take_bound() {
  std::vector<Call> bound;
  std::deque<Call> free;
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    Call& call = calls_[i];
    const bool repeats = call.repeat == Call::Repeat::kAllowed ||
                         (call.repeat == Call::Repeat::kNever && i >= sent_);
    if (repeats && call.done) {
      free.push_back(std::move(call));
    } else {
      bound.push_back(std::move(call));
    }
  }
  calls_ = std::move(free);
  return bound;
}

void Pipe::fail(std::vector<Call> calls, const std::string& reason) {
  for (Call& call : calls) {
    observer_.on_ended(call);
    if (call.done) {
      call.done(base::fail(base::ErrorCode::kUnavailable, "Redis went away: " + reason));
    }
  }
}

void Pipe::enqueue(Call call) {
  calls_.push_back(std::move(call));
  flush_later();
}

std::vector<Call> Pipe::take(unsigned partition) {
  std::vector<Call> taken;
  std::deque<Call> rest;
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    Call& call = calls_[i];
    const bool takes = i >= sent_ && call.partition == partition;
    if (takes) {
      taken.push_back(std::move(call));
    } else {
      rest.push_back(std::move(call));
    }
  }
  calls_ = std::move(rest);
  return taken;
}

std::vector<Call> Pipe::close() {
  stream_.reset();
  std::vector<Call> bound = take_bound();
  state_ = State::kClosed;
  sent_ = 0;
  std::vector<Call> calls(std::move_iterator(calls_.begin()), std::move_iterator(calls_.end()));
  calls_.clear();
  fail(std::move(bound), "another one is the primary");
  return calls;
}

// Once a turn: what one turn asks goes out in one write.
void Pipe::flush_later() {
  if (state_ != State::kUp || std::exchange(flush_posted_, true)) return;
  loop_.post(guard_([this] {
    flush_posted_ = false;
    flush();
  }));
}

void Pipe::flush() {
  if (state_ != State::kUp || sent_ == calls_.size()) return;
  if (sent_ == 0) heard_ = loop_.now();
  std::string out;
  for (; sent_ < calls_.size(); ++sent_) out += calls_[sent_].bytes;
  stream_->write(out);
}

void Pipe::tick() {
  if (state_ == State::kClosed) return;
  loop_.run_after(kTick, guard_([this] { tick(); }));
  expire();
  const bool owed = state_ == State::kGreeting || sent_ > 0;
  if (stream_ && owed && loop_.now() - heard_ > options_.timeout) drop("Redis does not answer");
}

void Pipe::expire() {
  const base::Instant now = loop_.now();
  std::vector<Call> unsent;
  std::vector<Call::Done> ended;
  // What is on the connection keeps its place, for its reply.
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    Call& call = calls_[i];
    if (call.deadline > now || !call.done) continue;
    ended.push_back(std::exchange(call.done, nullptr));
    if (i >= sent_) unsent.push_back(std::move(call));
  }
  if (!unsent.empty()) {
    const auto waiting = calls_.begin() + static_cast<std::ptrdiff_t>(sent_);
    calls_.erase(std::remove_if(waiting, calls_.end(), [](const Call& call) { return !call.done; }),
                 calls_.end());
  }
  for (const Call& call : unsent) observer_.on_ended(call);
  for (Call::Done& done : ended) {
    done(base::fail(base::ErrorCode::kUnavailable, "Redis does not answer in time"));
  }
}

}  // namespace palaver::broker::redis
