// SPDX-License-Identifier: Apache-2.0
// Choices: where a random test's decisions come from: a seeded generator, or a fuzzer's bytes. The
// same operations and the same model serve both. A run is a pure function of what it was made from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>

namespace palaver::tests::support {

class Choices {
 public:
  virtual ~Choices() = default;
  // 0 to end - 1; `end` is 1 or more.
  [[nodiscard]] virtual std::size_t below(std::size_t end) = 0;
  // Nothing is left to decide by: the run ends. below() answers 0 from then on.
  [[nodiscard]] virtual bool exhausted() const = 0;

  [[nodiscard]] bool one_in(std::size_t n) { return below(n) == n - 1; }
};

class RandomChoices final : public Choices {
 public:
  explicit RandomChoices(std::uint64_t seed) : random_(seed) {}

  [[nodiscard]] std::size_t below(std::size_t end) override {
    return static_cast<std::size_t>(random_() % end);
  }
  [[nodiscard]] bool exhausted() const override { return false; }

 private:
  std::mt19937_64 random_;
};

class ByteChoices final : public Choices {
 public:
  explicit ByteChoices(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  // One byte for small ranges, three for large ones.
  [[nodiscard]] std::size_t below(std::size_t end) override {
    std::size_t value = next();
    if (end > 256) value = (value * 256 + next()) * 256 + next();
    return value % end;
  }
  [[nodiscard]] bool exhausted() const override { return bytes_.empty(); }

 private:
  std::size_t next() {
    if (bytes_.empty()) return 0;
    const std::size_t byte = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return byte;
  }

  std::span<const std::uint8_t> bytes_;
};

}  // namespace palaver::tests::support
