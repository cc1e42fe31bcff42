// SPDX-License-Identifier: Apache-2.0
#include "chat/publisher.h"

#include <utility>

#include "base/check.h"

namespace palaver::chat {

using codec::wire::CommandError;

namespace {

CommandError error_of(const base::Error& error) {
  switch (error.code) {
    case base::ErrorCode::kLimit:
      return codec::wire::kErrorLimitExceeded;
    case base::ErrorCode::kNotFound:
      return codec::wire::kErrorTargetGone;
    case base::ErrorCode::kInvalidArgument:
      return codec::wire::kErrorBadId;
    default:
      return codec::wire::kErrorInternal;
  }
}

// Users without a name share it: among them the connection tells who is who.
bool is_author(const model::Sender& sender, const model::Sender& of) {
  return sender.user == of.user && (!sender.user.value.empty() || sender.client == of.client);
}

// An id is the sender's own, and "" is nobody's name.
std::string retry_id(const model::Sender& sender, Post& post) {
  if (!post.id.empty()) return std::move(post.id);
  return sender.user.value.empty() ? std::string() : std::move(post.act.id);
}

bool is_missing(const base::Result<model::Publication>& target) {
  return !target && target.error().code == base::ErrorCode::kNotFound;
}

// Stands in for a target that is not kept any more, or never was. No entry will ever have this
// offset, so that the broker knows a retry of what was stored in time and refuses all else.
constexpr model::Offset kNowhere = model::kOffsetEnd;

// Whether this may be done to that entry.
std::optional<CommandError> judge(const Act& act, const model::Publication& target,
                                  const Author& author) {
  const auto read = read_act(target.data.view());
  const Kind kind = read ? read->kind : Kind::kOpaque;
  const bool gone = kind == Kind::kGone;  // the broker says so, unless this is a retry
  const bool speaks = kind == Kind::kMessage || gone;
  const bool own = is_author(author.sender, target.sender);
  switch (act.kind) {
    case Kind::kEdit:
      if (!speaks) return codec::wire::kErrorTargetGone;
      if (!own) return codec::wire::kErrorNotTheAuthor;
      return std::nullopt;
    case Kind::kDelete:
      if (!speaks && kind != Kind::kOpaque) return codec::wire::kErrorTargetGone;
      if (!own && author.role != auth::Role::kModerator) return codec::wire::kErrorNotTheAuthor;
      return std::nullopt;
    default:
      if (!speaks && kind != Kind::kOpaque) return codec::wire::kErrorTargetGone;
      return std::nullopt;
  }
}

// The broker's answer in the words of the chat.
template <typename Result>
auto in_words(Publisher::Done done) {
  return [done = std::move(done)](base::Result<Result> result) mutable {
    if (!result) {
      done(std::unexpected(error_of(result.error())));
    } else if constexpr (std::is_same_v<Result, broker::PublishResult>) {
      done(std::move(*result));
    } else {
      done(broker::PublishResult{.position = std::move(result->position)});
    }
  };
}

}  // namespace

void Publisher::publish(const model::RoomName& room, Author author, Post post, Done done) {
  CHECK(post.act.kind != Kind::kGone, "nobody publishes what the server says of a deleted entry");
  if (const model::Offset offset = post.act.target; offset.value > 0) {
    broker_.entry(room, offset,
                  [this, room, author = std::move(author), post = std::move(post),
                   done = std::move(done)](base::Result<model::Publication> target) mutable {
                    if (is_missing(target)) {
                      publish_about(room, kNowhere, std::move(author), std::move(post),
                                    std::move(done));
                    } else if (!target) {
                      done(std::unexpected(error_of(target.error())));
                    } else if (const auto error = judge(post.act, *target, author)) {
                      done(std::unexpected(*error));
                    } else {
                      publish_about(room, target->offset, std::move(author), std::move(post),
                                    std::move(done));
                    }
                  });
    return;
  }
  broker::PublishOptions options;
  options.tags = std::move(post.tags);
  options.retention =
      post.act.kind == Kind::kTyping ? model::Retention::kEphemeral : post.retention;
  options.id = retry_id(author.sender, post);
  broker_.publish(room, std::move(author.sender), std::move(post.data), std::move(options),
                  in_words<broker::PublishResult>(std::move(done)));
}

void Publisher::publish_about(const model::RoomName& room, model::Offset target, Author author,
                              Post post, Done done) {
  std::string id = retry_id(author.sender, post);
  if (post.act.kind == Kind::kDelete) {
    broker_.redact(room, std::move(author.sender), std::move(post.data), target,
                   base::Frame::copy_of(kGoneData), std::move(id),
                   in_words<broker::RedactResult>(std::move(done)));
    return;
  }
  broker::PublishOptions options;
  options.id = std::move(id);
  options.tags = std::move(post.tags);
  options.about = target;
  broker_.publish(room, std::move(author.sender), std::move(post.data), std::move(options),
                  in_words<broker::PublishResult>(std::move(done)));
}

}  // namespace palaver::chat
