// SPDX-License-Identifier: Apache-2.0
// Certificates: a certification authority of its own and a certificate of it for 127.0.0.1 and
// localhost, made by the openssl program when the test wants them, valid for two days. The files
// go with the object: it outlives the servers that use them.
#pragma once

#include <filesystem>

#include "tests/support/temporary_folder.h"

namespace palaver::tests::support {

class Certificates {
 public:
  Certificates();

  [[nodiscard]] std::filesystem::path authority() const { return folder_.path() / "ca.crt"; }
  [[nodiscard]] std::filesystem::path certificate() const { return folder_.path() / "server.crt"; }
  [[nodiscard]] std::filesystem::path key() const { return folder_.path() / "server.key"; }

 private:
  TemporaryFolder folder_;
};

}  // namespace palaver::tests::support
