#include "migrations/git/sockets.h"

#include <git2/sys/stream.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>

#include "migrations/git/connections.h"
#include "migrations/git/library.h"

namespace drift::migrations {
namespace {

thread_local Connections* connections_here = nullptr;

// A socket for libgit2, which has no time limits of its own before 1.7. The first members stand as
// in its git_socket_stream (src/libgit2/streams/socket.h), because its ssh transport takes the
// socket out of there.
struct SocketStream {
  git_stream parent;
  char* host;
  char* port;
  int socket;
  Connections* connections;
  std::string host_text;
  std::string port_text;
};

SocketStream& of(git_stream* stream) { return *reinterpret_cast<SocketStream*>(stream); }

int open_socket(git_stream* stream) {
  SocketStream& self = of(stream);
  std::string why;
  self.socket = self.connections->connect(self.host, self.port, why);
  if (self.socket >= 0) return 0;
  git_error_set_str(GIT_ERROR_NET, why.c_str());
  return -1;
}

ssize_t read_socket(git_stream* stream, void* data, std::size_t size) {
  ssize_t count = 0;
  do {
    count = ::recv(of(stream).socket, data, size, 0);
  } while (count < 0 && errno == EINTR);
  if (count < 0) git_error_set_str(GIT_ERROR_NET, std::strerror(errno));
  return count;
}

ssize_t write_socket(git_stream* stream, const char* data, std::size_t size, int flags) {
  ssize_t count = 0;
  do {
    count = ::send(of(stream).socket, data, size, flags | MSG_NOSIGNAL);
  } while (count < 0 && errno == EINTR);
  if (count < 0) git_error_set_str(GIT_ERROR_NET, std::strerror(errno));
  return count;
}

int close_socket(git_stream* stream) {
  SocketStream& self = of(stream);
  if (self.socket >= 0) self.connections->close(self.socket);
  self.socket = -1;
  return 0;
}

int new_socket(git_stream** out, const char* host, const char* port) {
  if (connections_here == nullptr) {
    git_error_set_str(GIT_ERROR_NET, "a connection outside of a conversation");
    return -1;
  }
  auto self = std::make_unique<SocketStream>();
  self->connections = connections_here;
  self->host_text = host;
  self->port_text = port;
  self->host = self->host_text.data();
  self->port = self->port_text.data();
  self->socket = -1;
  self->parent.version = GIT_STREAM_VERSION;
  self->parent.connect = open_socket;
  self->parent.read = read_socket;
  self->parent.write = write_socket;
  self->parent.close = close_socket;
  self->parent.free = [](git_stream* stream) { delete &of(stream); };
  *out = &self.release()->parent;
  return 0;
}

}  // namespace

LentConnections::LentConnections(Connections& connections) { connections_here = &connections; }
LentConnections::~LentConnections() { connections_here = nullptr; }

// Only where the layout above is known to hold. Elsewhere a silent server holds us up until the
// system gives the connection up.
void use_own_sockets() {
  int major = 0;
  int minor = 0;
  int revision = 0;
  git_libgit2_version(&major, &minor, &revision);
  if (major != 1 || minor != 5) return;
  git_stream_registration registration{};
  registration.version = GIT_STREAM_VERSION;
  registration.init = new_socket;
  git_stream_register(GIT_STREAM_STANDARD, &registration);
}

}  // namespace drift::migrations
