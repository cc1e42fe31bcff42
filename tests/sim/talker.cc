// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/talker.h"

#include <algorithm>
#include <utility>

#include "chat/act.h"
#include "tests/support/line_encoder.h"

namespace palaver::tests::sim {

using codec::wire::RawJson;

namespace {

constexpr std::size_t kLogLines = 25;
constexpr std::size_t kAwaitedMax = 12;
constexpr std::size_t kPostsMax = 6;

std::string quoted(const std::string& text) { return '"' + text + '"'; }

std::string channel_of(const SessionView& view) { return R"({"channel":)" + quoted(view.room()); }

}  // namespace

Talker::Talker(std::string user, const std::vector<std::string>& rooms, support::Choices& choices,
               Redactions& redactions)
    : user_(std::move(user)), choices_(choices), redactions_(redactions) {
  for (const std::string& room : rooms) views_.emplace_back(room, redactions);
}

void Talker::command(Awaited awaited, const std::string& body) {
  awaited.id = ++ids_;
  if (!said_.empty()) said_ += '\n';
  said_ += "{\"id\":" + std::to_string(awaited.id) + ',' + body + '}';
  log_.push_back("> " + body);
  awaited_.push_back(std::move(awaited));
}

void Talker::connected() {
  closed_ = false;
  command({.kind = Kind::kConnect}, R"("connect":{"token":)" + quoted(user_) + '}');
  if (choices_.one_in(2)) settle();  // in the same message
}

void Talker::disconnected() {
  log_.emplace_back("-- disconnected");
  stream_.clear();
  said_.clear();
  client_.clear();
  awaited_.clear();
  must_close_ = false;
  for (SessionView& view : views_) view.left();
  for (Post& post : posts_) post.under_way = false;  // it may be stored, or not
}

std::string Talker::take_message() { return std::exchange(said_, {}); }

bool Talker::awaits(const SessionView& view) const {
  return std::ranges::any_of(awaited_, [&](const Awaited& each) {
    const bool moves = each.kind == Kind::kSubscribe || each.kind == Kind::kUnsubscribe;
    return moves && each.view == &view;
  });
}

void Talker::settle() {
  if (closed_) return;
  for (SessionView& view : views_) {
    if (!view.live() && !awaits(view)) subscribe(view);
  }
  for (Post& post : posts_) {
    if (!post.under_way) send(post);
  }
}

void Talker::act() {
  if (closed_ || awaited_.size() > kAwaitedMax) return;
  settle();
  for (std::size_t i = choices_.below(3); i > 0; --i) {
    SessionView& view = views_[choices_.below(views_.size())];
    if (choices_.one_in(2)) {
      say_something(view);
    } else {
      ask_something(view);
    }
  }
}

// It goes on where it stood; now and then it has forgotten.
void Talker::subscribe(SessionView& view) {
  Awaited awaited{.kind = Kind::kSubscribe, .view = &view};
  awaited.asked.moment = redactions_.now();
  std::string body = R"("subscribe":)" + channel_of(view);
  if (view.position() && !choices_.one_in(8)) {
    awaited.asked.since = view.position();
    body += R"(,"recover":true,"epoch":)" + quoted(view.position()->epoch.value) + R"(,"offset":)" +
            std::to_string(view.position()->offset.value);
  }
  if (choices_.one_in(3)) body += R"(,"join_leave":true)";
  command(std::move(awaited), body + '}');
}

void Talker::send(Post& post) {
  post.under_way = true;
  command({.kind = Kind::kPublish, .post = post.number},
          R"("publish":{"channel":)" + quoted(post.room) + R"(,"data":)" + post.data + '}');
}

// Something new, of which the client's own number makes the id.
void Talker::say_something(SessionView& view) {
  if (posts_.size() >= kPostsMax || closed_) return;
  const std::string id = user_ + '-' + std::to_string(++numbers_);
  Post post{.number = numbers_,
            .room = view.room(),
            .data = "{\"id\":" + quoted(id) + ',' + some_act(view) + '}'};
  send(posts_.emplace_back(std::move(post)));
}

std::string Talker::some_act(const SessionView& view) {
  const auto text = [&] {
    return R"("text":")" + std::string(1 + choices_.below(choices_.one_in(9) ? 200 : 9), 't') + '"';
  };
  const auto& seen = view.seen();
  if (seen.empty() || choices_.one_in(2)) return text();
  // One of the last, of its own or of whoever said it.
  const auto pick = [&]() -> const SessionView::Seen& {
    return seen[seen.size() - 1 - choices_.below(std::min<std::size_t>(seen.size(), 12))];
  };
  const SessionView::Seen* picked = &pick();
  for (int tries = 0; tries < 3 && picked->user != user_; ++tries) picked = &pick();
  const std::string target = R"("target":)" + std::to_string(picked->offset) + ',';
  switch (choices_.below(3)) {
    case 0:
      return R"("kind":"edit",)" + target + text();
    case 1:
      return target + R"("kind":"delete")";
    default:
      return target + R"("kind":"react","emoji":"+","on":true)";
  }
}

