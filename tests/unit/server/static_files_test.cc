// SPDX-License-Identifier: Apache-2.0
// StaticFiles: what is loaded, what is refused, and the answers.
#include "server/static_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"

namespace palaver::server {
namespace {

namespace fs = std::filesystem;
using base::ErrorCode;
using codec::http::Header;
using codec::http::Method;
using codec::http::Request;
using codec::http::Response;

const std::string kPage = "<!doctype html><title>Palaver</title>";
const std::string kScript(4'000, ';');
constexpr std::string_view kBinary{"\0\1\2", 3};

StaticFiles some_files() {
  const std::array<EmbeddedFile, 8> table = {{{"index.html", kPage},
                                              {"app.js", kScript},
                                              {"assets/app-4QZ7KDPW.js", kScript},
                                              {"assets/style.9f86d081.css", "a{}"},
                                              {"docs/index.html", "docs"},
                                              {"logo.SVG", "<svg/>"},
                                              {"blob", kBinary},
                                              {"a b", "space"}}};
  auto files = StaticFiles::from_table(table);
  EXPECT_TRUE(files);
  return std::move(files).value_or(StaticFiles{});
}

Request get(std::string target, std::vector<Header> headers = {}) {
  return {.method = Method::kGet,
          .method_name = "GET",
          .target = std::move(target),
          .headers = std::move(headers),
          .body = {}};
}

std::optional<std::string> header(const Response& response, std::string_view name) {
  for (const Header& header : response.headers) {
    if (header.name == name) return header.value;
  }
  return std::nullopt;
}

TEST(StaticFiles, PathsFindFilesOrNothing) {
  const StaticFiles files = some_files();
  struct Row {
    std::string_view target;
    unsigned status;
    std::string_view body;
  };
  const std::vector<Row> table = {
      {"/", 200, kPage},
      {"/?room=x", 200, kPage},
      {"/index.html", 200, kPage},
      {"/%69ndex.html", 200, kPage},
      {"http://host/", 200, kPage},
      {"/docs/", 200, "docs"},
      {"/docs/index.html", 200, "docs"},
      {"/a%20b", 200, "space"},
      {"/blob", 200, kBinary},
      {"/docs", 404, {}},
      {"/docs%2Findex.html", 404, {}},
      {"//index.html", 404, {}},
      {"/index.html/", 404, {}},
      {"/INDEX.html", 404, {}},
      {"/../index.html", 404, {}},
      {"/docs/../index.html", 404, {}},
      {"/%2e%2e/%2e%2e/etc/passwd", 404, {}},
      {"/..%2f..%2fetc%2fpasswd", 404, {}},
      {"/etc/passwd", 404, {}},
      {"/index.html%00.js", 400, {}},
      {"/%", 400, {}},
      {"*", 400, {}},
  };
  for (const Row& row : table) {
    const Response response = files.respond(get(std::string{row.target}));
    EXPECT_EQ(response.status, row.status) << row.target;
    if (row.status == 200) {
      EXPECT_EQ(response.body.view(), row.body) << row.target;
    } else {
      EXPECT_TRUE(response.body.view().starts_with("{\"error\":")) << row.target;
    }
  }
  EXPECT_EQ(StaticFiles{}.respond(get("/")).status, 404U);
}

TEST(StaticFiles, FieldsOfEachKind) {
  const StaticFiles files = some_files();
  struct Row {
    std::string target;
    std::string_view type;
    bool immutable;
    bool policy;
  };
  const std::vector<Row> table = {
      {"/", "text/html; charset=utf-8", false, true},
      {"/app.js", "text/javascript; charset=utf-8", false, false},
      {"/assets/app-4QZ7KDPW.js", "text/javascript; charset=utf-8", true, false},
      {"/assets/style.9f86d081.css", "text/css; charset=utf-8", true, false},
      {"/logo.SVG", "image/svg+xml; charset=utf-8", false, true},
      {"/blob", "application/octet-stream", false, false},
  };
  for (const Row& row : table) {
    const Response response = files.respond(get(row.target));
    EXPECT_EQ(response.content_type, row.type) << row.target;
    EXPECT_EQ(header(response, "Cache-Control"),
              row.immutable ? "public, max-age=31536000, immutable" : "no-cache")
        << row.target;
    EXPECT_EQ(header(response, "Content-Security-Policy").has_value(), row.policy) << row.target;
    EXPECT_EQ(header(response, "X-Content-Type-Options"), "nosniff");
    EXPECT_TRUE(header(response, "Referrer-Policy"));
    EXPECT_TRUE(header(response, "ETag"));
  }
  const auto policy = header(files.respond(get("/")), "Content-Security-Policy").value_or("");
  EXPECT_TRUE(policy.starts_with("default-src 'self'; connect-src 'self' ws: wss:;"));
  EXPECT_EQ(policy.find("unsafe"), std::string::npos);
}

TEST(StaticFiles, OnlyNamesWithAHashAreImmutable) {
  for (const std::string name :
       {"app-deadbeef.js", "app-20260101.js", "app-ABCDEFGH.js", "app-4QZ7.js", "4QZ7KDPW.js",
        "x/4QZ7KDPW.js", "app-4qz7kdpw.js", "4QZ7KDPW"}) {
    const std::array<EmbeddedFile, 1> table = {{{name, "x"}}};
    EXPECT_EQ(header(StaticFiles::from_table(table)->respond(get("/" + name)), "Cache-Control"),
              "no-cache")
        << name;
  }
}

TEST(StaticFiles, OtherMethodsAreRefused) {
  const StaticFiles files = some_files();
  Request request = get("/");
  request.method = Method::kHead;
  EXPECT_EQ(files.respond(request).status, 200U);
  for (const Method method : {Method::kPost, Method::kOptions, Method::kOther}) {
    request.method = method;
    const Response response = files.respond(request);
    EXPECT_EQ(response.status, 405U);
    EXPECT_EQ(header(response, "Allow"), "GET, HEAD");
  }
}

TEST(StaticFiles, ConditionalRequests) {
  const StaticFiles files = some_files();
  const Response first = files.respond(get("/"));
  const std::string etag = header(first, "ETag").value_or("");
  EXPECT_EQ(etag.size(), 34U);
  EXPECT_TRUE(etag.starts_with('"') && etag.ends_with('"'));
  EXPECT_EQ(header(files.respond(get("/index.html")), "ETag"), etag);
  EXPECT_NE(header(files.respond(get("/docs/")), "ETag"), etag);

  const std::vector<std::pair<std::string, unsigned>> table = {
      {etag, 304},
      {"W/" + etag, 304},
      {"*", 304},
      {" * ", 304},
      {"\"x\", " + etag, 304},
      {"\"a,b\",W/" + etag + ",", 304},
      {"\"x\"", 200},
      {"", 200},
      {etag.substr(1, 32), 200},
      {"w/" + etag, 200},
      {"\"*\"", 200},
  };
  for (const auto& [value, status] : table) {
    const Response response = files.respond(get("/", {{"if-none-match", value}}));
    EXPECT_EQ(response.status, status) << value;
    EXPECT_EQ(header(response, "ETag"), etag);
    EXPECT_TRUE(header(response, "Cache-Control"));
    EXPECT_EQ(response.body.empty(), status == 304);
  }
}

TEST(StaticFiles, CompressedWhereItSavesAndIsAskedFor) {
  const StaticFiles files = some_files();
  const Response plain = files.respond(get("/app.js"));
  EXPECT_EQ(plain.body.view(), kScript);
  EXPECT_EQ(header(plain, "Vary"), "Accept-Encoding");
  EXPECT_FALSE(header(plain, "Content-Encoding"));
  EXPECT_FALSE(header(files.respond(get("/assets/style.9f86d081.css")), "Vary")) << "too small";
  EXPECT_FALSE(header(files.respond(get("/blob")), "Vary"));

  const std::vector<std::pair<std::string, bool>> table = {
      {"gzip", true},          {"br, GZIP;q=0.5", true}, {"gzip ; Q=1", true}, {"gzip;q=0", false},
      {"gzip;q=0.000", false}, {"identity", false},      {"", false},          {"*", false},
      {"gzipx", false},        {"gzip;q=0.001", true},
  };
  for (const auto& [accepted, packed] : table) {
    const Response response = files.respond(get("/app.js", {{"accept-encoding", accepted}}));
    EXPECT_EQ(header(response, "Content-Encoding").has_value(), packed) << accepted;
    EXPECT_EQ(response.body.view().starts_with("\x1f\x8b"), packed) << accepted;
    EXPECT_EQ(header(response, "ETag") != header(plain, "ETag"), packed) << accepted;
    const auto etag = header(response, "ETag").value_or("");
    EXPECT_EQ(
        files.respond(get("/app.js", {{"accept-encoding", accepted}, {"if-none-match", etag}}))
            .status,
        304U);
  }
}

TEST(StaticFiles, TablesAreBoundedAndWithoutDoubles) {
  const std::array<EmbeddedFile, 2> twice = {{{"a", "1"}, {"a", "2"}}};
  EXPECT_EQ(StaticFiles::from_table(twice).error().code, ErrorCode::kInvalidArgument);

  std::vector<std::string> names;
  for (std::size_t i = 0; i <= base::kWebRootFilesMax; ++i) names.push_back(std::to_string(i));
  std::vector<EmbeddedFile> many;
  for (const std::string& name : names) many.push_back({name, ""});
  EXPECT_EQ(StaticFiles::from_table(many).error().code, ErrorCode::kLimit);
  many.pop_back();
  EXPECT_EQ(StaticFiles::from_table(many)->count(), base::kWebRootFilesMax);

  const std::string large(base::kWebRootBytesMax, 'x');
  const std::array<EmbeddedFile, 2> full = {{{"a", large}, {"b", "1"}}};
  EXPECT_TRUE(StaticFiles::from_table(std::span{full}.first(1)));
  EXPECT_EQ(StaticFiles::from_table(full).error().code, ErrorCode::kLimit);
}

// A folder of its own for each test, removed afterwards.
class StaticFilesDirectory : public testing::Test {
 protected:
  StaticFilesDirectory() {
    std::string name = (fs::temp_directory_path() / "palaver_static_XXXXXX").string();
    root_ = ::mkdtemp(name.data());
    write("web/index.html", kPage);
  }
  ~StaticFilesDirectory() override { fs::remove_all(root_); }

  void write(const std::string& path, std::string_view bytes) const {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream{root_ / path, std::ios::binary} << bytes;
  }
  [[nodiscard]] base::Result<StaticFiles> load() const {
    return StaticFiles::load_directory((root_ / "web").string());
  }
  [[nodiscard]] ErrorCode error() const {
    const auto files = load();
    return files ? ErrorCode{} : files.error().code;
  }

  fs::path root_;
};

TEST_F(StaticFilesDirectory, LoadsFilesAndLeavesDotNamesOut) {
  write("web/assets/app.js", kScript);
  write("web/.env", "secret");
  write("web/.git/config", "secret");
  write("web/assets/.hidden", "secret");
  write("web/empty.txt", "");
  const auto files = load();
  ASSERT_TRUE(files) << files.error().message;
  EXPECT_EQ(files->count(), 3U);
  EXPECT_EQ(files->respond(get("/")).body.view(), kPage);
  EXPECT_EQ(files->respond(get("/assets/app.js")).body.view(), kScript);
  EXPECT_EQ(files->respond(get("/empty.txt")).status, 200U);
  EXPECT_EQ(files->respond(get("/.env")).status, 404U);
  EXPECT_EQ(files->respond(get("/.git/config")).status, 404U);
}

// The article's page has its script inline: served from a folder, it must run.
TEST_F(StaticFilesDirectory, PagesOfAFolderHaveNoPolicyOfOurs) {
  const auto files = load();
  ASSERT_TRUE(files) << files.error().message;
  EXPECT_FALSE(header(files->respond(get("/")), "Content-Security-Policy"));
}

TEST_F(StaticFilesDirectory, LinksInsideAreFollowedAsMountedConfigurationNeedsIt) {
  write("web/..data/page.html", "linked");
  fs::create_symlink("..data/page.html", root_ / "web/page.html");
  const auto files = load();
  ASSERT_TRUE(files) << files.error().message;
  EXPECT_EQ(files->respond(get("/page.html")).body.view(), "linked");
}

TEST_F(StaticFilesDirectory, LinksThatLeadOutsideAreRefused) {
  write("webby/secret", "secret");  // a sibling whose name begins like the root's
  fs::create_symlink("../webby/secret", root_ / "web/link.txt");
  EXPECT_EQ(error(), ErrorCode::kInvalidArgument);
  EXPECT_NE(load().error().message.find("link.txt"), std::string::npos);
}

TEST_F(StaticFilesDirectory, WhatIsNoFileIsRefused) {
  fs::create_symlink("nowhere", root_ / "web/broken");
  EXPECT_EQ(error(), ErrorCode::kInvalidArgument);
  fs::remove(root_ / "web/broken");

  fs::create_directory(root_ / "web/folder");
  fs::create_directory_symlink("folder", root_ / "web/loop");
  EXPECT_EQ(error(), ErrorCode::kInvalidArgument);
  fs::remove(root_ / "web/loop");

  ASSERT_EQ(::mkfifo((root_ / "web/pipe").c_str(), 0600), 0);
  EXPECT_EQ(error(), ErrorCode::kInvalidArgument) << "and it does not wait for a writer";
}

TEST_F(StaticFilesDirectory, AFolderWithAPageIsNeeded) {
  EXPECT_EQ(StaticFiles::load_directory((root_ / "none").string()).error().code,
            ErrorCode::kNotFound);
  EXPECT_EQ(StaticFiles::load_directory((root_ / "web/index.html").string()).error().code,
            ErrorCode::kNotFound);
  fs::remove(root_ / "web/index.html");
  EXPECT_EQ(error(), ErrorCode::kNotFound);
  EXPECT_NE(load().error().message.find("index.html"), std::string::npos);
}

TEST_F(StaticFilesDirectory, SizeIsBounded) {
  write("web/a.bin", "");
  fs::resize_file(root_ / "web/a.bin", base::kWebRootBytesMax - kPage.size());
  EXPECT_TRUE(load());
  fs::resize_file(root_ / "web/a.bin", base::kWebRootBytesMax - kPage.size() + 1);
  EXPECT_EQ(error(), ErrorCode::kLimit);
}

}  // namespace
}  // namespace palaver::server
