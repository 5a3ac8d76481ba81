// Standard output and the terminal it may be.
#pragma once

#include <string_view>

namespace drift {

// Writes all of `text` to `fd`; nothing is lost to a short write.
// Throws Error{kInternal} where it cannot (a full disk, a closed pipe): what is cut in the middle
// must never pass for whole.
void write_fully(int fd, std::string_view text);

// The same for a reader that may have seen enough: false where it has closed its end.
bool write_unless_closed(int fd, std::string_view text);

// Whether to colour what goes to `fd`: a terminal that is not dumb, and no NO_COLOR
// (https://no-color.org: set and not empty).
bool wants_colour(int fd);
// From now on nothing wants it, as with NO_COLOR. Before any thread is started.
void forget_colour();

// Whether `fd` leads to systemd's journal, as JOURNAL_STREAM says
// (https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#%24JOURNAL_STREAM).
bool is_journal(int fd);

}  // namespace drift
