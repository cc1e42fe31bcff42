// SPDX-License-Identifier: Apache-2.0
// AddressGate: how many connections each address has on this node. Lives on shard 0, which answers
// the others; a plain table without I/O.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

namespace palaver::server {

class AddressGate {
 public:
  explicit AddressGate(std::uint32_t connections_max) : connections_max_(connections_max) {}

  // Counts one more connection if the address may have it.
  [[nodiscard]] bool admit(const std::string& address) {
    std::uint32_t& count = counts_[address];
    if (count >= connections_max_) return false;
    ++count;
    return true;
  }
  // Of an admitted connection, once.
  void release(const std::string& address) {
    const auto found = counts_.find(address);
    if (found != counts_.end() && --found->second == 0) counts_.erase(found);
  }
  [[nodiscard]] std::size_t addresses() const { return counts_.size(); }

 private:
  const std::uint32_t connections_max_;
  std::unordered_map<std::string, std::uint32_t> counts_;
};

}  // namespace palaver::server
