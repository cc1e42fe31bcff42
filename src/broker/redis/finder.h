// SPDX-License-Identifier: Apache-2.0
// Finder: asks the sentinels who the primary is: one after the other, until one knows; then again
// now and then, since a primary that was replaced may go on answering. Owned and used on its loop's
// thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "broker/redis/options.h"
#include "codec/resp/resp.h"
#include "net/client_stream.h"

namespace palaver::broker::redis {

class Finder final : private net::ClientStream::Observer {
 public:
  class Observer {
   public:
    // The same one again is no news.
    virtual void on_primary(const Endpoint& primary) = 0;

   protected:
    ~Observer() = default;
  };

  // All references outlive it; `options` has sentinels.
  Finder(net::Loop& loop, const RedisOptions& options, Observer& observer);
  Finder(const Finder&) = delete;
  Finder& operator=(const Finder&) = delete;

  void open();
  void close();

 private:
  void on_open() override;
  void on_bytes(std::string_view bytes) override;
  void on_closed(const std::string& reason) override;

  void ask();
  void next();

  net::Loop& loop_;
  const RedisOptions& options_;
  Observer& observer_;
  std::unique_ptr<net::ClientStream> stream_;
  codec::resp::ReplyReader reader_;
  bool asked_ = false;
  std::size_t sentinel_ = 0;  // whom it asks
  Endpoint primary_;          // no host: none was found yet
  bool closed_ = false;
};

}  // namespace palaver::broker::redis
