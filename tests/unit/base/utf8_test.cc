// SPDX-License-Identifier: Apache-2.0
// The validator against tables, against every cut, and against a decoder that works by definition.
#include "base/utf8.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>

#include "tests/support/utf8_samples.h"

namespace palaver::base {
namespace {

// Decodes each character to its code point and asks what UTF-8 is: shortest form, no surrogate, at
// most U+10FFFF.
bool is_valid_by_definition(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t size = lead < 0x80             ? 1
                             : (lead & 0xe0) == 0xc0 ? 2
                             : (lead & 0xf0) == 0xe0 ? 3
                             : (lead & 0xf8) == 0xf0 ? 4
                                                     : 0;
    if (size == 0 || text.size() - at < size) return false;
    unsigned point = size == 1 ? lead : lead & (0x7fU >> size);
    for (std::size_t i = 1; i < size; ++i) {
      const auto next = static_cast<unsigned char>(text[at + i]);
      if ((next & 0xc0) != 0x80) return false;
      point = point << 6 | (next & 0x3fU);
    }
    constexpr std::array<unsigned, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
    if (point < kSmallest[size] || point > 0x10ffff) return false;
    if (point >= 0xd800 && point <= 0xdfff) return false;
    at += size;
  }
  return true;
}

// In two pieces, at every position.
bool all_cuts_agree(std::string_view text, bool valid) {
  for (std::size_t at = 0; at <= text.size(); ++at) {
    Utf8Validator validator;
    const bool cut_valid = validator.feed(text.substr(0, at)) && validator.feed(text.substr(at)) &&
                           validator.complete();
    if (cut_valid != valid) return false;
  }
  return true;
}

TEST(Utf8, AcceptsValidTexts) {
  for (const std::string_view sample : tests::support::kValidUtf8) {
    EXPECT_TRUE(is_valid_utf8(sample)) << testing::PrintToString(sample);
    EXPECT_TRUE(all_cuts_agree(sample, true)) << testing::PrintToString(sample);
  }
}

TEST(Utf8, RefusesInvalidTextsAtTheByteThatProvesIt) {
  for (const auto& [sample, proof] : tests::support::kInvalidUtf8) {
    EXPECT_FALSE(is_valid_utf8(sample)) << testing::PrintToString(sample);
    EXPECT_TRUE(all_cuts_agree(sample, false)) << testing::PrintToString(sample);
    Utf8Validator before;
    EXPECT_TRUE(before.feed(sample.substr(0, proof))) << testing::PrintToString(sample);
    Utf8Validator with;
    EXPECT_FALSE(with.feed(sample.substr(0, proof + 1))) << testing::PrintToString(sample);
  }
}

TEST(Utf8, KnowsWhereATextMustNotEnd) {
  for (const std::string_view sample : tests::support::kUnfinishedUtf8) {
    Utf8Validator validator;
    EXPECT_TRUE(validator.feed(sample));
    EXPECT_FALSE(validator.complete());
    EXPECT_FALSE(is_valid_utf8(sample));
    validator.reset();
    EXPECT_TRUE(validator.complete());
  }
}

TEST(Utf8, AgreesWithTheDefinitionOnAllShortTexts) {
  std::string text(3, '\0');
  for (unsigned first = 0x70; first <= 0xff; ++first) {
    text[0] = static_cast<char>(first);
    for (unsigned second = 0; second <= 0xff; ++second) {
      text[1] = static_cast<char>(second);
      for (const unsigned third : {0x00U, 0x7fU, 0x80U, 0x9fU, 0xa0U, 0xbfU, 0xc0U, 0xffU}) {
        text[2] = static_cast<char>(third);
        for (const std::size_t size : {1U, 2U, 3U}) {
          const std::string_view sample(text.data(), size);
          ASSERT_EQ(is_valid_utf8(sample), is_valid_by_definition(sample))
              << testing::PrintToString(sample);
        }
      }
    }
  }
}

TEST(Utf8, AgreesWithTheDefinitionOnRandomTexts) {
  constexpr unsigned kSeed = 20260101;
  std::mt19937 random(kSeed);
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    while (random() % 8 != 0) {
      if (random() % 3 == 0) text += std::string(random() % 40, 'a');
      text += tests::support::kValidUtf8[random() % std::size(tests::support::kValidUtf8)];
    }
    if (!text.empty() && random() % 2 == 0)
      text[random() % text.size()] = static_cast<char>(random());
    const bool valid = is_valid_by_definition(text);
    ASSERT_EQ(is_valid_utf8(text), valid)
        << "seed " << kSeed << ": " << testing::PrintToString(text);
    const std::size_t at = random() % (text.size() + 1);
    Utf8Validator validator;
    const bool cut = validator.feed({text.data(), at}) &&
                     validator.feed({text.data() + at, text.size() - at}) && validator.complete();
    ASSERT_EQ(cut, valid) << "seed " << kSeed;
  }
}

}  // namespace
}  // namespace palaver::base