void Talker::ask_something(SessionView& view) {
  const std::string channel = channel_of(view);
  switch (choices_.below(7)) {
    case 0:
      if (view.live() && !awaits(view)) {
        command({.kind = Kind::kUnsubscribe, .view = &view}, R"("unsubscribe":)" + channel + '}');
      }
      break;
    case 1: {
      Awaited awaited{.kind = Kind::kHistory, .view = &view, .reverse = choices_.one_in(2)};
      awaited.asked.moment = redactions_.now();
      std::string body = R"("history":)" + channel + R"(,"limit":)";
      body += std::to_string(choices_.below(30));
      if (awaited.reverse) body += R"(,"reverse":true)";
      command(std::move(awaited), body + '}');
      break;
    }
    case 2:
      command({.kind = Kind::kOther}, R"("presence":)" + channel + '}');
      break;
    case 3:
      command({.kind = Kind::kOther}, R"("presence_stats":)" + channel + '}');
      break;
    case 4:
      if (is_moderator(user_) && choices_.one_in(3)) {
        command({.kind = Kind::kOther},
                R"("rpc":{"method":"disconnect_user","data":{"user":"talker-0"}})");
      }
      break;
    case 5:
      // Nobody waits for it, and it may come too often.
      command({.kind = Kind::kOther}, R"("publish":)" + channel + R"(,"data":{"kind":"typing"}})");
      break;
    default:
      command({.kind = Kind::kOther}, R"("ping":{})");
  }
}

void Talker::receive(const std::string& bytes) {
  stream_ += bytes;
  for (const std::string& text : support::take_lines(stream_)) line(text);
}

void Talker::line(const std::string& text) {
  log_.push_back("< " + text);
  while (log_.size() > kLogLines) log_.pop_front();
  expect(!closed_, "something follows the close");
  if (text.starts_with("close ")) {
    on_close(text);
    return;
  }
  const auto json = RawJson::parse(text);
  expect(json.has_value(), "a line that is no JSON");
  if (!json) return;
  if (const auto push = json->member("push")) {
    on_push(*push);
  } else {
    on_reply(*json);
  }
}

void Talker::on_close(const std::string& text) {
  closed_ = true;
  const bool slow = text == "close 3008";
  expect(slow || text == "close 3503", "a close that nobody asked for");
  expect(slow || !must_close_, "an answer is missing");
}

void Talker::on_reply(const RawJson& reply) {
  ++replies_;
  const std::uint64_t id = number_in(reply, "id");
  while (!awaited_.empty() && awaited_.front().id != id) {
    must_close_ = true;
    awaited_.pop_front();
  }
  expect(!awaited_.empty(), "a reply twice, out of order, or to nothing");
  if (awaited_.empty()) return;
  const Awaited awaited = std::move(awaited_.front());
  awaited_.pop_front();
  const auto error = reply.member("error");
  if (error) {
    on_error(awaited, number_in(*error, "code"));
  } else {
    on_result(awaited, reply);
  }
}

