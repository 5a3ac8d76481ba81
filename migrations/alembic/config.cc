#include "migrations/alembic/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <utility>

#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/base/python_ini.h"
#include "drift/base/text.h"
#include "migrations/alembic/ini_file.h"
#include "migrations/alembic/pyproject.h"
#include "migrations/git/repository.h"
#include "migrations/git/tree_path.h"

namespace drift::migrations {
namespace {

constexpr std::string_view kIni = "alembic.ini";
constexpr std::string_view kPyproject = "pyproject.toml";
// A lone alembic.ini deeper than this is more likely somebody's test data.
constexpr std::size_t kDeepestGuess = 3;
// Nothing is taken from there: a person is told of it.
constexpr std::size_t kDeepestSuggestion = 12;
constexpr std::size_t kMostFolders = 5000;
constexpr std::size_t kMostNamed = 5;

// Most pyproject.toml have nothing to do with Alembic; only those that might are parsed.
bool may_speak_of_alembic(const std::string& pyproject) {
  return pyproject.find("alembic") != std::string::npos;
}

bool speaks_of_alembic(const std::string& pyproject, std::string_view path) {
  return may_speak_of_alembic(pyproject) && Pyproject{pyproject, path, ""}.has_alembic_table();
}

// "found a/alembic.ini and b/alembic.ini: pass --alembic-ini with one of them", or "".
std::string found_elsewhere(const FoundFiles& found) {
  std::vector<std::string> names;
  for (const std::string& path : found.paths) {
    if (names.size() == kMostNamed) break;
    names.push_back(printable(path));
  }
  if (names.empty()) return {};
  if (found.paths.size() == 1) return fmt::format("found {0}: pass --alembic-ini {0}", names[0]);
  return fmt::format("found {}{}: pass --alembic-ini with one of them", fmt::join(names, ", "),
                     found.paths.size() > names.size() ? " and more" : "");
}

// "db/migrations has an env.py and a script.py.mako: pass --script-location db/migrations", or "".
// Both are what `alembic init` makes of a script directory.
std::string script_directories(const GitTree& tree) {
  std::vector<std::string> names;
  for (const std::string& path : find_files(tree, "env.py", kDeepestSuggestion).paths) {
    const std::string folder{parent_of(path)};
    if (!tree.entry(joined(folder, "script.py.mako"))) continue;
    names.push_back(folder.empty() ? "." : printable(folder));
  }
  if (names.empty()) return {};
  const bool more = names.size() > kMostNamed;
  names.resize(std::min(names.size(), kMostNamed));
  if (names.size() == 1) {
    return fmt::format("{0} has an env.py and a script.py.mako: pass --script-location {0}",
                       names[0]);
  }
  return fmt::format(
      "{}{} have an env.py and a script.py.mako: pass --script-location with one "
      "of them",
      fmt::join(names, ", "), more ? " and more" : "");
}

// What Alembic would find in its working directory: beside the ini, else at the root.
void add_pyproject(const GitTree& tree, ConfigurationFiles& files) {
  const std::string beside = joined(parent_of(files.ini_path), kPyproject);
  for (const std::string& path : {beside, std::string{kPyproject}}) {
    files.pyproject_path = path;
    files.pyproject = tree.read(path);
    if (files.pyproject && may_speak_of_alembic(*files.pyproject)) return;
    files.pyproject.reset();
  }
}

ConfigurationFiles given_configuration(const GitTree& tree, const std::string& given) {
  // A leading '/' can only mean the root of the repository.
  const auto path = resolved("", given);
  ConfigurationFiles files;
  if (path && base_name(*path) == kPyproject) {
    files.pyproject_path = *path;
    files.pyproject = tree.read(*path);
    files.ini_path = joined(parent_of(*path), kIni);
    if (files.pyproject) {
      files.ini = tree.read(files.ini_path);
      return files;
    }
  } else if (path) {
    files.ini_path = *path;
    files.ini = tree.read(*path);
    if (files.ini) {
      add_pyproject(tree, files);
      return files;
    }
    const std::string inside = joined(*path, kIni);
    if (tree.entry(inside)) {
      throw Error{Fault::kAlembicIniNotFound, fmt::format("{} is a folder", folder_name(*path)),
                  fmt::format("pass --alembic-ini {}", printable(inside))};
    }
  }
  std::string hint = found_elsewhere(find_files(tree, kIni, kDeepestSuggestion));
  if (hint.empty()) hint = "give its path from the root of the repository, and check --ref";
  throw Error{Fault::kAlembicIniNotFound,
              fmt::format("there is no {} at this commit", printable(given)), hint};
}

// What follows has the rules of Alembic's Config (get_alembic_option, get_version_locations_list,
// get_prepend_sys_paths_list): https://alembic.sqlalchemy.org/en/latest/api/config.html and
// https://alembic.sqlalchemy.org/en/latest/branches.html#setting-up-multiple-version-directories

using Strings = std::vector<std::string>;

std::string here_of(std::string_view path) {
  std::string here{kTreeRoot};
  if (const std::string_view folder = parent_of(path); !folder.empty())
    here.append("/").append(folder);
  return here;
}

// What Alembic did before path_separator: re.split(r", *|(?: +)"), for prepend_sys_path also at
// each ':'. It keeps empty pieces and does not split at line ends.
Strings legacy_split(std::string_view text, bool at_colons) {
  Strings pieces(1);
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c != ',' && c != ' ' && !(c == ':' && at_colons)) {
      pieces.back() += c;
      ++i;
      continue;
    }
    ++i;
    if (c != ':') {
      while (i < text.size() && text[i] == ' ') ++i;
    }
    pieces.emplace_back();
  }
  return pieces;
}

