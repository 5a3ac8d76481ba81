// git over ssh: libgit2's own transport, with what comes through it seen by us.
#pragma once

#include "drift/base/stop.h"
#include "migrations/git/library.h"
#include "migrations/git/reception.h"

namespace drift::migrations {

// What a conversation over ssh goes through.
struct SshLine {
  GitReception& reception;
  const Stop& stop;
};

// For git_remote_callbacks.transport. `line` must outlive the transport.
int make_ssh_transport(git_transport** out, git_remote* owner, SshLine& line);

}  // namespace drift::migrations