void Talker::on_error(const Awaited& awaited, std::uint64_t code) {
  switch (awaited.kind) {
    case Kind::kConnect:
      expect(false, "refused to connect");
      break;
    case Kind::kSubscribe:
      expect(code == 100, "refused to subscribe");
      break;
    case Kind::kUnsubscribe:
      expect(false, "refused to unsubscribe");
      break;
    case Kind::kPublish:
      on_publish_reply(awaited, code);
      break;
    case Kind::kHistory:
      expect(code == 100, "refused a history");
      break;
    case Kind::kOther:
      expect(code == 100 || code == 103 || code == 111, "refused, and why");
      break;
  }
}

void Talker::on_result(const Awaited& awaited, const RawJson& reply) {
  switch (awaited.kind) {
    case Kind::kConnect: {
      const auto result = reply.member("connect");
      expect(result.has_value(), "a reply of another kind");
      if (result) client_ = text_in(*result, "client");
      break;
    }
    case Kind::kSubscribe: {
      const auto result = reply.member("subscribe");
      expect(result.has_value(), "a reply of another kind");
      if (result) awaited.view->subscribed(*result, awaited.asked);
      break;
    }
    case Kind::kUnsubscribe:
      expect(reply.member("unsubscribe").has_value(), "a reply of another kind");
      awaited.view->left();
      break;
    case Kind::kPublish:
      expect(reply.member("publish").has_value(), "a reply of another kind");
      on_publish_reply(awaited, 0);
      break;
    case Kind::kHistory: {
      const auto result = reply.member("history");
      expect(result.has_value(), "a reply of another kind");
      if (result) awaited.view->history(*result, awaited.asked.moment, awaited.reverse);
      break;
    }
    case Kind::kOther:
      break;
  }
}

// What may yet succeed is said again; it may be stored already.
void Talker::on_publish_reply(const Awaited& awaited, std::uint64_t code) {
  const auto post = std::ranges::find(posts_, awaited.post, &Post::number);
  expect(post != posts_.end(), "an answer for what was answered");
  if (post == posts_.end()) return;
  if (code == 100) {
    post->under_way = false;
    return;
  }
  expect(code == 0 || code == 403 || code == 404, "refused to publish");
  if (code == 0) {
    const auto act = chat::read_act(post->data);
    if (act && act->kind == chat::Kind::kDelete) redactions_.told(post->room, post->data);
    acknowledged_.push_back({post->room, post->data});
  }
  posts_.erase(post);
}

void Talker::on_push(const RawJson& push) {
  const auto view = std::ranges::find(views_, text_in(push, "channel"), &SessionView::room);
  expect(view != views_.end(), "a push of a room that it never wanted");
  if (view == views_.end()) return;
  // The answer to its subscribe may have been dropped, and what follows it not.
  must_close_ = must_close_ || (!view->live() && awaits(*view));
  if (must_close_ && !view->live()) return;
  if (const auto publication = push.member("pub")) {
    view->pushed(*publication);
  } else if (const auto end = push.member("unsubscribe")) {
    expect(number_in(*end, "code") == 2500, "unsubscribed by nobody");
    view->lost();
  } else {
    expect(push.member("join") || push.member("leave"), "a push of another kind");
    expect(view->live(), "a join without a subscription");
  }
}

std::string Talker::unanswered() const {
  if (!awaited_.empty()) return with_log("no reply to " + std::to_string(awaited_.front().id));
  if (!posts_.empty()) return with_log("never stored: " + posts_.front().data);
  return must_close_ ? with_log("an answer is missing") : "";
}

std::string Talker::failure() const {
  std::string text = failure_;
  for (const SessionView& view : views_) {
    if (text.empty()) text = view.failure();
  }
  return text.empty() ? text : with_log(std::move(text));
}

std::string Talker::with_log(std::string text) const {
  for (const std::string& entry : log_) text += "\n    " + entry;
  return text;
}

}  // namespace palaver::tests::sim
