// SPDX-License-Identifier: Apache-2.0
#include "server/static_files.h"

#include <openssl/sha.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include "base/ascii.h"
#include "base/check.h"
#include "base/limits.h"
#include "codec/http/headers.h"
#include "codec/http/target.h"

namespace palaver::server {

namespace {

namespace fs = std::filesystem;
namespace http = codec::http;
using base::ErrorCode;

enum class Compress { kNo, kYes };

struct FileType {
  std::string_view extension;
  std::string_view content_type;
  Compress compress;
};

constexpr auto kFileTypes = std::to_array<FileType>({
    {".avif", "image/avif", Compress::kNo},
    {".css", "text/css; charset=utf-8", Compress::kYes},
    {".gif", "image/gif", Compress::kNo},
    {".htm", "text/html; charset=utf-8", Compress::kYes},
    {".html", "text/html; charset=utf-8", Compress::kYes},
    {".ico", "image/x-icon", Compress::kYes},
    {".jpeg", "image/jpeg", Compress::kNo},
    {".jpg", "image/jpeg", Compress::kNo},
    {".js", "text/javascript; charset=utf-8", Compress::kYes},
    {".json", "application/json", Compress::kYes},
    {".map", "application/json", Compress::kYes},
    {".md", "text/markdown; charset=utf-8", Compress::kYes},
    {".mjs", "text/javascript; charset=utf-8", Compress::kYes},
    {".mp3", "audio/mpeg", Compress::kNo},
    {".ogg", "audio/ogg", Compress::kNo},
    {".pdf", "application/pdf", Compress::kNo},
    {".png", "image/png", Compress::kNo},
    {".svg", "image/svg+xml; charset=utf-8", Compress::kYes},
    {".txt", "text/plain; charset=utf-8", Compress::kYes},
    {".wasm", "application/wasm", Compress::kYes},
    {".wav", "audio/wav", Compress::kNo},
    {".webmanifest", "application/manifest+json", Compress::kYes},
    {".webp", "image/webp", Compress::kNo},
    {".woff", "font/woff", Compress::kNo},
    {".woff2", "font/woff2", Compress::kNo},
    {".xml", "application/xml", Compress::kYes},
});
constexpr FileType kUnknownType{"", "application/octet-stream", Compress::kNo};

// No inline script or style, no plugin, no frame around the page. `ws: wss:` because the page may
// be served apart from the server that it talks to.
constexpr std::string_view kPagePolicy =
    "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

// An image that is opened as a document could hold scripts; all it may have is its own styles.
constexpr std::string_view kImagePolicy = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

FileType type_of(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  if (dot == std::string_view::npos) return kUnknownType;
  const std::string extension = http::to_lower(path.substr(dot));
  const auto* const found = std::ranges::find(kFileTypes, extension, &FileType::extension);
  return found != kFileTypes.end() ? *found : kUnknownType;
}

// Whether bundlers made the name: its last part before the extension ("app-4QZ7KDPW.js",
// "app.9f86d081.css") is 8 or more characters of upper-case base32 or of hexadecimal digits.
bool has_content_hash(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  if (dot == std::string_view::npos) return false;
  const std::string_view stem = path.substr(0, dot);
  const std::size_t mark = stem.find_last_of("-./");
  if (mark == std::string_view::npos || stem[mark] == '/') return false;
  const std::string_view hash = stem.substr(mark + 1);
  if (hash.size() < 8) return false;
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  const bool base32 =
      std::ranges::all_of(hash, [digit](char c) { return (c >= 'A' && c <= 'Z') || digit(c); });
  const bool hex =
      std::ranges::all_of(hash, [digit](char c) { return (c >= 'a' && c <= 'f') || digit(c); });
  // A date or a number is no hash, nor is a word.
  return (base32 || hex) && std::ranges::any_of(hash, digit) && !std::ranges::all_of(hash, digit);
}

// Without a hash in the name only asking again is safe: a page and its scripts must fit together,
// and the answer is a 304 without a body as long as nothing has changed.
std::string_view cache_control_of(std::string_view path) {
  return has_content_hash(path) ? "public, max-age=31536000, immutable" : "no-cache";
}

// 128 bits of SHA-256: files with equal bytes have equal tags on every node and after every
// restart.
std::string etag_of(std::string_view bytes) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  std::string tag = "\"";
  for (std::size_t i = 0; i < 16; ++i) {
    tag += kHex[digest.at(i) >> 4];
    tag += kHex[digest.at(i) & 0xF];
  }
  tag += '"';
  return tag;
}

// gzip (RFC 1952) at the best level. Deterministic, since the tag is made from it: zlib writes no
// time.
std::string gzip(std::string_view bytes) {
  z_stream stream{};
  constexpr int kGzipWindow = 15 + 16;
  const int ready =
      deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kGzipWindow, 9, Z_DEFAULT_STRATEGY);
  CHECK(ready == Z_OK, "zlib takes these parameters");
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int done = deflate(&stream, Z_FINISH);
  CHECK(done == Z_STREAM_END, "deflateBound() is enough for one call");
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

// RFC 9110 section 12.5.3; "gzip;q=0" is a no, and so is the absence of a header.
bool accepts_gzip(const http::Request& request) {
  std::string_view list = request.header("accept-encoding").value_or("");
  while (const auto element = http::next_list_element(list)) {
    const std::size_t semicolon = std::min(element->find(';'), element->size());
    if (!base::equals_ignoring_case(http::trim(element->substr(0, semicolon)), "gzip")) continue;
    std::string_view weight = http::trim(element->substr(std::min(semicolon + 1, element->size())));
    if (!weight.starts_with("q=") && !weight.starts_with("Q=")) return weight.empty();
    weight.remove_prefix(2);
    return weight.find_first_of("123456789") != std::string_view::npos;
  }
  return false;
}

// RFC 9110 section 13.1.2: compared weakly, because a proxy may have made the tag weak.
bool none_match_has(const http::Request& request, std::string_view etag) {
  std::string_view list = request.header("if-none-match").value_or("");
  if (http::trim(list) == "*") return true;
  while (auto tag = http::next_list_element(list)) {
    if (tag->starts_with("W/")) tag->remove_prefix(2);
    if (*tag == etag) return true;
  }
  return false;
}

// The key of the file that a path means. nullopt: no file can have this path.
std::optional<std::string> file_name(const http::Target& target) {
  std::string name;
  for (const std::string& segment : target.segments) {
    if (segment.contains('/')) return std::nullopt;
    if (&segment != &target.segments.front()) name += '/';
    name += segment;
  }
  if (target.segments.empty() || target.segments.back().empty()) name += "index.html";
  return name;
}

std::unexpected<base::Error> file_error(ErrorCode code, const fs::path& path,
                                        std::string_view text) {
  return base::fail(code, "web root: '" + path.string() + "' " + std::string{text});
}

// At most `bytes_max`; kLimit beyond.
base::Result<std::string> read_file(const fs::path& path, std::size_t bytes_max) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{std::fopen(path.c_str(), "rbe"),
                                                             std::fclose};
  if (!file) {
    return file_error(ErrorCode::kSystem, path, std::generic_category().message(errno));
  }
  std::string bytes;
  std::array<char, 16 * 1024> piece{};
  while (const std::size_t size = std::fread(piece.data(), 1, piece.size(), file.get())) {
    bytes.append(piece.data(), size);
    if (bytes.size() > bytes_max)
      return file_error(ErrorCode::kLimit, path, "is one file too much");
  }
  if (std::ferror(file.get()) != 0) return file_error(ErrorCode::kSystem, path, "cannot be read");
  return bytes;
}