Strings split_at(std::string_view text, char separator) {
  Strings pieces;
  while (true) {
    const std::size_t end = text.find(separator);
    const std::string_view piece = text.substr(0, end);
    // Empty pieces go, but one of blanks only stays as "": Alembic asks before it strips.
    if (!piece.empty()) pieces.emplace_back(python_strip(piece).text);
    if (end == std::string_view::npos) return pieces;
    text.remove_prefix(end + 1);
  }
}

class Reader {
 public:
  Reader(const std::optional<std::string>& ini, std::string_view ini_path,
         const std::optional<std::string>& pyproject, std::string_view pyproject_path,
         std::string_view section)
      : section_(section) {
    if (ini)
      ini_.emplace(*ini, ini_path, std::map<std::string, std::string>{{"here", here_of(ini_path)}});
    if (pyproject) pyproject_.emplace(*pyproject, pyproject_path, here_of(pyproject_path));
    if (ini_ && !ini_->has_section(section) && !(pyproject_ && pyproject_->has_alembic_table())) {
      refuse_section(ini_path);
    }
  }

  AlembicConfig read() {
    AlembicConfig config;
    config.script_location = ini_value("script_location");
    if (!config.script_location && pyproject_) {
      config.script_location = pyproject_->string("script_location");
    }
    config.script_location_place = place("script_location");

    // An empty value in the ini counts as missing for the two lists, but not for the others.
    if (const auto text = ini_value("version_locations"); text && !text->empty()) {
      config.version_locations = version_locations(*text);
    } else if (pyproject_) {
      config.version_locations = pyproject_->list("version_locations").value_or(Strings{});
    }
    config.version_locations_place = place("version_locations");

    if (const auto text = ini_value("prepend_sys_path"); text && !text->empty()) {
      const auto separator = path_separator({"path_separator"});
      config.prepend_sys_path = separator ? split_at(*text, *separator) : legacy_split(*text, true);
    } else if (pyproject_) {
      // Alembic accepts a string, though it takes each of its letters for a folder.
      config.prepend_sys_path = pyproject_->is_string("prepend_sys_path")
                                    ? Strings{*pyproject_->string("prepend_sys_path")}
                                    : pyproject_->list("prepend_sys_path").value_or(Strings{});
    }

    config.recursive_version_locations = boolean("recursive_version_locations");
    config.sourceless = boolean("sourceless");
    config.warnings = std::move(warnings_);
    return config;
  }

 private:
  std::optional<std::string> ini_value(std::string_view key) const {
    return ini_ ? ini_->get(section_, key) : std::nullopt;
  }

  std::string place(std::string_view key) const {
    if (ini_ && ini_->has(section_, key)) return ini_->place(section_, key);
    return pyproject_ ? pyproject_->place(key) : std::string{};
  }

  bool boolean(std::string_view key) {
    const auto text = ini_value(key);
    if (!text) return pyproject_ && pyproject_->boolean(key).value_or(false);
    if (*text == "true") return true;
    // ConfigParser.getboolean would take these; Alembic compares with "true".
    const std::string word = ascii_lower(*text);
    if (word == "true" || word == "yes" || word == "on" || word == "1") {
      warnings_.push_back(
          fmt::format("{}: {} is {}, which Alembic takes for false: it knows only 'true'",
                      place(key), key, quoted(*text)));
    }
    return false;
  }

  // The separator that the first of `keys` that is set asks for. Never from pyproject.toml, whose
  // lists need none.
  std::optional<char> path_separator(std::initializer_list<std::string_view> keys) const {
    for (const std::string_view key : keys) {
      const auto word = ini_value(key);
      if (!word) continue;
      if (*word == "space") return ' ';
      if (*word == "newline") return '\n';
      if (*word == "os" || *word == ":") return ':';  // os.pathsep where production runs
      if (*word == ";") return ';';
      // The template of Alembic 1.7.6 to 1.14.1 had such a comment behind `os`.
      const bool comment = word->find_first_of("#;", 1) != std::string::npos;
      throw Error{
          Fault::kAlembicIniInvalid,
          fmt::format("{}: {} is {}; it must be space, newline, os, : or ;", place(key), key,
                      quoted(*word)),
          comment ? fmt::format("an ini file has no comments behind a value, so Alembic fails too: "
                                "leave '{} = {}' and move the comment to a line of its own",
                                key, printable(word->substr(0, word->find_first_of(" \t#;"))))
                  : "Alembic refuses it too; to use the colon of Unix write os"};
    }
    return std::nullopt;
  }

