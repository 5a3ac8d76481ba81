#include "drift/shell/line_editor.h"

#include <fmt/format.h>
#include <histedit.h>
#include <locale.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>

#include "drift/base/error.h"
#include "drift/base/output.h"
#include "drift/base/printable.h"
#include "drift/base/stop.h"
#include "drift/base/text.h"
#include "drift/base/utf8_locale.h"

namespace drift::shell {
namespace {

constexpr int kRemembered = 1'000;

volatile std::sig_atomic_t resized = 0, continued = 0;
void on_signal(int signal) { (signal == SIGWINCH ? resized : continued) = 1; }

std::size_t common_size(const std::vector<std::string>& candidates) {
  std::size_t size = candidates.front().size();
  for (const std::string& one : candidates) {
    const auto [end, other] =
        std::mismatch(candidates.front().begin(), candidates.front().end(), one.begin(), one.end());
    size = std::min(size, static_cast<std::size_t>(end - candidates.front().begin()));
  }
  return cut_utf8(candidates.front(), size).size();
}

// In columns, read downwards by nobody: as many as fit on a line.
std::string listed(const std::vector<std::string>& candidates) {
  constexpr std::size_t kMost = 200;
  struct winsize size {};
  const bool known = ::ioctl(1, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  std::size_t widest = 0, shown = std::min(candidates.size(), kMost), at = 0;
  for (const std::string& one : candidates) widest = std::max(widest, characters(one) + 2);
  const std::size_t across = std::max<std::size_t>((known ? size.ws_col : 80u) / widest, 1);
  std::string text = "\n";
  for (std::size_t i = 0; i < shown; ++i) {
    const std::string name = printable(candidates[i]);
    text += name;
    const bool last = ++at % across == 0 || i + 1 == shown;
    text += last ? "\n" : std::string(widest - std::min(characters(name), widest), ' ');
  }
  if (shown < candidates.size()) text += fmt::format("... {} in all\n", candidates.size());
  return text;
}

}  // namespace

class LineEditor::State {
 public:
  explicit State(CompleteLine complete) : complete_(std::move(complete)) {
    const InUtf8Locale locale;
    editor_ = ::el_init("schema-drift", stdin, stdout, stderr);
    history_ = ::history_init();
    if (editor_ == nullptr || history_ == nullptr) {
      throw Error{Fault::kInternal, "the terminal cannot be edited on",
                  "give the statement as a word, or through a pipe"};
    }
    HistEvent event;
    ::history(history_, &event, H_SETSIZE, kRemembered);
    ::history(history_, &event, H_SETUNIQUE, 1);
    ::el_set(editor_, EL_CLIENTDATA, this);
    ::el_set(editor_, EL_EDITOR, "emacs");
    ::el_set(editor_, EL_SIGNAL, 0);
    ::el_set(editor_, EL_PROMPT, &State::prompt);
    ::el_set(editor_, EL_HIST, ::history, history_);
    ::el_set(editor_, EL_GETCFN, &State::next);
    ::el_set(editor_, EL_ADDFN, "complete", "Complete the name", &State::complete);
    ::el_set(editor_, EL_BIND, "^I", "complete", nullptr);
    ::el_set(editor_, EL_BIND, "^R", "em-inc-search-prev", nullptr);
    ::el_source(editor_, nullptr);
    struct sigaction handled {};
    handled.sa_handler = on_signal;
    ::sigaction(SIGWINCH, &handled, &before_resize_);
    ::sigaction(SIGCONT, &handled, &before_continue_);
  }
  ~State() {
    ::sigaction(SIGWINCH, &before_resize_, nullptr);
    ::sigaction(SIGCONT, &before_continue_, nullptr);
    if (history_ != nullptr) ::history_end(history_);
    if (editor_ != nullptr) ::el_end(editor_);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  TypedLine read(const std::string& prompt, const Stop& stop) {
    const InUtf8Locale locale;
    prompt_ = prompt;
    stop_ = &stop;
    interrupted_ = false;
    int count = 0;
    // Before the prompt is there: who answers it at once must not answer the terminal's own editor.
    ::el_set(editor_, EL_PREP_TERM, 1);
    const char* line = ::el_gets(editor_, &count);
    stop_ = nullptr;
    if (interrupted_) {
      write_fully(1, "^C\n");
      return {TypedLine::How::kInterrupted, {}};
    }
    if (line == nullptr || count <= 0) return {TypedLine::How::kEndOfInput, {}};
    std::string text(line, static_cast<std::size_t>(count));
    if (text.ends_with('\n')) text.pop_back();
    return {TypedLine::How::kLine, std::move(text)};
  }

  void remember(const std::string& line) {
    const InUtf8Locale locale;
    HistEvent event;
    ::history(history_, &event, H_ENTER, line.c_str());
  }

 private:
  static State& of(EditLine* editor) {
    void* state = nullptr;
    ::el_get(editor, EL_CLIENTDATA, &state);
    return *static_cast<State*>(state);
  }

  static char* prompt(EditLine* editor) { return of(editor).prompt_.data(); }

  // libedit would wait in read(2), which no request ends.
  static int next(EditLine* editor, wchar_t* character) { return of(editor).next_of(character); }
  int next_of(wchar_t* character) {
    std::array<pollfd, 2> ready = {{{0, POLLIN, 0}, {stop_->wake_fd(), POLLIN, 0}}};
    for (;;) {
      if (resized != 0) {
        resized = 0;
        ::el_resize(editor_);
      }
      // After Ctrl-Z and fg the terminal is as the shell had it.
      if (continued != 0) {
        continued = 0;
        ::el_set(editor_, EL_PREP_TERM, 0);
        ::el_set(editor_, EL_PREP_TERM, 1);
        ::el_set(editor_, EL_REFRESH);
      }
      if (stop_->due()) {
        interrupted_ = true;
        errno = EINTR;
        return -1;
      }
      if (::poll(ready.data(), ready.size(), -1) < 0 && errno != EINTR) return -1;
      if ((ready[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0) break;
    }
    return read_character(character);
  }

  static int read_character(wchar_t* character) {
    std::string bytes;
    for (std::size_t wanted = 1; bytes.size() < wanted;) {
      char byte = 0;
      const ssize_t got = ::read(0, &byte, 1);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return static_cast<int>(got);
      bytes += byte;
      const auto lead = static_cast<unsigned char>(bytes.front());
      wanted = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    }
    const Utf8Character read = first_character(bytes);
    *character = static_cast<wchar_t>(read.valid ? read.code_point : 0xFFFD);
    return 1;
  }

  static unsigned char complete(EditLine* editor, int) {
    try {
      return of(editor).completed();
    } catch (const std::exception&) {
      return CC_ERROR;  // through C no exception may go
    }
  }
  unsigned char completed() {
    const LineInfo* line = ::el_line(editor_);
    const std::string before(line->buffer, line->cursor), after(line->cursor, line->lastchar);
    const Completion found = complete_(before, after);
    if (found.candidates.empty()) return CC_ERROR;
    const std::string typed = before.substr(found.begin);
    const bool only = found.candidates.size() == 1;
    std::string longer = found.candidates.front().substr(0, common_size(found.candidates));
    if (!only && longer.size() <= typed.size()) {
      write_fully(1, listed(found.candidates));
      return CC_REDISPLAY;
    }
    if (only && !longer.ends_with('(')) longer += ' ';
    ::el_deletestr(editor_, static_cast<int>(characters(typed)));
    return ::el_insertstr(editor_, longer.c_str()) == 0 ? CC_REFRESH : CC_ERROR;
  }

  CompleteLine complete_;
  EditLine* editor_ = nullptr;
  History* history_ = nullptr;
  std::string prompt_;
  const Stop* stop_ = nullptr;
  bool interrupted_ = false;
  struct sigaction before_resize_ {
  }, before_continue_{};
};

LineEditor::LineEditor(CompleteLine complete)
    : state_(std::make_unique<State>(std::move(complete))) {}
LineEditor::~LineEditor() = default;
TypedLine LineEditor::read(const std::string& prompt, const Stop& stop) {
  return state_->read(prompt, stop);
}
void LineEditor::remember(const std::string& line) { state_->remember(line); }

}  // namespace drift::shell