enum class Kind { kFile, kFolder };

// What `entry` is once links are followed. `root` is canonical.
base::Result<Kind> kind_of(const fs::directory_entry& entry, const fs::path& root) {
  std::error_code ec;
  if (entry.is_symlink(ec)) {
    const fs::path real = fs::canonical(entry.path(), ec);
    if (ec) return file_error(ErrorCode::kInvalidArgument, entry.path(), "is a broken link");
    const auto inside = std::mismatch(root.begin(), root.end(), real.begin(), real.end());
    if (inside.first != root.end()) {
      return file_error(ErrorCode::kInvalidArgument, entry.path(), "is a link that leads outside");
    }
    if (fs::is_regular_file(real, ec)) return Kind::kFile;
    return file_error(ErrorCode::kInvalidArgument, entry.path(), "is a link, but not to a file");
  }
  if (entry.is_directory(ec)) return Kind::kFolder;
  if (entry.is_regular_file(ec)) return Kind::kFile;
  return file_error(ErrorCode::kInvalidArgument, entry.path(), "is not a regular file");
}

}  // namespace

base::Result<void> StaticFiles::add(std::string path, std::string_view bytes) {
  if (files_.size() == base::kWebRootFilesMax) {
    return base::fail(ErrorCode::kLimit, "web root: too many files");
  }
  if (bytes.size() > base::kWebRootBytesMax - bytes_) {
    return base::fail(ErrorCode::kLimit, "web root: the files are too large together");
  }
  const FileType type = type_of(path);
  File file{.content_type = type.content_type,
            .cache_control = cache_control_of(path),
            .plain = {etag_of(bytes), base::Frame::copy_of(bytes)},
            .gzip = {}};
  if (type.compress == Compress::kYes) {
    const std::string packed = gzip(bytes);
    if (packed.size() < bytes.size() - bytes.size() / 10) {
      file.gzip = {etag_of(packed), base::Frame::copy_of(packed)};
    }
  }
  const auto [place, added] = files_.try_emplace(std::move(path), std::move(file));
  if (!added) {
    return base::fail(ErrorCode::kInvalidArgument,
                      "web root: '" + place->first + "' is there twice");
  }
  bytes_ += bytes.size();
  return {};
}

