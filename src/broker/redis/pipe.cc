// SPDX-License-Identifier: Apache-2.0
#include "broker/redis/pipe.h"

#include <utility>

#include "broker/redis/greeting.h"

namespace palaver::broker::redis {

using codec::resp::Reply;

namespace {

constexpr base::Duration kTick = std::chrono::milliseconds{100};

// Redis cannot do it now, or this one cannot; another one may, or later.
bool is_temporary(const Reply& reply) {
  for (const std::string_view code :
       {"LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "BUSY", "OOM", "NOREPLICAS",
        "MISCONF", "MOVED", "ASK"}) {
    if (reply.is_error(code)) return true;
  }
  return false;
}

// The connection is of no use: it must begin anew, perhaps with another Redis.
bool ends_connection(const Reply& reply) {
  return reply.is_error("NOSCRIPT") || reply.is_error("READONLY") || reply.is_error("LOADING") ||
         reply.is_error("NOAUTH") || reply.is_error("MASTERDOWN");
}

}  // namespace

Pipe::Pipe(net::Loop& loop, const RedisOptions& options, Observer& observer,
           const base::Logger& log)
    : loop_(loop), options_(options), observer_(observer), log_(log), backoff_(loop.now()) {}

void Pipe::open(Endpoint address) {
  address_ = std::move(address);
  connect();
}

void Pipe::move(Endpoint address) {
  if (address == address_ || state_ == State::kClosed) return;
  address_ = std::move(address);
  if (stream_) drop("another one is the primary");
}

void Pipe::close() {
  state_ = State::kClosed;
  stream_.reset();
  calls_.clear();
  sent_ = waiting_bytes_ = 0;
}

void Pipe::connect() {
  state_ = State::kConnecting;
  reader_ = {};
  net::ClientStream::Observer& observer = *this;
  stream_ = std::make_unique<net::ClientStream>(
      loop_,
      net::ClientStream::Target{.host = address_.host,
                                .port = address_.port,
                                .timeout = std::chrono::seconds{2},
                                .tls = options_.tls.get()},
      observer);
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
  if (std::exchange(told_, false)) log_.info("Redis is back", {{"host", address_.host}});
  // What was on its way when the last connection broke goes first, in its order.
  sent_ = 0;
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
  waiting_bytes_ -= call.bytes.size();
  if (!call.done) return;
  if (is_temporary(reply)) {
    call.done(base::fail(base::ErrorCode::kUnavailable, "Redis: " + reply.text));
  } else if (reply.is_error()) {
    log_.error("Redis refuses a command", {{"error", reply.text}});
    call.done(base::fail(base::ErrorCode::kUnavailable, "Redis: " + reply.text));
  } else {
    call.done(std::move(reply));
  }
}

void Pipe::on_closed(const std::string& reason) { drop(reason); }

// The calls stay and go out again, but for those that must not be repeated.
void Pipe::drop(const std::string& reason) {
  stream_.reset();
  const bool was_up = state_ == State::kUp;
  state_ = State::kConnecting;
  if (!std::exchange(told_, true)) {
    log_.warning("Redis is away", {{"host", address_.host}, {"reason", reason}});
  }
  std::deque<Call> kept;
  std::vector<Done> ended;
  waiting_bytes_ = 0;
  for (Call& call : calls_) {
    if (call.sent && call.repeat == Repeat::kNever) {
      ended.push_back(std::move(call.done));
    } else if (call.done) {
      waiting_bytes_ += call.bytes.size();
      kept.push_back(std::move(call));
    }
  }
  calls_ = std::move(kept);
  for (Call& call : calls_) call.sent = false;
  sent_ = 0;
  loop_.run_after(backoff_.next(), [this] {
    if (state_ == State::kConnecting && !stream_) connect();
  });
  if (was_up) observer_.on_pipe_down(reason);
  for (Done& done : ended) {
    if (done) done(base::fail(base::ErrorCode::kUnavailable, "Redis went away: " + reason));
  }
}

void Pipe::send(std::span<const std::string> command, Done done, Repeat repeat) {
  std::string bytes;
  codec::resp::append_command(bytes, command);
  enqueue(std::move(bytes), std::move(done), repeat);
}

void Pipe::run(ScriptId script, std::span<const std::string> keys,
               std::span<const std::string> arguments, Done done) {
  std::vector<std::string_view> command{"EVALSHA", scripts()[static_cast<std::size_t>(script)].sha};
  const std::string count = std::to_string(keys.size());
  command.emplace_back(count);
  command.insert(command.end(), keys.begin(), keys.end());
  command.insert(command.end(), arguments.begin(), arguments.end());
  std::string bytes;
  codec::resp::append_command(bytes, command);
  enqueue(std::move(bytes), std::move(done), Repeat::kAllowed);
}

void Pipe::enqueue(std::string bytes, Done done, Repeat repeat) {
  const bool full =
      calls_.size() >= kWaitingCallsMax || waiting_bytes_ + bytes.size() > kWaitingBytesMax;
  if (full || state_ == State::kClosed) {
    loop_.post([done = std::move(done)]() mutable {
      done(base::fail(base::ErrorCode::kUnavailable, "too much waits for Redis"));
    });
    return;
  }
  if (!std::exchange(ticking_, true)) tick();
  waiting_bytes_ += bytes.size();
  calls_.push_back({.bytes = std::move(bytes),
                    .deadline = loop_.now() + options_.timeout,
                    .done = std::move(done),
                    .repeat = repeat});
  flush_later();
}

// Once a turn: what one turn asks goes out in one write.
void Pipe::flush_later() {
  if (state_ != State::kUp || std::exchange(flush_posted_, true)) return;
  loop_.post([this] {
    flush_posted_ = false;
    flush();
  });
}

void Pipe::flush() {
  if (state_ != State::kUp || sent_ == calls_.size()) return;
  if (sent_ == 0) heard_ = loop_.now();
  std::string out;
  for (; sent_ < calls_.size(); ++sent_) {
    out += calls_[sent_].bytes;
    calls_[sent_].sent = true;
  }
  stream_->write(out);
}

void Pipe::tick() {
  loop_.run_after(kTick, [this] { tick(); });
  if (state_ == State::kClosed) return;
  expire();
  const bool owed = state_ == State::kGreeting || sent_ > 0;
  if (stream_ && owed && loop_.now() - heard_ > options_.timeout) drop("Redis does not answer");
}

void Pipe::expire() {
  const base::Instant now = loop_.now();
  std::vector<Done> ended;
  // Deadlines rise along the queue, since all have the same time.
  for (Call& call : calls_) {
    if (call.deadline > now) break;
    if (call.done) ended.push_back(std::exchange(call.done, nullptr));
  }
  while (!calls_.empty() && !calls_.front().sent && !calls_.front().done) {
    waiting_bytes_ -= calls_.front().bytes.size();
    calls_.pop_front();
  }
  for (Done& done : ended) {
    done(base::fail(base::ErrorCode::kUnavailable, "Redis does not answer in time"));
  }
}

}  // namespace palaver::broker::redis
