// SPDX-License-Identifier: Apache-2.0
// Client addresses behind proxies.
#include "codec/http/forwarded.h"

#include <gtest/gtest.h>

#include <optional>
#include <string_view>
#include <vector>

namespace palaver::codec::http {
namespace {

TEST(Forwarded, AddressesInOneForm) {
  struct Row {
    std::string_view text;
    std::optional<ClientAddress> expected;
  };
  const std::vector<Row> table = {
      {"1.2.3.4", {{"1.2.3.4", "1.2.3.4"}}},
      {" 1.2.3.4\t", {{"1.2.3.4", "1.2.3.4"}}},
      {"1.2.3.4:5678", {{"1.2.3.4", "1.2.3.4"}}},
      {"::1", {{"::1", "::/64"}}},
      {"[::1]", {{"::1", "::/64"}}},
      {"[::1]:443", {{"::1", "::/64"}}},
      {"2001:DB8:0:0:1:2:3:4", {{"2001:db8::1:2:3:4", "2001:db8::/64"}}},
      {"2001:db8:1:2:3::", {{"2001:db8:1:2:3::", "2001:db8:1:2::/64"}}},
      {"::ffff:1.2.3.4", {{"1.2.3.4", "1.2.3.4"}}},
      {"[::ffff:102:304]:1", {{"1.2.3.4", "1.2.3.4"}}},
      {"fe80::1%eth0", {{"fe80::1", "fe80::/64"}}},
      {"", {}},
      {"unknown", {}},
      {"_hidden", {}},
      {"1.2.3", {}},
      {"1.2.3.256", {}},
      {"1.2.3.4.5", {}},
      {"01.2.3.4", {}},
      {"1.2.3.4:", {}},
      {"1.2.3.4:x", {}},
      {"1.2.3.4:123456", {}},
      {"1.2.3.4%eth0", {}},
      {"1.2.3.4 5.6.7.8", {}},
      {"[1.2.3.4]x", {}},
      {"[::1", {}},
      {"[::1]443", {}},
      {"[]", {}},
      {"::g", {}},
      {":::", {}},
      {"1:2:3:4:5:6:7:8:9", {}},
      {"\"1.2.3.4\"", {}},
  };
  for (const Row& row : table) EXPECT_EQ(parse_client_address(row.text), row.expected) << row.text;
}

TEST(Forwarded, TheEntryOfTheOutermostTrustedProxy) {
  struct Row {
    std::optional<std::string_view> header;
    unsigned hops;
    std::optional<std::string_view> expected;
  };
  const std::vector<Row> table = {
      {{}, 0, "9.9.9.9"},
      {"1.1.1.1", 0, "9.9.9.9"},
      {{}, 1, {}},
      {"", 1, {}},
      {"1.1.1.1", 1, "1.1.1.1"},
      {"1.1.1.1", 2, {}},
      {"6.6.6.6, 1.1.1.1", 1, "1.1.1.1"},
      {"6.6.6.6, 1.1.1.1 ,2.2.2.2", 2, "1.1.1.1"},
      {"nonsense, 1.1.1.1", 1, "1.1.1.1"},
      {"1.1.1.1, nonsense", 1, {}},
      {"1.1.1.1, nonsense", 2, "1.1.1.1"},
      {", 1.1.1.1", 1, "1.1.1.1"},
      {", 1.1.1.1", 2, {}},
      {"1.1.1.1,", 1, {}},
      {"1.1.1.1, [2001:db8::1]:5", 1, "2001:db8::1"},
      {"1.1.1.1", 4'000'000'000, {}},
  };
  for (const Row& row : table) {
    const auto found = client_address(row.header, row.hops, "9.9.9.9");
    EXPECT_EQ(found.has_value(), row.expected.has_value()) << row.header.value_or("(none)");
    if (found && row.expected) {
      EXPECT_EQ(found->address, *row.expected);
    }
  }
  EXPECT_EQ(client_address({}, 0, ""), std::nullopt) << "a peer without an address";
}

}  // namespace
}  // namespace palaver::codec::http
