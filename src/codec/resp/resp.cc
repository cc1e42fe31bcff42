// SPDX-License-Identifier: Apache-2.0
#include "codec/resp/resp.h"

#include <hiredis/hiredis.h>

#include <charconv>
#include <utility>

#include "base/check.h"

namespace palaver::codec::resp {

namespace {

struct FreeReply {
  void operator()(void* reply) const { ::freeReplyObject(reply); }
};

// Elements of one array. hiredis takes memory for as many as are announced, and looks at each when
// it lets go of them, before one has arrived. The longest that we ask for are the members of a
// room, two elements each. Beyond: the error of next().
constexpr int kElementsMax = 16 * 1024 * 1024;

// hiredis' own functions are the reader's private data.
void* create_array(const redisReadTask* task, int elements) {
  if (elements > kElementsMax) return nullptr;
  const auto* own = static_cast<const redisReplyObjectFunctions*>(task->privdata);
  return own->createArray(task, elements);
}

redisReplyObjectFunctions with_limit(redisReplyObjectFunctions functions) {
  functions.createArray = &create_array;
  return functions;
}

Reply reply_of(const redisReply& from) {
  Reply reply;
  switch (from.type) {
    case REDIS_REPLY_STRING:
      reply.kind = Reply::Kind::kText;
      break;
    case REDIS_REPLY_STATUS:
      reply.kind = Reply::Kind::kStatus;
      break;
    case REDIS_REPLY_ERROR:
      reply.kind = Reply::Kind::kError;
      break;
    case REDIS_REPLY_INTEGER:
      reply.kind = Reply::Kind::kInteger;
      reply.integer = from.integer;
      return reply;
    case REDIS_REPLY_ARRAY:
      reply.kind = Reply::Kind::kArray;
      reply.elements.reserve(from.elements);
      for (std::size_t i = 0; i < from.elements; ++i) {
        reply.elements.push_back(reply_of(*from.element[i]));
      }
      return reply;
    default:
      return reply;
  }
  reply.text.assign(from.str, static_cast<std::size_t>(from.len));
  return reply;
}

void append_number(std::string& out, char mark, std::size_t number) {
  char digits[24];
  const auto [end, error] = std::to_chars(std::begin(digits), std::end(digits), number);
  out += mark;
  out.append(digits, end);
  out += "\r\n";
}

template <typename Text>
void append(std::string& out, std::span<const Text> arguments) {
  append_number(out, '*', arguments.size());
  for (const auto& argument : arguments) {
    append_number(out, '$', argument.size());
    out += argument;
    out += "\r\n";
  }
}

}  // namespace

bool Reply::is_error(std::string_view code) const {
  if (kind != Kind::kError || !text.starts_with(code)) return false;
  return text.size() == code.size() || text[code.size()] == ' ';
}

void ReplyReader::Free::operator()(redisReader* reader) const { ::redisReaderFree(reader); }

ReplyReader::ReplyReader() : reader_(::redisReaderCreate()) {
  CHECK(reader_ != nullptr, "there is memory for a reader");
  // Not const for hiredis alone, which does not write to it.
  static redisReplyObjectFunctions functions = with_limit(*reader_->fn);
  reader_->privdata = reader_->fn;
  reader_->fn = &functions;
}
ReplyReader::~ReplyReader() = default;
ReplyReader::ReplyReader(ReplyReader&&) noexcept = default;
ReplyReader& ReplyReader::operator=(ReplyReader&&) noexcept = default;

void ReplyReader::feed(std::string_view bytes) {
  // Its error is met by next().
  (void)::redisReaderFeed(reader_.get(), bytes.data(), bytes.size());
}

base::Result<std::optional<Reply>> ReplyReader::next() {
  void* found = nullptr;
  if (::redisReaderGetReply(reader_.get(), &found) != REDIS_OK) {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      std::string("not the protocol of Redis: ") + reader_->errstr);
  }
  if (found == nullptr) return std::nullopt;
  const std::unique_ptr<void, FreeReply> owned(found);
  return reply_of(*static_cast<const redisReply*>(found));
}

void append_command(std::string& out, std::span<const std::string_view> arguments) {
  append(out, arguments);
}

void append_command(std::string& out, std::span<const std::string> arguments) {
  append(out, arguments);
}

}  // namespace palaver::codec::resp