base::Result<StaticFiles> StaticFiles::from_table(std::span<const EmbeddedFile> table) {
  StaticFiles files;
  files.own_page_ = true;
  for (const EmbeddedFile& file : table) {
    if (auto added = files.add(std::string{file.path}, file.bytes); !added) {
      return std::unexpected(std::move(added.error()));
    }
  }
  return files;
}

base::Result<StaticFiles> StaticFiles::load_directory(const std::string& root) {
  std::error_code ec;
  const fs::path top = fs::canonical(root, ec);
  if (ec || !fs::is_directory(top, ec))
    return file_error(ErrorCode::kNotFound, root, "is no folder");

  StaticFiles files;
  fs::recursive_directory_iterator entry{top, ec};
  for (; !ec && entry != fs::recursive_directory_iterator{}; entry.increment(ec)) {
    if (entry->path().filename().native().starts_with('.')) {
      entry.disable_recursion_pending();
      continue;
    }
    const auto kind = kind_of(*entry, top);
    if (!kind) return std::unexpected(kind.error());
    if (*kind == Kind::kFolder) continue;
    auto bytes = read_file(entry->path(), base::kWebRootBytesMax - files.bytes_);
    if (!bytes) return std::unexpected(std::move(bytes.error()));
    auto added = files.add(entry->path().lexically_relative(top).generic_string(), *bytes);
    if (!added) return std::unexpected(std::move(added.error()));
  }
  if (ec) return file_error(ErrorCode::kSystem, top, "cannot be read: " + ec.message());
  if (!files.files_.contains("index.html")) {
    return file_error(ErrorCode::kNotFound, top, "has no index.html");
  }
  return files;
}

http::Response StaticFiles::respond(const http::Request& request) const {
  if (request.method != http::Method::kGet && request.method != http::Method::kHead) {
    http::Response refused = http::json_error(405, "only GET and HEAD are allowed here");
    refused.headers.push_back({"Allow", "GET, HEAD"});
    return refused;
  }
  const auto target = http::parse_target(request.target);
  if (!target) return http::json_error(400, target.error().message);
  const auto name = file_name(*target);
  const auto file = name ? files_.find(*name) : files_.end();
  if (file == files_.end()) return http::json_error(404, "there is no such page");
  return found(file->second, request);
}

http::Response StaticFiles::found(const File& file, const http::Request& request) const {
  const bool packed = !file.gzip.bytes.empty() && accepts_gzip(request);
  const Variant& variant = packed ? file.gzip : file.plain;
  http::Response response;
  response.headers = {{"ETag", variant.etag},
                      {"Cache-Control", std::string{file.cache_control}},
                      {"X-Content-Type-Options", "nosniff"},
                      {"Referrer-Policy", "same-origin"}};
  if (!file.gzip.bytes.empty()) response.headers.push_back({"Vary", "Accept-Encoding"});
  if (own_page_ && file.content_type.starts_with("text/html")) {
    response.headers.push_back({"Content-Security-Policy", std::string{kPagePolicy}});
  } else if (file.content_type.starts_with("image/svg")) {
    response.headers.push_back({"Content-Security-Policy", std::string{kImagePolicy}});
  }
  if (none_match_has(request, variant.etag)) {
    response.status = 304;
    return response;
  }
  if (packed) response.headers.push_back({"Content-Encoding", "gzip"});
  response.content_type = file.content_type;
  response.body = variant.bytes;
  return response;
}

}  // namespace palaver::server
