// SPDX-License-Identifier: Apache-2.0
// Text messages: UTF-8 over every fragmentation and every cut, and the error at the first byte that
// proves it.
#include <gtest/gtest.h>

#include <span>
#include <string>

#include "codec/ws/deflate.h"
#include "tests/support/utf8_samples.h"
#include "tests/unit/codec_ws/client.h"

namespace palaver::codec::ws {
namespace {

TEST(ParserText, AcceptsUtf8InEveryFragmentation) {
  for (const std::string_view sample : tests::support::kValidUtf8) {
    SCOPED_TRACE(testing::PrintToString(sample));
    expect_events(client_frame(0x81, sample), {text(sample)});
    for (std::size_t at = 0; at <= sample.size(); ++at) {
      expect_events(client_frame(0x01, sample.substr(0, at)) + client_frame(0x89, "between") +
                        client_frame(0x80, sample.substr(at)),
                    {ping("between"), text(sample)});
    }
  }
}

TEST(ParserText, RefusesEverythingElseInEveryFragmentation) {
  for (const auto& [sample, proof] : tests::support::kInvalidUtf8) {
    SCOPED_TRACE(testing::PrintToString(sample));
    expect_events(client_frame(0x81, sample), {error(CloseCode::kInvalidPayload)});
    for (std::size_t at = 0; at <= sample.size(); ++at) {
      // The pong comes through only if nothing before it proves the text wrong.
      std::vector<Seen> expected{error(CloseCode::kInvalidPayload)};
      if (at <= proof) expected.insert(expected.begin(), pong(""));
      expect_events(client_frame(0x01, sample.substr(0, at)) + client_frame(0x8a, "") +
                        client_frame(0x80, sample.substr(at)),
                    expected);
    }
  }
}

TEST(ParserText, FailsAtTheFirstByteThatProvesIt) {
  for (const auto& [sample, proof] : tests::support::kInvalidUtf8) {
    SCOPED_TRACE(testing::PrintToString(sample));
    // The frame announces more than the sample, so that only a byte can prove anything.
    std::string bytes = client_frame(0x81, std::string(sample) + "tail");
    const std::size_t header_bytes = client_header(0x81, sample.size() + 4).size();
    Inflater inflater;
    Parser parser(kPlain);
    std::size_t fed = 0;
    bool failed = false;
    while (!failed && fed < bytes.size()) {
      std::span<char> input(bytes.data() + fed++, 1);
      const auto event = parser.next(input, inflater);
      failed = event && event->kind == EventKind::kError;
    }
    EXPECT_TRUE(failed);
    EXPECT_EQ(fed, header_bytes + proof + 1);
  }
}

TEST(ParserText, ChecksEachMessageAnew) {
  expect_events(client_frame(0x82, "\xc3") + client_frame(0x81, "a") + client_frame(0x02, "\xff") +
                    client_frame(0x80, "\xc3") + client_frame(0x81, "\xc3\xbc"),
                {binary("\xc3"), text("a"), binary("\xff\xc3"), text("\xc3\xbc")});
}

TEST(ParserText, ChecksInflatedTextToo) {
  expect_events(client_frame(0xc1, deflate_for_test("gr\xc3\xbc\xc3\x9f")),
                {text("gr\xc3\xbc\xc3\x9f")}, kDeflate);
  for (const auto& [sample, proof] : tests::support::kInvalidUtf8) {
    SCOPED_TRACE(testing::PrintToString(sample));
    expect_events(client_frame(0xc1, deflate_for_test(sample)), {error(CloseCode::kInvalidPayload)},
                  kDeflate);
    expect_events(client_frame(0xc2, deflate_for_test(sample)), {binary(sample)}, kDeflate);
  }
}

}  // namespace
}  // namespace palaver::codec::ws
