// alembic.ini and pyproject.toml come from whoever can push: no bytes may do more than be refused.
// Input: an ini, and after the first NUL byte a pyproject.toml.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "migrations/alembic/config.h"
#include "migrations/alembic/ini_file.h"

namespace {

using drift::Error;
using drift::migrations::IniFile;

void require(bool condition) {
  if (!condition) std::abort();
}

// Whatever happens, what a person gets to see is one safe line with a hint.
void require_showable(const Error& error) {
  require(error.fault == drift::Fault::kAlembicIniInvalid);
  require(drift::printable(error.what()) == error.what());
  require(!error.hint.empty());
}

void read_ini(std::string_view text) {
  try {
    const IniFile ini{text, "alembic.ini", {{"here", "/there"}}};
    for (const std::string& section : ini.sections()) {
      require(ini.has_section(section));
      for (const char* option : {"here", "script_location", "version_locations", "a", "b"}) {
        try {
          const auto value = ini.get(section, option);
          require(value.has_value() == ini.has(section, option));
          if (value) require(value->size() <= IniFile::kLargestValue);
        } catch (const Error& error) {
          require_showable(error);
        }
      }
    }
  } catch (const Error& error) {
    require_showable(error);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  const std::size_t nul = input.find('\0');
  const std::string ini = input.substr(0, nul);
  std::optional<std::string> pyproject;
  if (nul != std::string::npos) pyproject = input.substr(nul + 1);

  read_ini(ini);
  try {
    const auto config = drift::migrations::read_alembic_config(ini, "alembic.ini", pyproject,
                                                               "pyproject.toml", "alembic");
    // A piece with a line end would be a path that nobody has, and so an empty graph.
    if (!pyproject) {
      for (const std::string& one : config.version_locations) {
        require(one.find('\n') == std::string::npos);
      }
    }
  } catch (const Error& error) {
    require_showable(error);
  }
  return 0;
}
