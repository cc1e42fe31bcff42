// SPDX-License-Identifier: Apache-2.0
// What the server's parts are told by the configuration. Made once by app/, immutable, read by all
// shards.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "auth/authenticator.h"
#include "base/limits.h"
#include "codec/http/origin.h"
#include "rooms/namespaces.h"
#include "server/static_files.h"

namespace palaver::server {

// How what stands behind the node is: set on one thread, read on all.
struct BackendHealth {
  std::atomic<bool> started = true;  // it was there once
  std::atomic<bool> ready = true;    // it is there
};

struct ServerConfig {
  base::Limits limits;
  codec::http::OriginPolicy origins;
  // How many proxies of the operator's stand before the server; 0: none, the socket's peer is the
  // client. Unset: not known, and nothing is counted by address.
  std::optional<unsigned> trusted_hops;
  // Opens /metrics on the public port, as a bearer token. Empty: it is not there.
  std::string admin_key;
  // Opens the HTTP API. Empty: it is not there.
  std::string api_key;
  StaticFiles files;
  rooms::Namespaces namespaces;
  std::unique_ptr<const auth::Authenticator> authenticator;
  std::unique_ptr<BackendHealth> backend = std::make_unique<BackendHealth>();
};

}  // namespace palaver::server
