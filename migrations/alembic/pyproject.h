// The table [tool.alembic] of a pyproject.toml. The only user of toml++.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drift::migrations {

// Values as Alembic's Config gives them since 1.16: `%(here)s` filled in, `%%` made one. A value
// of the wrong type matters only where it is asked for.
// https://alembic.sqlalchemy.org/en/latest/tutorial.html#using-pep-621-with-alembic
class Pyproject {
 public:
  // `path` is for messages, `here` what `%(here)s` stands for.
  // Throws Error{kAlembicIniInvalid} "path:line: ..." where `text` is no TOML, or where
  // tool.alembic is not a table.
  Pyproject(std::string_view text, std::string_view path, std::string_view here);
  Pyproject(Pyproject&&) noexcept;
  ~Pyproject();

  // Whether the file speaks of Alembic at all.
  bool has_alembic_table() const;

  // Nothing where the key is missing. Throw Error{kAlembicIniInvalid} for another type and for a
  // bad '%'.
  std::optional<std::string> string(std::string_view key) const;
  std::optional<std::vector<std::string>> list(std::string_view key) const;
  std::optional<bool> boolean(std::string_view key) const;

  bool is_string(std::string_view key) const;

  // "path:line" of the key, or just "path".
  std::string place(std::string_view key) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace drift::migrations
