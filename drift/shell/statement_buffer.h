// Lines that a person types, until they are statements.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace drift::shell {

class StatementBuffer {
 public:
  // The statements that this line ends, without their semicolons. What cannot be read as SQL at all
  // comes back whole: whoever is asked says what is wrong.
  std::vector<std::string> add(std::string_view line);

  // What waits for its semicolon; "" between statements.
  const std::string& text() const { return text_; }
  bool empty() const { return text_.empty(); }
  void clear() { text_.clear(); }

  // Whether the text ends inside of a string, a quoted name or a comment, where a backslash is no
  // command.
  bool inside_quotes() const;

 private:
  std::string text_;
};

}  // namespace drift::shell
