// SPDX-License-Identifier: Apache-2.0
// Texts at the borders of UTF-8 (after Markus Kuhn's test file and RFC 3629 section 4), for the
// tests of the validator and of the parser.
#pragma once

#include <cstddef>
#include <string_view>

namespace palaver::tests::support {

using namespace std::string_view_literals;

inline constexpr std::string_view kValidUtf8[] = {
    ""sv,
    "\0"sv,
    "plain ASCII, longer than any word of the machine that reads it"sv,
    "\x7f"sv,
    "\xc2\x80"sv,
    "\xdf\xbf"sv,
    "\xe0\xa0\x80"sv,
    "\xec\xbf\xbf"sv,
    "\xed\x9f\xbf"sv,          // U+D7FF
    "\xee\x80\x80"sv,          // U+E000
    "\xef\xbf\xbd"sv,          // U+FFFD
    "\xef\xbf\xbf"sv,          // U+FFFF: a noncharacter, valid all the same
    "\xf0\x90\x80\x80"sv,      // U+10000
    "\xf0\x9f\x98\x80 :-)"sv,  // an emoji
    "\xf4\x8f\xbf\xbf"sv,      // U+10FFFF
    "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5"sv,
    "Hello-\xc2\xb5@\xc3\x9f\xc3\xb6\xc3\xa4\xc3\xbc\xc3\xa0\xc3\xa1-UTF-8!!"sv,
};

// `proof`: the offset of the first byte after which nothing can make the text valid; the text's
// size if only its end does.
struct InvalidUtf8 {
  std::string_view text;
  std::size_t proof;
};

inline constexpr InvalidUtf8 kInvalidUtf8[] = {
    {"\x80"sv, 0},                              // a continuation alone
    {"\xbf"sv, 0},                              //
    {"ab\x80"sv, 2},                            //
    {"0123456789012345\xff"sv, 16},             // behind whole words
    {"\xc0\x80"sv, 0},                          // overlong
    {"\xc1\xbf"sv, 0},                          //
    {"\xe0\x80\x80"sv, 1},                      //
    {"\xe0\x9f\xbf"sv, 1},                      //
    {"\xf0\x80\x80\x80"sv, 1},                  //
    {"\xf0\x8f\xbf\xbf"sv, 1},                  //
    {"\xf8\x88\x80\x80\x80"sv, 0},              // five bytes
    {"\xfc\x84\x80\x80\x80\x80"sv, 0},          // six
    {"\xfe"sv, 0},                              //
    {"\xff"sv, 0},                              //
    {"\xed\xa0\x80"sv, 1},                      // surrogates
    {"\xed\xbf\xbf"sv, 1},                      //
    {"\xed\xa0\xbd\xed\xb8\x80"sv, 1},          //
    {"\xf4\x90\x80\x80"sv, 1},                  // above U+10FFFF
    {"\xf5\x80\x80\x80"sv, 0},                  //
    {"\xc3("sv, 1},                             // a character cut by the next
    {"\xe2\x82("sv, 2},                         //
    {"\xf0\x9f\x98("sv, 3},                     //
    {"\xe2(\xac"sv, 1},                         //
    {"\xce\xba\xe1\xbd\xb9\xf4\x90 end"sv, 6},  //
};

// Valid so far, but a text must not end here.
inline constexpr std::string_view kUnfinishedUtf8[] = {
    "\xc3"sv, "\xe2"sv, "\xe2\x82"sv, "\xf0"sv, "\xf0\x9f"sv, "\xf0\x9f\x98"sv, "ok \xed\x9f"sv,
};

}  // namespace palaver::tests::support
