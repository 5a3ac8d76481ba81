#include "migrations/git/ssh.h"

#include <git2/sys/transport.h>

#include <memory>
#include <string_view>

namespace drift::migrations {
namespace {

struct Transport;

// What libgit2 holds. The first members are what it knows of them.
struct Stream {
  git_smart_subtransport_stream parent;
  git_smart_subtransport_stream* inner;
  Transport* transport;
};

struct Transport {
  git_smart_subtransport parent;
  git_smart_subtransport* inner;
  SshLine* line;
  // Of a connection that lasts libgit2 wants the same stream for refs and pack.
  Stream* stream;
};

Transport& of(git_smart_subtransport* transport) {
  return *reinterpret_cast<Transport*>(transport);
}
Stream& of(git_smart_subtransport_stream* stream) { return *reinterpret_cast<Stream*>(stream); }

int read(git_smart_subtransport_stream* from, char* buffer, std::size_t size,
         std::size_t* received) {
  Stream& self = of(from);
  const int code = self.inner->read(self.inner, buffer, size, received);
  if (code < 0) return code;
  const SshLine& line = *self.transport->line;
  if (!line.stop.due() && line.reception.take({buffer, *received})) return 0;
  git_error_set_str(GIT_ERROR_SSH, "more than is taken");
  return -1;
}

int act(git_smart_subtransport_stream** out, git_smart_subtransport* parent, const char* url,
        git_smart_service_t service) {
  Transport& self = of(parent);
  git_smart_subtransport_stream* inner = nullptr;
  if (const int code = self.inner->action(&inner, self.inner, url, service); code < 0) return code;
  if (self.stream == nullptr || self.stream->inner != inner) {
    self.stream = new Stream{};
    self.stream->parent.subtransport = parent;
    self.stream->parent.read = read;
    self.stream->parent.write = [](git_smart_subtransport_stream* to, const char* data,
                                   std::size_t size) {
      return of(to).inner->write(of(to).inner, data, size);
    };
    self.stream->parent.free = [](git_smart_subtransport_stream* done) {
      Stream& stream = of(done);
      // libssh2 ends a channel in good order, for which it waits as long as the other side likes.
      // One that sends without end, or is silent at the end of the run, is left as it is.
      const SshLine& line = *stream.transport->line;
      if (!line.reception.failure() && !line.stop.due()) stream.inner->free(stream.inner);
      stream.transport->stream = nullptr;
      delete &stream;
    };
    self.stream->inner = inner;
    self.stream->transport = &self;
  }
  self.line->reception.begin(service == GIT_SERVICE_UPLOADPACK ? GitReception::Part::kPack
                                                               : GitReception::Part::kRefs);
  *out = &self.stream->parent;
  return 0;
}

int make(git_smart_subtransport** out, git_transport* owner, void* line) {
  auto self = std::make_unique<Transport>();
  if (const int code = git_smart_subtransport_ssh(&self->inner, owner, nullptr); code < 0) {
    return code;
  }
  self->line = static_cast<SshLine*>(line);
  self->parent.action = act;
  self->parent.close = [](git_smart_subtransport*) { return 0; };  // nor does the inner one
  self->parent.free = [](git_smart_subtransport* done) {
    of(done).inner->free(of(done).inner);
    delete &of(done);
  };
  *out = &self.release()->parent;
  return 0;
}

}  // namespace

int make_ssh_transport(git_transport** out, git_remote* owner, SshLine& line) {
  git_smart_subtransport_definition definition{};
  definition.callback = make;
  definition.param = &line;
  return git_transport_smart(out, owner, &definition);
}

}  // namespace drift::migrations
