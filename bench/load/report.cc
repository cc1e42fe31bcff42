// SPDX-License-Identifier: Apache-2.0
// Names are ours and plain ASCII, so the JSON needs no escapes.
#include "bench/load/report.h"

#include <cstdio>

namespace palaver::bench::load {
namespace {

double micros(Nanos nanos) { return static_cast<double>(nanos) / 1e3; }

}  // namespace

void Report::add_latency(std::string_view prefix, const Histogram& histogram) {
  const std::string name(prefix);
  add(name + "_p50_us", micros(histogram.quantile(0.50)));
  add(name + "_p99_us", micros(histogram.quantile(0.99)));
  add(name + "_max_us", micros(histogram.max()));
}

void Report::add_usage(const Usage& usage, std::string_view unit, double units) {
  const std::string suffix = "_us_per_" + std::string(unit);
  add("wall_s", usage.wall);
  if (units > 0) {
    add("core" + suffix, usage.core * 1e6 / units);
    add("core_sampled" + suffix, usage.core_sampled * 1e6 / units);
    add("process" + suffix, usage.process * 1e6 / units);
  }
  if (usage.wall > 0) {
    add("core_share", usage.core / usage.wall);
    add("core_sampled_share", usage.core_sampled / usage.wall);
    add("process_share", usage.process / usage.wall);
    add("steal_share", usage.steal / usage.wall);
    add("generator_share", usage.generator / usage.wall);
  }
}

void Report::print() const {
  std::printf("%s\n", scenario_.c_str());
  for (const auto& [name, value] : figures_) std::printf("  %-28s %14.3f\n", name.c_str(), value);
}

base::Result<void> Report::write_json(const std::string& path) const {
  std::string text = "{\"scenario\": \"" + scenario_ + "\"";
  for (const auto& [name, value] : figures_) {
    char number[64];
    std::snprintf(number, sizeof number, "%.6f", value);
    text += ", \"" + name + "\": " + number;
  }
  text += "}\n";

  std::FILE* const file = path == "-" ? stdout : std::fopen(path.c_str(), "w");
  if (file == nullptr) return base::fail(base::ErrorCode::kSystem, "cannot write " + path);
  const bool is_written = std::fputs(text.c_str(), file) >= 0;
  const bool is_closed = file == stdout ? std::fflush(file) == 0 : std::fclose(file) == 0;
  if (!is_written || !is_closed) {
    return base::fail(base::ErrorCode::kSystem, "cannot write " + path);
  }
  return {};
}

}  // namespace palaver::bench::load
