// SPDX-License-Identifier: Apache-2.0
#include "broker/redis/survey_message.h"

#include <utility>

#include "base/limits.h"
#include "broker/redis/fields.h"

namespace palaver::broker::redis {

namespace {

template <typename Visitor, typename Message>
void visit_question(Visitor& visit, Message& message) {
  visit(message.from);
  visit(message.id);
  visit(message.question.rooms);
}

template <typename Visitor, typename Message>
void visit_report(Visitor& visit, Message& message) {
  visit(message.id);
  auto& report = message.report;
  visit(report.uid);
  visit(report.name);
  visit(report.version);
  visit(report.clients);
  visit(report.users);
  visit(report.subscriptions);
  visit(report.room_count);
  visit(report.uptime_seconds);
  visit(report.too_many_rooms);
  visit(report.rooms);
}

}  // namespace

std::string pack_question(const QuestionMessage& message) {
  std::string out;
  FieldWriter writer(out);
  visit_question(writer, message);
  return out;
}

std::optional<QuestionMessage> unpack_question(std::string_view packed) {
  QuestionMessage message;
  FieldReader reader(packed);
  visit_question(reader, message);
  if (!reader.ok()) return std::nullopt;
  return message;
}

std::string pack_report(ReportMessage message) {
  std::string out;
  FieldWriter writer(out);
  visit_report(writer, message);
  if (out.size() <= base::kSurveyReportBytesMax) return out;
  message.report.rooms.clear();
  message.report.too_many_rooms = true;
  out.clear();
  visit_report(writer, message);
  return out;
}

std::optional<ReportMessage> unpack_report(std::string_view packed) {
  if (packed.size() > base::kSurveyReportBytesMax) return std::nullopt;
  ReportMessage message;
  FieldReader reader(packed);
  visit_report(reader, message);
  if (!reader.ok()) return std::nullopt;
  return message;
}

}  // namespace palaver::broker::redis
