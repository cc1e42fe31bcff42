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

Reply ask(redisContext& context, const std::vector<std::string>& words) {
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  for (const std::string& word : words) {
    texts.push_back(word.data());
    sizes.push_back(word.size());
  }
  void* reply =
      redisCommandArgv(&context, static_cast<int>(words.size()), texts.data(), sizes.data());
  return Reply(static_cast<redisReply*>(reply));
}

}  // namespace

std::optional<std::string> redis_command(const RedisAddress& address,
                                         const std::vector<std::string>& words) {
  const Context context(redisConnectWithTimeout("127.0.0.1", address.port, kPatience));
  if (context == nullptr || context->err != 0) return {};
  redisSetTimeout(context.get(), kPatience);
  if (!address.password.empty()) {
    std::vector<std::string> login{"AUTH", address.password};
    if (!address.user.empty()) login.insert(login.begin() + 1, address.user);
    const Reply reply = ask(*context, login);
    if (reply == nullptr) return {};
    if (reply->type == REDIS_REPLY_ERROR) return text_of(*reply);
  }
  const Reply reply = ask(*context, words);
  if (reply == nullptr) return {};
  return text_of(*reply);
}

}  // namespace palaver::tests::support
