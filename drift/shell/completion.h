// What the word before the cursor could become.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace drift::shell {

struct TableName {
  std::string schema, name;
  bool visible = true;  // without its schema
  std::vector<std::string> columns;
};

struct Completion {
  std::size_t begin = 0;                // of the word, in the text before the cursor
  std::vector<std::string> candidates;  // sorted, each once; what could stand there instead
};

// The words that go on with what stands before the cursor: commands behind a backslash, tables
// behind FROM and the like, columns of the tables that the statement names and of what stands
// before a dot, else keywords. Names are quoted where SQL needs it. None inside of quotes. Pure.
// `earlier`: the lines of the statement before this one; `before` and `after` the cursor.
Completion complete(std::string_view earlier, std::string_view before, std::string_view after,
                    const std::vector<TableName>& tables);

}  // namespace drift::shell
