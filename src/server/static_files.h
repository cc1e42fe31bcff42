// SPDX-License-Identifier: Apache-2.0
// StaticFiles: the pages that the server itself serves, read once at start and held in memory, each
// also compressed where that saves. Immutable afterwards and shared by all shards; bodies are
// shared Frames. Serving touches no file system: a request finds one of the names that were loaded
// or none, so no path can lead anywhere else.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "base/frame.h"
#include "base/result.h"
#include "codec/http/request.h"
#include "codec/http/response.h"

namespace palaver::server {

// A file that is linked into the binary. `path` is relative, with '/': "assets/app.js".
struct EmbeddedFile {
  std::string_view path;
  std::string_view bytes;
};

class StaticFiles {
 public:
  StaticFiles() = default;  // no files: 404 for everything

  // All regular files below `root`; names that begin with a dot are left out. A link to a file
  // inside of `root` is followed. kNotFound: no such folder, or no index.html in it.
  // kInvalidArgument: a link that leads outside or to a folder, or something that is no file.
  // kLimit: more than kWebRootFilesMax or kWebRootBytesMax. kSystem: a file or folder cannot be
  // read. Blocks; for start.
  [[nodiscard]] static base::Result<StaticFiles> load_directory(const std::string& root);

  // Our own page: its HTML goes out with a strict Content-Security-Policy; that of a folder has
  // none from us. Copies the bytes. kLimit as above, kInvalidArgument: a path twice.
  [[nodiscard]] static base::Result<StaticFiles> from_table(std::span<const EmbeddedFile> table);

  // GET and HEAD; 405 for other methods. A path that is "/" or ends with '/' means its index.html.
  // 200, 304 (If-None-Match), 400 (bad target) or 404, the latter two as JSON.
  [[nodiscard]] codec::http::Response respond(const codec::http::Request& request) const;

  [[nodiscard]] std::size_t count() const { return files_.size(); }

 private:
  struct Variant {
    std::string etag;  // strong: one for each sequence of bytes
    base::Frame bytes;
  };
  struct File {
    std::string_view content_type;
    std::string_view cache_control;
    Variant plain;
    Variant gzip;  // empty: it would not save a tenth
  };

  base::Result<void> add(std::string path, std::string_view bytes);
  [[nodiscard]] codec::http::Response found(const File& file,
                                            const codec::http::Request& request) const;

  std::map<std::string, File, std::less<>> files_;
  std::size_t bytes_ = 0;
  // The page in the binary is known to need no inline script; an operator's own page may.
  bool own_page_ = false;
};

}  // namespace palaver::server
