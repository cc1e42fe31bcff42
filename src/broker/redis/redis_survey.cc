// SPDX-License-Identifier: Apache-2.0
#include "broker/redis/redis_survey.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "broker/redis/keys.h"
#include "broker/redis/survey_message.h"

namespace palaver::broker::redis {

namespace {

// Whose loop the Links are on.
constexpr base::ShardId kOwnShard{0};

std::string reports_channel(const std::string& node) { return node_key("survey:") + node; }

}  // namespace

RedisSurvey::RedisSurvey(Links& links, std::span<base::Executor* const> shards,
                         NodeReporter& reporter)
    : links_(links),
      shards_(shards.begin(), shards.end()),
      reporter_(reporter),
      questions_(node_key("survey")),
      reports_(reports_channel(links.uid())) {
  links_.add(*this);
  links_.loop().post([this] { open(); });
}

void RedisSurvey::open() {
  links_.open();
  // The answers' one first: who hears its own question hears the answers to it.
  links_.subscribe(kNodesPartition, reports_);
  links_.subscribe(kNodesPartition, questions_);
}

void RedisSurvey::ask(base::ShardId asker, SurveyQuestion question, Completion<Reports> done) {
  links_.loop().post(
      [this, asker, question = std::move(question), done = std::move(done)]() mutable {
        begin(asker, std::move(question), std::move(done));
      });
}

void RedisSurvey::begin(base::ShardId asker, SurveyQuestion question, Completion<Reports> done) {
  if (surveys_.size() >= base::kSurveysUnderWayMax) {
    answer(asker, std::move(done),
           base::fail(base::ErrorCode::kLimit, "too many surveys are under way"));
    return;
  }
  const Id id = ++last_id_;
  surveys_.emplace(id, Survey{.asker = asker, .done = std::move(done)});
  links_.publish(kNodesPartition, questions_,
                 pack_question({.from = links_.uid(), .id = id, .question = question}),
                 [this, id](const Reply& reached) { on_published(id, reached); });
  reporter_.report(kOwnShard, std::move(question), [this, id](NodeReport report) {
    const auto survey = surveys_.find(id);
    if (survey == surveys_.end()) return;
    survey->second.own_report = true;
    survey->second.reports.push_back(std::move(report));
    check(id);
  });
  links_.loop().run_after(base::kSurveyTimeout, [this, id] { expire(id); });
}

void RedisSurvey::on_published(Id id, const Reply& reached) {
  const auto survey = surveys_.find(id);
  if (survey == surveys_.end()) return;
  if (!reached) {
    finish(id, std::unexpected(reached.error()));
    return;
  }
  survey->second.reached = static_cast<std::size_t>(std::max<std::int64_t>(reached->integer, 0));
  check(id);
}

void RedisSurvey::on_message(const std::string& channel, std::string_view message) {
  if (channel == questions_) {
    on_question(message);
  } else if (channel == reports_) {
    on_report(message);
  }
}

void RedisSurvey::on_question(std::string_view message) {
  auto asked = unpack_question(message);
  if (!asked) return;
  if (asked->from == links_.uid()) {
    const auto survey = surveys_.find(asked->id);
    if (survey == surveys_.end()) return;
    survey->second.own_question = true;
    check(asked->id);
    return;
  }
  reporter_.report(kOwnShard, std::move(asked->question),
                   [this, to = reports_channel(asked->from), id = asked->id](NodeReport report) {
                     links_.publish(kNodesPartition, to,
                                    pack_report({.id = id, .report = std::move(report)}),
                                    [](const Reply&) {});
                   });
}

void RedisSurvey::on_report(std::string_view message) {
  auto told = unpack_report(message);
  if (!told) return;
  const auto survey = surveys_.find(told->id);
  if (survey == surveys_.end()) return;
  // What was sent again after a cut is answered again.
  Reports& reports = survey->second.reports;
  const auto known = std::ranges::find(reports, told->report.uid, &NodeReport::uid);
  if (known != reports.end()) return;
  reports.push_back(std::move(told->report));
  check(told->id);
}

void RedisSurvey::check(Id id) {
  Survey& survey = surveys_.at(id);
  if (!survey.own_report || !survey.reached) return;
  const std::size_t others = survey.reports.size() - 1;
  const std::size_t answered = others + (survey.own_question ? 1 : 0);
  if (answered >= *survey.reached) finish(id, std::move(survey.reports));
}

void RedisSurvey::expire(Id id) {
  const auto survey = surveys_.find(id);
  if (survey == surveys_.end()) return;
  if (survey->second.reached) {
    finish(id, std::move(survey->second.reports));
  } else {
    finish(id, base::fail(base::ErrorCode::kUnavailable, "Redis is away"));
  }
}

void RedisSurvey::finish(Id id, base::Result<Reports> result) {
  auto survey = surveys_.extract(id);
  answer(survey.mapped().asker, std::move(survey.mapped().done), std::move(result));
}

void RedisSurvey::answer(base::ShardId asker, Completion<Reports> done,
                         base::Result<Reports> result) {
  shards_[asker.value]->post(
      [done = std::move(done), result = std::move(result)]() mutable { done(std::move(result)); });
}

}  // namespace palaver::broker::redis
