#include "drift/check/failure.h"

#include <fmt/format.h>

namespace drift::check {
namespace {

std::string_view stage_of(Fault fault, std::string_view side) {
  switch (fault) {
    case Fault::kUsage:
    case Fault::kConfiguration: return "configuration";
    case Fault::kAlembicIniNotFound:
    case Fault::kAlembicIniInvalid:
    case Fault::kScriptDirectoryNotFound:
    case Fault::kVersionsEmpty:
    case Fault::kIncompleteGraph:
    case Fault::kSyntax:
    case Fault::kMissingVariable:
    case Fault::kUnknownValue: return "script_directory";
    case Fault::kInvalidRevisionId:
    case Fault::kDuplicateRevision:
    case Fault::kMissingRevision:
    case Fault::kSelfLoop:
    case Fault::kCycle:
    case Fault::kDependencyLoop:
    case Fault::kDependencyCycle:
    case Fault::kLabelConflict: return "revision_graph";
    default: return side;
  }
}

}  // namespace

report::Failure failure_of(const Error& error, std::string_view side) {
  return {std::string(stage_of(error.fault, side)), std::string(fault_name(error.fault)),
          error.what(), error.hint};
}

report::Failure failure_of(const std::vector<migrations::Problem>& problems) {
  const migrations::Problem& first = problems.front();
  std::string message = first.message;
  if (const std::size_t others = problems.size() - 1; others > 0) {
    message +=
        fmt::format(" (and {} more problem{}, see the warnings)", others, others == 1 ? "" : "s");
  }
  return {std::string(stage_of(first.kind, "repository")), std::string(fault_name(first.kind)),
          std::move(message), first.hint};
}

}  // namespace drift::check
