// SPDX-License-Identifier: Apache-2.0
// Users: the sessions of a shard by their user, and who is blocked: what a command of the NodeBus
// is carried out on. One a shard, used on its thread. It owns no session; they come and go.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "auth/authenticator.h"
#include "base/clock.h"
#include "broker/node_bus.h"
#include "model/publication.h"

namespace palaver::rooms {

// A session as commands see it.
class UserSession {
 public:
  virtual ~UserSession() = default;
  [[nodiscard]] virtual const model::UserId& user() const = 0;
  [[nodiscard]] virtual std::string_view client() const = 0;
  // One that is meant for it. It may end the session, but not destroy it now.
  virtual void obey(const broker::NodeCommand& command) = 0;

 private:
  friend class Users;
  UserSession* next_ = nullptr;  // in its bucket of Users
};

class Users final : public broker::NodeBusSink {
 public:
  explicit Users(const base::Clock& clock) : clock_(clock) {}
  Users(const Users&) = delete;
  Users& operator=(const Users&) = delete;

  // The session's user and client do not change while it is here.
  void add(UserSession& session);
  // Nothing happens when it is not here.
  void remove(UserSession& session);

  // Hashes of the users that have sessions here, each once; the anonymous user's sessions are users
  // of their own.
  [[nodiscard]] std::vector<std::size_t> hashes() const;
  [[nodiscard]] bool is_blocked(const model::UserId& user) const;

  void on_command(const broker::NodeCommand& command) override;

 private:
  [[nodiscard]] UserSession*& bucket_of(const model::UserId& user);
  void grow();
  void tell(const broker::Whom& whom, const broker::NodeCommand& command);
  void block(const broker::BlockCommand& command);

  const base::Clock& clock_;
  // Chains of sessions, by the hash of the user: a session costs two pointers. A power of two.
  std::vector<UserSession*> buckets_;
  std::size_t size_ = 0;
  std::unordered_map<model::UserId, auth::Expiry> blocked_;
};

}  // namespace palaver::rooms
