// SPDX-License-Identifier: Apache-2.0
#include "tests/support/redis_command.h"

#include <hiredis/hiredis.h>
#include <sys/time.h>

#include <memory>
#include <string_view>

namespace palaver::tests::support {
namespace {

constexpr timeval kPatience{.tv_sec = 1, .tv_usec = 0};

struct Free {
  void operator()(redisContext* context) const { redisFree(context); }
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using Context = std::unique_ptr<redisContext, Free>;
using Reply = std::unique_ptr<redisReply, Free>;

std::string text_of(const redisReply& reply) {
  switch (reply.type) {
    case REDIS_REPLY_NIL:
      return "(nil)";
    case REDIS_REPLY_INTEGER:
      return std::to_string(reply.integer);
    case REDIS_REPLY_ERROR:
      return "(error) " + std::string(reply.str, reply.len);
    case REDIS_REPLY_ARRAY: {
      std::string lines;
      for (std::size_t i = 0; i < reply.elements; ++i) {
        if (i > 0) lines += '\n';
        lines += text_of(*reply.element[i]);
      }
      return lines;
    }
    default:
      return {reply.str, reply.len};
  }
}

void append(redisContext& context, const std::vector<std::string>& words) {
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  for (const std::string& word : words) {
    texts.push_back(word.data());
    sizes.push_back(word.size());
  }
  redisAppendCommandArgv(&context, static_cast<int>(words.size()), texts.data(), sizes.data());
}

// Null when none comes.
Reply next_reply(redisContext& context) {
  void* reply = nullptr;
  if (redisGetReply(&context, &reply) != REDIS_OK) return {};
  return Reply(static_cast<redisReply*>(reply));
}

}  // namespace

std::optional<std::string> redis_command(const RedisAddress& address,
                                         const std::vector<std::string>& words) {
  const Context context(redisConnectWithTimeout("127.0.0.1", address.port, kPatience));
  if (context == nullptr || context->err != 0) return {};
  redisSetTimeout(context.get(), kPatience);
  const bool asks_for_login = !address.password.empty();
  if (asks_for_login) {
    std::vector<std::string> login{"AUTH", address.password};
    if (!address.user.empty()) login.insert(login.begin() + 1, address.user);
    append(*context, login);
  }
  append(*context, words);
  // Both leave in one write: a second one could meet a closed connection, which is a SIGPIPE.
  Reply reply = next_reply(*context);
  if (asks_for_login && reply != nullptr && reply->type != REDIS_REPLY_ERROR) {
    reply = next_reply(*context);
  }
  if (reply == nullptr) return {};
  return text_of(*reply);
}

}  // namespace palaver::tests::support
