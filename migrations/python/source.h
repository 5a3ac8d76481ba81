// The text of a Python file as its tokenizer sees it: decoded, with one kind of line end.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace drift::migrations {

struct PythonSource {
  // UTF-8 without a BOM, every line ended by "\n" (the last one too), followed by at least
  // kPadding NUL bytes. The text itself holds none, so a scanner needs no bounds checks.
  static constexpr std::size_t kPadding = 64;
  // A migration is a few kB; tokens take up to sixteen times the memory of their source.
  static constexpr std::size_t kMaxSize = std::size_t{32} << 20;
  std::string buffer;
  std::size_t size = 0;  // without the padding

  struct Error {
    std::string message;
    int line = 0;  // 1-based
  };
  std::optional<Error> error;  // `buffer` is of no use where this is set

  std::string_view text() const { return {buffer.data(), size}; }
};

// Decodes the bytes of a file by its BOM or coding cookie, UTF-8 where it has neither:
// https://docs.python.org/3/reference/lexical_analysis.html#encoding-declarations
// Takes utf-8, latin-1, cp1252 and ascii, and most others that agree with ASCII where the file is
// pure ASCII.
PythonSource decode_python_source(std::string_view bytes);

}  // namespace drift::migrations
