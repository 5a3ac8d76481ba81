// A server on this machine that does to each connection what a test tells it to.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace drift {

// One connection as its script sees it. Reading and writing end quietly once the client is gone.
class Peer {
 public:
  Peer(int socket, const std::atomic<bool>& over) : socket_(socket), over_(over) {}

  // Head and body of the next request, "" at the end of the connection.
  std::string read_request() {
    std::string text;
    std::size_t whole = std::string::npos;
    while (text.size() < whole) {
      static thread_local char buffer[256 << 10];
      const ssize_t got = ::recv(socket_, buffer, sizeof buffer, 0);
      if (got <= 0) return {};
      text.append(buffer, static_cast<std::size_t>(got));
      const std::size_t head = text.find("\r\n\r\n");
      if (head == std::string::npos) continue;
      const std::size_t length = text.find("Content-Length: ");
      const bool has_body = length != std::string::npos && length < head;
      whole = head + 4 + (has_body ? std::stoul(text.substr(length + 16)) : 0);
    }
    return text;
  }

  bool write(std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  // Waits, unless the test is over.
  void wait(std::chrono::milliseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    while (!over_ && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
  }
  bool over() const { return over_; }

  // The connection ends with RST instead of FIN.
  void reset() {
    const linger now{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }

 private:
  int socket_;
  const std::atomic<bool>& over_;
};

// Listens on a free port of 127.0.0.1 and runs `script` for each connection, in a thread of its
// own; the connection is closed when the script returns.
class ScriptedServer {
 public:
  explicit ScriptedServer(std::function<void(Peer&)> script) : script_(std::move(script)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, generic, size) != 0 || ::listen(listener_, 64) != 0 ||
        ::getsockname(listener_, generic, &size) != 0) {
      throw std::runtime_error("no free port");
    }
    port_ = ntohs(address.sin_port);
    accepting_ = std::thread([this] { accept_all(); });
  }

  ~ScriptedServer() {
    over_ = true;
    accepting_.join();
    {
      const std::lock_guard lock{mutex_};
      for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
    }
    for (std::thread& thread : scripts_) thread.join();
    for (const int socket : sockets_) ::close(socket);
    ::close(listener_);
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  int port() const { return port_; }
  std::string authority() const { return "127.0.0.1:" + std::to_string(port_); }
  std::string origin() const { return "http://" + authority(); }
  int connections() const { return connections_; }

 private:
  void accept_all() {
    while (!over_) {
      pollfd ready{listener_, POLLIN, 0};
      if (::poll(&ready, 1, 20) != 1) continue;
      const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (socket < 0) continue;
      ++connections_;
      const std::lock_guard lock{mutex_};
      sockets_.push_back(socket);
      scripts_.emplace_back([this, socket] {
        Peer peer{socket, over_};
        script_(peer);
        // An RST goes out at close, so this one cannot wait for the destructor.
        linger set{};
        socklen_t size = sizeof set;
        ::getsockopt(socket, SOL_SOCKET, SO_LINGER, &set, &size);
        const std::lock_guard own{mutex_};
        if (set.l_onoff != 0) {
          ::close(socket);
          sockets_.erase(std::find(sockets_.begin(), sockets_.end(), socket));
        } else {
          ::shutdown(socket, SHUT_RDWR);
        }
      });
    }
  }

  std::function<void(Peer&)> script_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> over_{false};
  std::atomic<int> connections_{0};
  std::mutex mutex_;
  std::vector<int> sockets_;
  std::vector<std::thread> scripts_;
  std::thread accepting_;
};

}  // namespace drift
