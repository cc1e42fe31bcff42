// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/session_view.h"

#include "chat/act.h"

namespace palaver::tests::sim {

using codec::wire::RawJson;

std::string text_in(const RawJson& json, std::string_view name) {
  const auto member = json.member(name);
  return member ? member->string().value_or("") : "";
}

std::uint64_t number_in(const RawJson& json, std::string_view name) {
  const auto member = json.member(name);
  return member ? member->uint64().value_or(0) : 0;
}

bool flag_in(const RawJson& json, std::string_view name) {
  const auto member = json.member(name);
  return member && member->boolean().value_or(false);
}

SessionView::Seen SessionView::entry(const RawJson& publication,
                                     std::optional<std::uint64_t> prev) {
  const auto data = publication.member("data");
  const auto info = publication.member("info");
  expect(data.has_value(), "a publication without data");
  Seen seen{.epoch = {},
            .offset = number_in(publication, "offset"),
            .prev = prev,
            .data = data ? std::string(data->text()) : "",
            .user = info ? text_in(*info, "user") : ""};
  const auto act = chat::read_act(seen.data);
  const bool deletes = act && act->kind == chat::Kind::kDelete;
  if (deletes && seen.offset > 0) redactions_.told(room_, seen.data);
  return seen;
}

void SessionView::subscribed(const RawJson& result, const Asked& asked) {
  expect(!live_, "subscribed twice");
  const bool recovered = flag_in(result, "recovered");
  const std::string epoch = text_in(result, "epoch");
  const auto publications = result.member("publications");
  expect(flag_in(result, "was_recovering") == asked.since.has_value(), "recovering unasked");
  expect(recovered || !publications, "publications without a recovery");
  expect(!epoch.empty(), "a room without an epoch");
  std::uint64_t last = number_in(result, "offset");
  if (recovered) {
    expect(asked.since.has_value(), "recovered what it did not ask for");
    if (!asked.since) return;
    ++recoveries_;
    const bool same = asked.since->epoch.value == epoch || asked.since->offset.value == 0;
    expect(same, "recovered into another epoch");
    last = asked.since->offset.value;
  } else if (asked.since) {
    ++losses_;
  }
  if (publications) {
    publications->each_element([&](RawJson each) {
      Seen seen = entry(each, last);
      seen.epoch = epoch;
      expect(seen.offset > last, "a replay that does not rise");
      last = seen.offset;
      redactions_.replayed(room_, epoch, seen.offset, seen.data, asked.moment);
      seen_.push_back(std::move(seen));
      return true;
    });
  }
  // A recovery goes on from where the client was: what it is given moves it.
  const std::uint64_t expected = recovered ? asked.since->offset.value : last;
  expect(number_in(result, "offset") == expected, "another position than the client's");
  live_ = true;
  position_ = model::Position{{epoch}, {last}};
}

void SessionView::pushed(const RawJson& publication) {
  expect(live_, "a publication without a subscription");
  if (!live_ || number_in(publication, "offset") == 0) return;
  Seen seen = entry(publication, position_->offset.value);
  seen.epoch = position_->epoch.value;
  expect(seen.offset > position_->offset.value, "an offset that does not rise");
  position_->offset.value = seen.offset;
  seen_.push_back(std::move(seen));
}

void SessionView::history(const RawJson& result, Redactions::Moment asked, bool reverse) {
  const std::string epoch = text_in(result, "epoch");
  const auto publications = result.member("publications");
  expect(publications.has_value(), "a history without a list");
  if (!publications) return;
  std::vector<Seen> list;
  publications->each_element([&](RawJson each) {
    list.push_back(entry(each, std::nullopt));
    list.back().epoch = epoch;
    return true;
  });
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::size_t before = reverse ? i + 1 : i - 1;
    if (before < list.size()) list[i].prev = list[before].offset;
    redactions_.replayed(room_, epoch, list[i].offset, list[i].data, asked);
    seen_.push_back(list[i]);
  }
}

void SessionView::lost() {
  expect(live_, "lost without a subscription");
  live_ = false;
  ++losses_;
}

}  // namespace palaver::tests::sim
