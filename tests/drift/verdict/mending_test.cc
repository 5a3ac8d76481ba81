#include "drift/verdict/mending.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <string>

namespace drift::verdict {
namespace {

// What a shell makes of `words`, with an end after each.
std::string read_by_a_shell(const std::string& words) {
  const std::string command = "printf '%s;' " + words;
  std::string out;
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
  for (int c = std::fgetc(pipe.get()); c != EOF; c = std::fgetc(pipe.get())) {
    out += static_cast<char>(c);
  }
  return out;
}

TEST(ShellWord, AShellReadsWhatWasGiven) {
  std::string words;
  std::string given;
  for (int byte = 1; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    for (const std::string& text :
         {std::string(1, c), std::string(2, c), std::string{'a', c, 'b'}}) {
      words += shell_word(text) + " ";
      given += text + ";";
    }
  }
  EXPECT_EQ(read_by_a_shell(words), given);
  EXPECT_EQ(read_by_a_shell(shell_word("") + " " + shell_word("$(id) `id` \"$HOME\" it's; ~ #x")),
            ";$(id) `id` \"$HOME\" it's; ~ #x;");
}

TEST(ShellWord, OrdinaryIdsStayBare) {
  EXPECT_EQ(shell_word("3f2a_B.9"), "3f2a_B.9");
  EXPECT_EQ(shell_word("origin/x:versions/a.py"), "origin/x:versions/a.py");
  EXPECT_EQ(shell_word("a-b"), "'a-b'");
  EXPECT_EQ(shell_word(""), "''");
}

}  // namespace
}  // namespace drift::verdict
