// SPDX-License-Identifier: Apache-2.0
#include "net/client_stream.h"

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <utility>
#include <variant>

#include "base/limits.h"

namespace palaver::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

struct TlsClient::State {
  asio::ssl::context context{asio::ssl::context::tls_client};
  std::string server_name;
};

TlsClient::TlsClient(std::unique_ptr<State> state) : state_(std::move(state)) {}
TlsClient::~TlsClient() = default;

base::Result<std::unique_ptr<TlsClient>> TlsClient::make(Options options) {
  auto state = std::make_unique<State>();
  auto& context = state->context;
  error_code error;
  const auto failed = [&](const std::string& what) {
    return base::fail(base::ErrorCode::kInvalidArgument, what + ": " + error.message());
  };
  context.set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1, error);
  if (options.ca_file.empty()) {
    context.set_default_verify_paths(error);
  } else {
    context.load_verify_file(options.ca_file, error);
  }
  if (error) return failed(options.ca_file.empty() ? "the system's CAs" : options.ca_file);
  context.set_verify_mode(asio::ssl::verify_peer, error);
  if (!options.certificate_file.empty()) {
    context.use_certificate_chain_file(options.certificate_file, error);
    if (error) return failed(options.certificate_file);
    context.use_private_key_file(options.key_file, asio::ssl::context::pem, error);
    if (error) return failed(options.key_file);
  }
  state->server_name = std::move(options.server_name);
  return std::unique_ptr<TlsClient>(new TlsClient(std::move(state)));
}

// The socket and what is under way on it. Handlers hold it; `observer_` is null once it is closed.
class ClientStream::Link : public std::enable_shared_from_this<Link> {
 public:
  Link(Loop& loop, const Target& target, Observer& observer)
      : loop_(loop),
        observer_(&observer),
        tls_(target.tls),
        resolver_(loop.context()),
        stream_(make(loop, tls_)) {}

  void start(const Target& target) {
    loop_.run_after(target.timeout, [link = shared_from_this()] {
      if (!link->open_) link->end("no connection in time");
    });
    resolver_.async_resolve(target.host, std::to_string(target.port),
                            [link = shared_from_this()](const error_code& error,
                                                        const tcp::resolver::results_type& at) {
                              if (link->failed(error)) return;
                              asio::async_connect(
                                  link->socket(), at,
                                  [link](const error_code& refused, const tcp::endpoint&) {
                                    if (!link->failed(refused)) link->connected();
                                  });
                            });
  }

  void write(std::string_view bytes) {
    waiting_ += bytes;
    if (writing_.empty()) write_next();
  }

  void close() {
    observer_ = nullptr;
    error_code ignored;  // there is nobody to tell
    resolver_.cancel();
    socket().close(ignored);
  }

 private:
  using TlsStream = asio::ssl::stream<tcp::socket>;
  using Stream = std::variant<tcp::socket, TlsStream>;

  static Stream make(Loop& loop, const TlsClient* tls) {
    if (tls == nullptr) return tcp::socket(loop.context());
    return TlsStream(loop.context(), tls->state().context);
  }
  tcp::socket& socket() {
    if (auto* tls = std::get_if<TlsStream>(&stream_)) return tls->next_layer();
    return std::get<tcp::socket>(stream_);
  }

  // Whether a handler has nothing more to do: closed meanwhile, or an error, which ends the link.
  bool failed(const error_code& error) {
    if (observer_ == nullptr) return true;
    loop_.touch();
    if (error) end(error.message());
    return static_cast<bool>(error);
  }

  void end(const std::string& reason) {
    if (observer_ == nullptr) return;
    Observer& observer = *observer_;
    close();
    observer.on_closed(reason);
  }

  void connected() {
    error_code ignored;  // without these it is slower, no more
    socket().set_option(tcp::no_delay(true), ignored);
    socket().set_option(asio::socket_base::keep_alive(true), ignored);
    auto* tls = std::get_if<TlsStream>(&stream_);
    if (tls == nullptr) {
      opened();
      return;
    }
    const std::string& name = tls_->state().server_name;
    if (!name.empty()) {
      ::SSL_set_tlsext_host_name(tls->native_handle(), name.c_str());
      ::SSL_set1_host(tls->native_handle(), name.c_str());
    }
    tls->async_handshake(asio::ssl::stream_base::client,
                         [link = shared_from_this()](const error_code& error) {
                           if (!link->failed(error)) link->opened();
                         });
  }

  void opened() {
    open_ = true;
    read();
    observer_->on_open();
  }

  void read() {
    const auto done = [link = shared_from_this()](const error_code& error, std::size_t size) {
      if (link->failed(error)) return;
      link->observer_->on_bytes({link->read_.data(), size});
      if (link->observer_ != nullptr) link->read();
    };
    std::visit([&](auto& stream) { stream.async_read_some(asio::buffer(read_), done); }, stream_);
  }

  void write_next() {
    writing_.swap(waiting_);
    if (writing_.empty()) return;
    const auto done = [link = shared_from_this()](const error_code& error, std::size_t) {
      if (link->failed(error)) return;
      link->writing_.clear();
      link->write_next();
    };
    std::visit([&](auto& stream) { asio::async_write(stream, asio::buffer(writing_), done); },
               stream_);
  }

  Loop& loop_;
  Observer* observer_;
  const TlsClient* tls_;
  tcp::resolver resolver_;
  Stream stream_;
  bool open_ = false;
  std::string writing_;  // the kernel has not taken all of it
  std::string waiting_;  // goes after it
  std::array<char, base::kReadBufferBytes> read_{};
};

ClientStream::ClientStream(Loop& loop, const Target& target, Observer& observer)
    : link_(std::make_shared<Link>(loop, target, observer)) {
  link_->start(target);
}

ClientStream::~ClientStream() { close(); }

void ClientStream::write(std::string_view bytes) { link_->write(bytes); }

void ClientStream::close() { link_->close(); }

}  // namespace palaver::net
