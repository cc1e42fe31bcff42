// SPDX-License-Identifier: Apache-2.0
// What the server's parts are told by the configuration. Made once by app/, immutable, read by all
// shards.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "auth/authenticator.h"
#include "base/limits.h"
#include "codec/http/origin.h"
#include "rooms/namespaces.h"
#include "server/static_files.h"

namespace palaver::server {

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
};

}  // namespace palaver::server
