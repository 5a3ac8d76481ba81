#include "migrations/upgrade/upgrade.h"

#include <utility>

#include "migrations/upgrade/interpreter.h"

namespace drift::migrations {

struct UpgradeReader::Kept {
  KeptModules modules;
};

UpgradeReader::UpgradeReader() : kept_(std::make_unique<Kept>()) {}
UpgradeReader::~UpgradeReader() = default;

UpgradeReading UpgradeReader::read(std::string_view source, const ModuleLoader& load_module) {
  return Interpreter(load_module, kept_->modules).read(source);
}

Interpreter::Interpreter(const ModuleLoader& load_module, KeptModules& kept)
    : Evaluator(load_module, kept,
                {.steps = UpgradeReader::kMostSteps, .bytes = std::size_t{16} << 20}) {}

UpgradeReading Interpreter::read(std::string_view bytes) {
  recording_ = true;
  main_.emplace(decode_python_source(bytes), std::string{});
  if (const auto& error = main_->syntax.error()) {
    line_ = error->line;
    opaque("the file: " + error->message);
    return std::move(reading_);
  }
  Frame frame;
  frame.scope = main_->scope;
  frame_ = &frame;
  try {
    recording_ = false;
    run(main_->syntax.module());
    recording_ = true;
    doubts_ = 0;
    const Ref upgrade = name("upgrade");
    line_ = 1;
    if (upgrade->is(ObjectKind::kFunction)) {
      line_ = upgrade->scope->module->syntax.line_of(upgrade->statement->place);
      call(upgrade, {});
    } else {
      opaque("upgrade, which is no function of the file");
    }
  } catch (const OutOfSteps&) {
    recording_ = true;
    frame_ = &frame;
    UpgradeCall& call = reading_.calls.emplace_back();
    call.line = line_;
    call.reason = "the rest of upgrade(): following it takes too long";
  }
  return std::move(reading_);
}

// Functions and the scopes that they stand in refer to each other.
Interpreter::~Interpreter() {
  for (const auto& scope : scopes_) scope->names.clear();
}

}  // namespace drift::migrations
