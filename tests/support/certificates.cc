// SPDX-License-Identifier: Apache-2.0
#include "tests/support/certificates.h"

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/read_file.h"

namespace palaver::tests::support {
namespace {

void openssl(const std::filesystem::path& folder, std::vector<std::string> words) {
  words.insert(words.begin(), "openssl");
  const std::filesystem::path log = folder / "openssl.log";
  ChildProcess process(words, log);
  if (process.wait() != 0) throw std::runtime_error("openssl " + words[1] + ":\n" + read_file(log));
}

// A key and, beside it, what asks for or is its certificate.
std::vector<std::string> request(const std::string& key, const std::string& subject) {
  return {"req",    "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
          "-nodes", "-keyout", key,  "-subj",    subject};
}

}  // namespace

Certificates::Certificates() {
  const auto file = [this](const char* name) { return (folder_.path() / name).string(); };

  std::vector<std::string> authority_words = request(file("ca.key"), "/CN=Palaver test authority");
  for (const char* word : {"-x509", "-days", "2", "-out"}) authority_words.emplace_back(word);
  authority_words.push_back(authority());
  openssl(folder_.path(), std::move(authority_words));

  std::vector<std::string> server = request(key(), "/CN=127.0.0.1");
  for (const char* word : {"-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-addext",
                           "basicConstraints=critical,CA:FALSE", "-addext",
                           "extendedKeyUsage=serverAuth,clientAuth", "-out"}) {
    server.emplace_back(word);
  }
  server.push_back(file("server.csr"));
  openssl(folder_.path(), std::move(server));

  openssl(folder_.path(),
          {"x509", "-req", "-in", file("server.csr"), "-CA", authority(), "-CAkey", file("ca.key"),
           "-CAcreateserial", "-copy_extensions", "copyall", "-days", "2", "-out", certificate()});
}

}  // namespace palaver::tests::support
