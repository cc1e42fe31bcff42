// SPDX-License-Identifier: Apache-2.0
// Finder: asks who the primary is, or the primaries: sentinels, or nodes of a cluster, one after
// the other until one knows; then that one again each second, since a primary that was replaced may
// go on answering. Owned and used on its loop's thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "broker/redis/guard.h"
#include "broker/redis/options.h"
#include "codec/resp/resp.h"
#include "net/client_stream.h"

namespace palaver::broker::redis {

class Finder final : private net::ClientStream::Observer {
 public:
  class Observer {
   public:
    // Whether it knows; else another is asked. It may be an error.
    virtual bool on_found(const Endpoint& asked, const codec::resp::Reply& answer) = 0;
    virtual void on_not_found(const Endpoint& asked, const std::string& reason) = 0;

   protected:
    ~Observer() = default;
  };
  struct Question {
    std::vector<std::string> command;
    bool greets = true;  // with the user, the password and the database
  };

  // All references outlive it.
  Finder(net::Loop& loop, const RedisOptions& options, Question question, Observer& observer);
  Finder(const Finder&) = delete;
  Finder& operator=(const Finder&) = delete;

  // Asks these, until close().
  void open(std::vector<Endpoint> whom);
  void close();
  // Before its time, if somebody is known who answers.
  void ask_now();
  [[nodiscard]] bool is_open() const { return !whom_.empty(); }
  [[nodiscard]] const Question& question() const { return question_; }

 private:
  void on_open() override;
  void on_bytes(std::string_view bytes) override;
  void on_closed(const std::string& reason) override;

  void ask();
  void write_question();
  void next(const std::string& reason);

  net::Loop& loop_;
  const RedisOptions& options_;
  const Question question_;
  Observer& observer_;
  std::vector<Endpoint> whom_;  // empty: nobody, now
  std::size_t asked_ = 0;       // which of them
  unsigned round_ = 0;          // open() begins another
  std::unique_ptr<net::ClientStream> stream_;
  codec::resp::ReplyReader reader_;
  std::size_t greetings_ = 0;
  bool owed_ = false;
  Guard guard_;
};

}  // namespace palaver::broker::redis
