// SPDX-License-Identifier: Apache-2.0
#include "base/utc.h"

#include <chrono>

namespace palaver::base {

void append_digits(std::string& out, unsigned number, unsigned digits) {
  out.append(digits, '0');
  for (std::size_t at = out.size(); digits > 0; --digits, number /= 10) {
    out[--at] = static_cast<char>('0' + number % 10);
  }
}

void append_utc(std::string& out, WallTime time, char separator) {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{floor<seconds>(time - day)};
  append_digits(out, static_cast<unsigned>(static_cast<int>(date.year())), 4);
  out += '-';
  append_digits(out, static_cast<unsigned>(date.month()), 2);
  out += '-';
  append_digits(out, static_cast<unsigned>(date.day()), 2);
  out += separator;
  append_digits(out, static_cast<unsigned>(clock.hours().count()), 2);
  out += ':';
  append_digits(out, static_cast<unsigned>(clock.minutes().count()), 2);
  out += ':';
  append_digits(out, static_cast<unsigned>(clock.seconds().count()), 2);
}

}  // namespace palaver::base
