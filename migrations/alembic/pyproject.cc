#include "migrations/alembic/pyproject.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include "drift/base/error.h"
#include "drift/base/printable.h"

namespace drift::migrations {

struct Pyproject::Impl {
  std::string path, here;
  toml::table document;
  const toml::table* alembic = nullptr;  // inside `document`

  const toml::node* find(std::string_view key) const {
    return alembic == nullptr ? nullptr : alembic->get(key);
  }

  std::string place(const toml::node* node) const {
    if (node == nullptr || node->source().begin.line == 0) return printable(path);
    return fmt::format("{}:{}", printable(path), node->source().begin.line);
  }

  [[noreturn]] void refuse(const toml::node* node, std::string_view key, std::string_view what,
                           const std::string& hint) const {
    throw Error{Fault::kAlembicIniInvalid, fmt::format("{}: {} {}", place(node), key, what), hint};
  }

  // Python's `value % {"here": ...}`, of which Alembic documents this one name.
  std::string filled_in(std::string_view rest, const toml::node* node, std::string_view key) const {
    constexpr std::string_view kHere = "%(here)s";
    std::string result;
    while (!rest.empty()) {
      const std::size_t percent = rest.find('%');
      result += rest.substr(0, percent);
      if (percent == std::string_view::npos) break;
      rest.remove_prefix(percent);
      if (rest.starts_with("%%")) {
        result += '%';
        rest.remove_prefix(2);
      } else if (rest.starts_with(kHere)) {
        result += here;
        rest.remove_prefix(kHere.size());
      } else {
        refuse(node, key, "has a '%' that begins neither %(here)s nor %%",
               "write %% for a plain percent sign; pyproject.toml knows no other %(name)s");
      }
    }
    return result;
  }
};

Pyproject::Pyproject(std::string_view text, std::string_view path, std::string_view here)
    : impl_(std::make_unique<Impl>()) {
  impl_->path = path;
  impl_->here = here;
  try {
    impl_->document = toml::parse(text);
  } catch (const toml::parse_error& error) {
    // toml++ quotes the offending text only where it is a key or a character, never a value.
    throw Error{Fault::kAlembicIniInvalid,
                fmt::format("{}:{}: not valid TOML: {}", printable(path), error.source().begin.line,
                            printable(error.description())),
                "Alembic reads this file too and would stop here: mend it"};
  }
  const toml::node* tool = impl_->document.get("tool");
  if (tool == nullptr) return;
  const toml::node* alembic = tool->is_table() ? tool->as_table()->get("alembic") : tool;
  if (alembic == nullptr) return;
  impl_->alembic = tool->is_table() ? alembic->as_table() : nullptr;
  if (impl_->alembic == nullptr) {
    impl_->refuse(alembic, tool->is_table() ? "tool.alembic" : "tool", "is not a table",
                  "write [tool.alembic]");
  }
}

Pyproject::Pyproject(Pyproject&&) noexcept = default;
Pyproject::~Pyproject() = default;

bool Pyproject::has_alembic_table() const { return impl_->alembic != nullptr; }

std::optional<std::string> Pyproject::string(std::string_view key) const {
  const toml::node* node = impl_->find(key);
  if (node == nullptr) return std::nullopt;
  if (!node->is_string()) impl_->refuse(node, key, "is not a string", "put it between quotes");
  return impl_->filled_in(node->as_string()->get(), node, key);
}

std::optional<std::vector<std::string>> Pyproject::list(std::string_view key) const {
  const toml::node* node = impl_->find(key);
  if (node == nullptr) return std::nullopt;
  // Alembic would take a string for a list of its letters.
  const std::string hint = "write it as a list of strings, such as [\"a/versions\"]";
  if (!node->is_array()) impl_->refuse(node, key, "is not a list", hint);
  std::vector<std::string> result;
  for (const toml::node& element : *node->as_array()) {
    if (!element.is_string()) impl_->refuse(&element, key, "is not a list of strings", hint);
    result.push_back(impl_->filled_in(element.as_string()->get(), &element, key));
  }
  return result;
}

std::optional<bool> Pyproject::boolean(std::string_view key) const {
  const toml::node* node = impl_->find(key);
  if (node == nullptr) return std::nullopt;
  if (!node->is_boolean()) {
    impl_->refuse(node, key, "is neither true nor false", "Alembic takes only a TOML boolean here");
  }
  return node->as_boolean()->get();
}

bool Pyproject::is_string(std::string_view key) const {
  const toml::node* node = impl_->find(key);
  return node != nullptr && node->is_string();
}

std::string Pyproject::place(std::string_view key) const { return impl_->place(impl_->find(key)); }

}  // namespace drift::migrations
