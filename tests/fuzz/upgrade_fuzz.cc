// upgrade() of any file is followed in bounded time, and its calls become operations.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "drift/pending/alembic_rules.h"
#include "migrations/upgrade/upgrade.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view source(reinterpret_cast<const char*>(data), size);
  drift::migrations::KeptModules kept;
  const auto calls = drift::migrations::read_upgrade(
      source, [](std::string_view) -> std::optional<std::string> { return std::nullopt; }, kept);
  drift::pending::Ledger ledger(18);
  for (const auto& call : calls) {
    for (const auto& operation : drift::pending::operations_of_call(call, ledger)) {
      if (operation.opaque && operation.reason.empty()) std::abort();
      if (!operation.opaque && operation.operation.empty()) std::abort();
    }
  }
  return 0;
}