  Strings version_locations(const std::string& text) const {
    const auto separator = path_separator({"path_separator", "version_path_separator"});
    Strings pieces = separator ? split_at(text, *separator) : legacy_split(text, false);
    const auto broken = std::find_if(pieces.begin(), pieces.end(), [](const std::string& piece) {
      return piece.find('\n') != std::string::npos;
    });
    if (broken == pieces.end()) return pieces;
    throw Error{
        Fault::kAlembicIniInvalid,
        fmt::format("{}: version_locations spans several lines but is not split at line ends, so "
                    "Alembic takes {} for one path",
                    place("version_locations"), quoted(*broken)),
        "set path_separator = newline (version_path_separator before Alembic 1.16), or put the "
        "locations on one line"};
  }

  [[noreturn]] void refuse_section(std::string_view ini_path) const {
    Strings with_location, all;
    for (const std::string& name : ini_->sections()) {
      all.push_back(fmt::format("[{}]", printable(name)));
      if (ini_->declares(name, "script_location")) {
        with_location.push_back(fmt::format("--name {}", printable(name)));
      }
    }
    // Enough to recognise the file; a list of hundreds helps nobody.
    constexpr std::size_t kMostNames = 10;
    all.resize(std::min(all.size(), kMostNames));
    with_location.resize(std::min(with_location.size(), kMostNames));
    std::string hint = "its sections are " + fmt::format("{}", fmt::join(all, ", "));
    if (all.empty()) hint = "the file has no section at all: is it the right one?";
    if (!with_location.empty()) hint = fmt::format("pass {}", fmt::join(with_location, " or "));
    throw Error{Fault::kAlembicIniInvalid,
                fmt::format("{} has no section [{}]", printable(ini_path), printable(section_)),
                hint};
  }

  std::string_view section_;
  std::optional<IniFile> ini_;
  std::optional<Pyproject> pyproject_;
  Strings warnings_;
};

}  // namespace

ConfigurationFiles find_configuration(const GitTree& tree, const std::string& given,
                                      bool required) {
  if (!given.empty()) return given_configuration(tree, given);

  ConfigurationFiles files;
  files.ini_path = kIni;
  files.ini = tree.read(kIni);
  if (files.ini) {
    add_pyproject(tree, files);
    return files;
  }
  files.pyproject_path = kPyproject;
  files.pyproject = tree.read(kPyproject);
  if (files.pyproject && speaks_of_alembic(*files.pyproject, kPyproject)) return files;
  files.pyproject.reset();

  const std::string flask = joined("migrations", kIni);
  if ((files.ini = tree.read(flask))) {
    files.ini_path = flask;
    add_pyproject(tree, files);
    return files;
  }
  if (!required) return files;

  const FoundFiles found = find_files(tree, kIni, kDeepestGuess);
  if (found.complete && found.paths.size() == 1 && (files.ini = tree.read(found.paths.front()))) {
    files.ini_path = found.paths.front();
    add_pyproject(tree, files);
    files.warnings.push_back(
        fmt::format("{} was taken because it is the only one: pass --alembic-ini {} to make sure",
                    printable(files.ini_path), printable(files.ini_path)));
    return files;
  }
  std::string hint = found_elsewhere(found);
  if (hint.empty()) hint = found_elsewhere(find_files(tree, kIni, kDeepestSuggestion));
  if (hint.empty()) hint = script_directories(tree);
  if (hint.empty()) {
    hint = "pass --alembic-ini, or --script-location where the project has no alembic.ini";
  }
  throw Error{Fault::kAlembicIniNotFound,
              "there is no alembic.ini at the root of the repository, and no [tool.alembic] in a "
              "pyproject.toml there",
              hint};
}

FoundFiles find_files(const GitTree& tree, std::string_view name, std::size_t depth) {
  FoundFiles found;
  std::deque<std::pair<std::string, std::size_t>> folders{{"", 0}};
  for (std::size_t listed = 0; !folders.empty(); ++listed) {
    if (listed == kMostFolders) {
      found.complete = false;
      break;
    }
    const auto [folder, level] = std::move(folders.front());
    folders.pop_front();
    const auto entries = tree.list(folder);
    if (!entries) continue;
    for (const TreeEntry& entry : *entries) {
      if (entry.kind == TreeEntry::Kind::kFile && entry.name == name) {
        found.paths.push_back(joined(folder, entry.name));
      } else if (entry.kind == TreeEntry::Kind::kDirectory && level < depth &&
                 entry.name != "node_modules" && entry.name != "site-packages") {
        folders.emplace_back(joined(folder, entry.name), level + 1);
      }
    }
  }
  return found;
}

AlembicConfig read_alembic_config(const std::optional<std::string>& ini, std::string_view ini_path,
                                  const std::optional<std::string>& pyproject,
                                  std::string_view pyproject_path, std::string_view section) {
  return Reader{ini, ini_path, pyproject, pyproject_path, section}.read();
}

}  // namespace drift::migrations
