// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/view.h"

#include <sstream>

#include "tests/support/line_encoder.h"

namespace palaver::tests::sim {

namespace {

constexpr std::size_t kLogLines = 25;

}  // namespace

std::string View::joined_line(const palaver::rooms::JoinOptions& options,
                              const palaver::rooms::Joined& joined) {
  std::ostringstream line;
  line << "joined " << static_cast<int>(options.replay) << ' ' << options.since.offset.value << ' '
       << joined.position.epoch.value << ' ' << joined.position.offset.value << ' '
       << joined.recovered << ' ' << joined.replay.size();
  return line.str();
}

void View::receive(const std::string& bytes) {
  stream_ += bytes;
  for (const std::string& text : support::take_lines(stream_)) line(text);
}

void View::disconnected() {
  stream_.clear();
  log_.emplace_back("-- disconnected");
  // In the middle of a replay that does not go on from its own position it stands nowhere.
  if (state_ == State::kReplaying && !recovered_) position_.reset();
  state_ = State::kOut;
}

void View::line(const std::string& text) {
  log_.push_back(text);
  if (log_.size() > kLogLines) log_.pop_front();
  expect(state_ != State::kClosed, "something follows the close");
  if (text.starts_with("joined ")) {
    joined(text);
  } else if (text == kRefused) {
    expect(state_ == State::kOut || state_ == State::kLost, "an answer to no join");
  } else if (text == kLeft || text == kLostLine || text == kClose) {
    // An overflow may have dropped the answer to the join or a part of the replay, but not what was
    // said since; a close follows.
    if (state_ == State::kReplaying && !recovered_) position_.reset();
    state_ = text == kLeft ? State::kOut : text == kLostLine ? State::kLost : State::kClosed;
    losses_ += text == kLostLine ? 1 : 0;
  } else {
    publication(text);
  }
}

void View::joined(const std::string& text) {
  expect(state_ == State::kOut || state_ == State::kLost, "joined twice");
  std::istringstream in(text);
  std::string word;
  int mode = 0;
  std::uint64_t since = 0;
  in >> word >> mode >> since >> epoch_ >> joined_at_ >> recovered_ >> replay_left_;
  mode_ = static_cast<Mode>(mode);
  state_ = State::kReplaying;
  first_ = false;
  if (recovered_) {
    expect(mode_ == Mode::kSince, "recovered what it did not ask for");
    ++recoveries_;
    last_ = since;
  } else {
    expect(mode_ == Mode::kLast || replay_left_ == 0, "a replay that was not asked for");
    first_ = replay_left_ > 0;
    last_ = joined_at_;
  }
  if (replay_left_ > 0) return;
  expect(last_ == joined_at_, "recovered, without what lies between");
  state_ = State::kLive;
  position_ = model::Position{{epoch_}, {last_}};
}

void View::publication(const std::string& text) {
  const auto parsed = support::parse_line(text);
  expect(parsed.has_value(), "a line that nobody wrote");
  if (!parsed) return;
  expect(state_ == State::kLive || state_ == State::kReplaying,
         "a publication without a membership");
  if (parsed->offset == 0) {
    expect(state_ == State::kLive, "an ephemeral publication in a replay");
    return;
  }
  expect(parsed->offset > parsed->prev, "an offset that does not rise");
  if (!first_) expect(parsed->prev == last_, "a silent gap");
  first_ = false;
  last_ = parsed->offset;
  seen_.push_back({epoch_, parsed->offset, {.prev = parsed->prev, .data = parsed->data}});
  if (state_ == State::kReplaying && --replay_left_ == 0) {
    expect(last_ == joined_at_, "a gap between replay and live");
    state_ = State::kLive;
  }
  if (state_ == State::kLive || recovered_) position_ = model::Position{{epoch_}, {last_}};
}

std::string View::failure() const {
  if (failure_.empty()) return {};
  std::string text = failure_;
  for (const std::string& entry : log_) text += "\n    " + entry;
  return text;
}

}  // namespace palaver::tests::sim
