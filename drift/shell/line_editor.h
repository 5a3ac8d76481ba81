// One line from a terminal, edited and completed: libedit. line_editor.cc is its only user.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "drift/shell/completion.h"

namespace drift {
class Stop;
}

namespace drift::shell {

struct TypedLine {
  enum class How {
    kLine,
    kEndOfInput,   // Ctrl-D on an empty line, or the terminal is gone
    kInterrupted,  // `stop` was requested; what was typed is dropped
  } how = How::kEndOfInput;
  std::string text;  // UTF-8, without its end
};

// What could stand before the cursor: of the line before it and behind it.
using CompleteLine = std::function<Completion(std::string_view before, std::string_view after)>;

// Of standard input and output. ~/.editrc counts, editrc(5). One at a time.
class LineEditor {
 public:
  // Throws Error{kInternal} where the terminal cannot be edited on.
  explicit LineEditor(CompleteLine complete);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  TypedLine read(const std::string& prompt, const Stop& stop);

  // What the arrow keys find, the newest first.
  void remember(const std::string& line);

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace drift::shell
