// SPDX-License-Identifier: Apache-2.0
#include "broker/redis/links.h"

#include <array>
#include <charconv>
#include <utility>

namespace palaver::broker::redis {

namespace {

std::string hex_of(std::uint64_t number) {
  std::array<char, 16> text{};
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), number, 16);
  return {text.data(), end};
}

}  // namespace

Links::Links(net::Loop& loop, RedisOptions options, std::uint64_t seed, const base::Logger& log)
    : loop_(loop),
      options_(std::move(options)),
      uid_(hex_of(seed)),
      pipe_(loop, options_, *this, log),
      feed_(loop, options_, *this),
      finder_(loop, options_, *this),
      log_(log) {}

void Links::open() {
  if (std::exchange(opened_, true)) return;
  if (!options_.sentinels.empty()) {
    finder_.open();
    return;
  }
  pipe_.open(options_.endpoint);
  feed_.open(options_.endpoint);
}

void Links::on_primary(const Endpoint& primary) {
  log_.info("the primary", {{"host", primary.host}, {"port", primary.port}});
  if (std::exchange(found_, true)) {
    pipe_.move(primary);
    feed_.move(primary);
  } else {
    pipe_.open(primary);
    feed_.open(primary);
  }
}

void Links::close() {
  finder_.close();
  pipe_.close();
  feed_.close();
}

std::string Links::fresh_id() { return uid_ + '-' + hex_of(++ids_); }

void Links::on_pipe_up() {
  for (LinksListener* listener : listeners_) listener->on_pipe_up();
}

void Links::on_pipe_down(const std::string&) {
  for (LinksListener* listener : listeners_) listener->on_pipe_down();
}

void Links::on_subscribed(const std::string& channel) {
  for (LinksListener* listener : listeners_) listener->on_subscribed(channel);
}

void Links::on_message(const std::string& channel, std::string_view message) {
  for (LinksListener* listener : listeners_) listener->on_message(channel, message);
}

void Links::on_feed_down() {
  for (LinksListener* listener : listeners_) listener->on_feed_down();
}

}  // namespace palaver::broker::redis
