// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <unistd.h>

#include <array>
#include <chrono>

#include "base/json_text.h"
#include "base/utc.h"

namespace palaver::base {

namespace {

constexpr std::array<std::string_view, 4> kSeverityNames{"DEBUG", "INFO", "WARNING", "ERROR"};

std::string_view name_of(Severity severity) {
  return kSeverityNames.at(static_cast<std::size_t>(severity));
}

// RFC 3339 with milliseconds.
std::string time_text(WallTime time) {
  std::string text;
  append_utc(text, time, 'T');
  text += '.';
  const auto ms = time - std::chrono::floor<std::chrono::seconds>(time);
  append_digits(text, static_cast<unsigned>(ms.count()), 3);
  text += 'Z';
  return text;
}

std::string json_line(Severity severity, std::string_view time, std::string_view message,
                      std::initializer_list<LogField> fields) {
  std::string line = "{\"severity\":";
  append_json_string(line, name_of(severity));
  line += ",\"time\":";
  append_json_string(line, time);
  line += ",\"message\":";
  append_json_string(line, message);
  for (const LogField& field : fields) {
    line += ',';
    append_json_string(line, field.name);
    line += ':';
    if (field.is_number) {
      line += field.value;
    } else {
      append_json_string(line, field.value);
    }
  }
  line += "}\n";
  return line;
}

std::string text_line(Severity severity, std::string_view time, std::string_view message,
                      std::initializer_list<LogField> fields) {
  std::string line(time.substr(time.find('T') + 1, 12));
  line += ' ';
  line += name_of(severity);
  line += ' ';
  line += message;
  for (const LogField& field : fields) {
    line += ' ';
    line += field.name;
    line += '=';
    line += field.value;
  }
  // What a peer may have put into a field must not look like another line.
  for (char& byte : line) {
    if (static_cast<unsigned char>(byte) < ' ') byte = ' ';
  }
  line += '\n';
  return line;
}

}  // namespace

void Logger::write(Severity severity, std::string_view message,
                   std::initializer_list<LogField> fields) const {
  if (severity < options_.least) return;
  const std::string time = options_.now != nullptr ? time_text(options_.now()) : std::string();
  const std::string line = options_.format == Format::kJson
                               ? json_line(severity, time, message, fields)
                               : text_line(severity, time, message, fields);
  // A short or failed write is accepted: there is nobody to tell.
  [[maybe_unused]] const auto written = ::write(options_.descriptor, line.data(), line.size());
}

}  // namespace palaver::base
