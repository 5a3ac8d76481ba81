#include "migrations/upgrade/upgrade.h"

#include <utility>

#include "migrations/upgrade/interpreter.h"

namespace drift::migrations {

struct UpgradeReader::Kept : KeptModules {};

UpgradeReader::UpgradeReader() : kept_(std::make_unique<Kept>()) {}
UpgradeReader::~UpgradeReader() = default;

std::vector<UpgradeCall> UpgradeReader::read(std::string_view source,
                                             const ModuleLoader& load_module) {
  return Interpreter(load_module, *kept_).read(source);
}

Interpreter::Interpreter(const ModuleLoader& load_module, KeptModules& kept)
    : Evaluator(load_module, kept, UpgradeReader::kMostSteps, std::size_t{16} << 20) {}

std::vector<UpgradeCall> Interpreter::read(std::string_view bytes) {
  main_.emplace(decode_python_source(bytes), std::string{});
  const auto error = main_->syntax.error();
  Frame frame{.scope = main_->scope};
  const During inside(frame_, &frame);
  try {
    run_module(*main_);
    line_ = error ? error->line : 1;
    const Ref upgrade = name("upgrade");
    if (error) {
      opaque("the file: " + error->message);
    } else if (upgrade->is(kFunction)) {
      line_ = upgrade->scope->module->syntax.line_of(upgrade->statement->place);
      call(upgrade, {});
    } else {
      opaque("upgrade, which is no function of the file");
    }
  } catch (const OutOfSteps&) {
    UpgradeCall& call = recorded_.emplace_back();
    call.line = line_;
    call.reason = "the rest of upgrade(): following it takes too long";
  }
  return std::move(recorded_);
}

void Interpreter::run_module(TreeModule& module) {
  const During silent(recording_, false);
  const During certain(doubts_, 0);
  Evaluator::run_module(module);
}

}  // namespace drift::migrations
