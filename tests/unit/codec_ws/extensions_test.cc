// SPDX-License-Identifier: Apache-2.0
#include "codec/ws/extensions.h"

#include <gtest/gtest.h>

#include <string>

#include "codec/ws/deflate.h"

namespace palaver::codec::ws {
namespace {

const std::string kAnswer =
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
const std::string kAnswerWithWindow =
    kAnswer + "; server_max_window_bits=" + std::to_string(kServerWindowBits);

TEST(Extensions, AnswersAnyOfferThatItCanKeep) {
  for (const std::string_view offers : {
           "permessage-deflate",
           "permessage-deflate; client_max_window_bits",  // browsers
           "permessage-deflate;client_max_window_bits=8",
           "permessage-deflate; client_max_window_bits=\"15\"",
           "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
           "\tpermessage-deflate ; client_no_context_takeover ,",
           ", ,permessage-deflate",
           "x-webkit-deflate-frame, permessage-deflate",
           "other; a=1; b=\"two\", permessage-deflate; client_max_window_bits, third",
       }) {
    EXPECT_EQ(negotiate_extensions(offers), kAnswer) << offers;
  }
}

TEST(Extensions, NamesTheWindowIfTheOfferDoes) {
  for (const std::string_view offers : {
           "permessage-deflate; server_max_window_bits=15",
           "permessage-deflate; server_max_window_bits=12; client_max_window_bits=12",
           "permessage-deflate; server_max_window_bits=\"13\"",
           "permessage-deflate; server_max_window_bits=9, permessage-deflate; "
           "server_max_window_bits=14",
       }) {
    EXPECT_EQ(negotiate_extensions(offers), kAnswerWithWindow) << offers;
  }
}

TEST(Extensions, DeclinesWhatItCannotKeepAndTriesTheNext) {
  for (const std::string offer : {
           "permessage-deflate; server_max_window_bits=8",
           "permessage-deflate; server_max_window_bits=11",
           "permessage-deflate; server_max_window_bits",
           "permessage-deflate; server_max_window_bits=16",
           "permessage-deflate; server_max_window_bits=015",
           "permessage-deflate; server_max_window_bits=1",
           "permessage-deflate; server_max_window_bits=150",
           "permessage-deflate; server_max_window_bits=x",
           "permessage-deflate; client_max_window_bits=7",
           "permessage-deflate; client_max_window_bits=16",
           "permessage-deflate; client_max_window_bits=08",
           "permessage-deflate; client_max_window_bits=99999999999999999999",
           "permessage-deflate; server_no_context_takeover=1",
           "permessage-deflate; client_no_context_takeover=true",
           "permessage-deflate; unknown",
           "permessage-deflate; unknown=1",
           "permessage-deflate; client_max_window_bits; client_max_window_bits",
           "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
           "permessage-deflate; server_max_window_bits=15; server_max_window_bits=15",
           "permessage-deflates",
           "permessage-bzip2",
       }) {
    EXPECT_EQ(negotiate_extensions(offer), "") << offer;
    EXPECT_EQ(negotiate_extensions(offer + ", permessage-deflate"), kAnswer) << offer;
    EXPECT_EQ(negotiate_extensions("permessage-deflate," + offer), kAnswer) << offer;
  }
}

TEST(Extensions, OfNothingAreNone) {
  EXPECT_EQ(negotiate_extensions(""), "");
  EXPECT_EQ(negotiate_extensions(" , ,"), "");
}

TEST(Extensions, RefusesAHeaderThatBreaksItsGrammar) {
  for (const std::string_view offers : {
           "permessage-deflate;",
           ";",
           "permessage-deflate; =1",
           "permessage-deflate; client_max_window_bits=",
           "permessage-deflate; client_max_window_bits=\"15",
           "permessage-deflate; client_max_window_bits=\"\"",
           "permessage-deflate; client_max_window_bits=\"1,5\"",
           "permessage-deflate client_max_window_bits",
           "permessage-deflate, \"quoted\"",
           "permessage-deflate=1",
           "permessage-deflate, broken;;",
           "perm\xc3\xa9ssage",
       }) {
    EXPECT_EQ(negotiate_extensions(offers), std::nullopt) << offers;
  }
}

}  // namespace
}  // namespace palaver::codec::ws
