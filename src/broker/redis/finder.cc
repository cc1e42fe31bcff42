// SPDX-License-Identifier: Apache-2.0
#include "broker/redis/finder.h"

#include <charconv>
#include <chrono>
#include <optional>

namespace palaver::broker::redis {

namespace {

constexpr base::Duration kInterval = std::chrono::seconds{1};
constexpr base::Duration kTimeout = std::chrono::seconds{1};

}  // namespace

Finder::Finder(net::Loop& loop, const RedisOptions& options, Observer& observer)
    : loop_(loop), options_(options), observer_(observer) {}

void Finder::open() { ask(); }

void Finder::close() {
  closed_ = true;
  stream_.reset();
}

// One connection stays with the sentinel that answers.
void Finder::ask() {
  if (closed_) return;
  loop_.run_after(kInterval, [this] { ask(); });
  if (stream_) {
    if (asked_) {
      next();  // it was silent for a whole interval
    } else {
      on_open();
    }
    return;
  }
  const Endpoint& sentinel = options_.sentinels[sentinel_];
  reader_ = {};
  asked_ = true;  // until it is open
  net::ClientStream::Observer& observer = *this;
  stream_ =
      std::make_unique<net::ClientStream>(loop_,
                                          net::ClientStream::Target{.host = sentinel.host,
                                                                    .port = sentinel.port,
                                                                    .timeout = kTimeout,
                                                                    .tls = options_.tls.get()},
                                          observer);
}

void Finder::on_open() {
  std::string out;
  const std::string_view question[] = {"SENTINEL", "GET-MASTER-ADDR-BY-NAME",
                                       options_.sentinel_primary};
  codec::resp::append_command(out, question);
  asked_ = true;
  stream_->write(out);
}

void Finder::on_bytes(std::string_view bytes) {
  reader_.feed(bytes);
  auto read = reader_.next();
  if (!read) {
    next();
    return;
  }
  const std::optional<codec::resp::Reply>& reply = *read;
  if (!reply) return;
  asked_ = false;
  const auto& elements = reply->elements;
  Endpoint primary;
  const std::string port = elements.size() == 2 ? elements[1].text : "";
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), primary.port);
  if (elements.size() != 2 || error != std::errc() || primary.port == 0) {
    next();  // it does not know, or is not to be understood
    return;
  }
  primary.host = elements[0].text;
  if (primary == primary_) return;
  primary_ = primary;
  observer_.on_primary(primary_);
}

void Finder::on_closed(const std::string&) { next(); }

// Another sentinel, at the next tick.
void Finder::next() {
  stream_.reset();
  sentinel_ = (sentinel_ + 1) % options_.sentinels.size();
}

}  // namespace palaver::broker::redis
