// SPDX-License-Identifier: Apache-2.0
// AddressGate: the bound of each address, and against a naive model.
#include "server/address_gate.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

namespace palaver::server {
namespace {

TEST(AddressGate, EachAddressHasItsOwnBound) {
  AddressGate gate(2);
  EXPECT_TRUE(gate.admit("a"));
  EXPECT_TRUE(gate.admit("a"));
  EXPECT_FALSE(gate.admit("a"));
  EXPECT_TRUE(gate.admit("b"));
  gate.release("a");
  EXPECT_TRUE(gate.admit("a"));
  EXPECT_FALSE(gate.admit("a"));
}

TEST(AddressGate, WhatIsGoneIsForgotten) {
  AddressGate gate(1);
  EXPECT_TRUE(gate.admit("a"));
  EXPECT_FALSE(gate.admit("a")) << "a refusal counts nothing";
  EXPECT_EQ(gate.addresses(), 1U);
  gate.release("a");
  EXPECT_EQ(gate.addresses(), 0U);
  gate.release("a");
  gate.release("never seen");
  EXPECT_EQ(gate.addresses(), 0U);
  EXPECT_TRUE(gate.admit("a"));
}

TEST(AddressGate, IsTheModelUnderRandomOperations) {
  constexpr unsigned kSeed = 20260103;
  SCOPED_TRACE(kSeed);
  std::mt19937 random{kSeed};
  constexpr std::uint32_t kBound = 3;
  AddressGate gate(kBound);
  std::map<std::string, std::uint32_t> model;
  for (int step = 0; step < 20'000; ++step) {
    const std::string address = std::to_string(random() % 8);
    if (random() % 2 == 0) {
      const bool expected = model[address] < kBound;
      ASSERT_EQ(gate.admit(address), expected);
      if (expected) ++model[address];
    } else if (model[address] > 0) {
      gate.release(address);
      --model[address];
    }
    std::erase_if(model, [](const auto& entry) { return entry.second == 0; });
    ASSERT_EQ(gate.addresses(), model.size());
  }
}

}  // namespace
}  // namespace palaver::server
