// git over ssh: libgit2's own transport, with what comes through it seen by us.
#pragma once

#include "migrations/git_library.h"
#include "migrations/git_reception.h"

namespace drift::migrations {

// For git_remote_callbacks.transport. `reception` must outlive the transport.
int make_ssh_transport(git_transport** out, git_remote* owner, GitReception& reception);

}  // namespace drift::migrations
