// SPDX-License-Identifier: Apache-2.0
// How a survey's question and a node's answer to it look between nodes. Pure functions; what does
// not parse is no message.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "broker/node_survey.h"

namespace palaver::broker::redis {

struct QuestionMessage {
  std::string from;      // the asking process
  std::uint32_t id = 0;  // of the survey, there
  SurveyQuestion question;
};

struct ReportMessage {
  std::uint32_t id = 0;
  NodeReport report;
};

[[nodiscard]] std::string pack_question(const QuestionMessage& message);
[[nodiscard]] std::optional<QuestionMessage> unpack_question(std::string_view packed);

// No longer than kSurveyReportBytesMax: else it says that the rooms are too many.
[[nodiscard]] std::string pack_report(ReportMessage message);
// Longer ones are none.
[[nodiscard]] std::optional<ReportMessage> unpack_report(std::string_view packed);

}  // namespace palaver::broker::redis
