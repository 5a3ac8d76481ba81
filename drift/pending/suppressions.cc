#include "drift/pending/suppressions.h"

#include <fmt/format.h>

#include <algorithm>

#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "drift/pending/rule_book.h"

namespace drift::pending {
namespace {

constexpr std::string_view kMark = "# schema-drift:";
// Of one file; a hostile one is no reason to say a million things.
constexpr std::size_t kMostOfOneFile = 1'000;

std::vector<std::string> rule_names() {
  std::vector<std::string> names;
  for (const Rule& rule : rule_book()) names.emplace_back(rule.id);
  return names;
}

std::string place(const std::string& file, int line) {
  return fmt::format("{}:{}", printable(file), line);
}

// Nothing where the comment is no good, and then `warnings` says why.
bool read_comment(std::string_view text, const std::string& where, Suppression& into,
                  std::vector<std::string>& warnings) {
  constexpr std::string_view kIgnore = "ignore ";
  constexpr std::string_view kForm = "# schema-drift: ignore RULE -- reason";
  if (!text.starts_with(kIgnore)) {
    warnings.push_back(
        fmt::format("{}: unknown comment \"{}\": write {}", where, shortened(text, 60), kForm));
    return false;
  }
  text.remove_prefix(kIgnore.size());
  const std::size_t dashes = text.find("--");
  const std::string_view reason =
      dashes == std::string_view::npos ? "" : trimmed(text.substr(dashes + 2));
  if (reason.empty()) {
    warnings.push_back(
        fmt::format("{}: nothing is ignored without a reason: write {}", where, kForm));
    return false;
  }
  into.reason = std::string(reason);
  for (const std::string_view one : split(text.substr(0, dashes), ',')) {
    const std::string name(trimmed(one));
    if (find_rule(name) != nullptr) {
      into.rules.push_back(name);
      continue;
    }
    const std::string near = nearest(name, rule_names());
    warnings.push_back(fmt::format("{}: unknown rule \"{}\"{}", where, shortened(name, 60),
                                   near.empty() ? "" : ": did you mean " + near + "?"));
  }
  return !into.rules.empty();
}

}  // namespace

std::vector<Suppression> read_suppressions(std::string_view source, const std::string& file,
                                           std::vector<std::string>& warnings) {
  std::vector<Suppression> all;
  if (source.find(kMark) == std::string_view::npos) return all;
  int line = 0;
  std::size_t waiting = 0;  // from there on they stand above the code that they are meant for
  for (const std::string_view text : split(source, '\n')) {
    ++line;
    const std::string_view code = trimmed(text);
    const bool only_comment = code.empty() || code.front() == '#';
    if (!only_comment) {
      for (; waiting < all.size(); ++waiting) all[waiting].applies_to = line;
    }
    const std::size_t begin = text.find(kMark);
    if (begin == std::string_view::npos || all.size() == kMostOfOneFile) continue;
    Suppression one;
    one.line = one.applies_to = line;
    if (!read_comment(trimmed(text.substr(begin + kMark.size())), place(file, line), one,
                      warnings)) {
      continue;
    }
    all.push_back(std::move(one));
    if (!only_comment) waiting = all.size();
  }
  return all;
}

void apply_suppressions(const std::vector<Suppression>& suppressions, const std::string& file,
                        std::vector<Operation>& operations, std::vector<std::string>& warnings) {
  for (const Suppression& one : suppressions) {
    for (const std::string& rule : one.rules) {
      bool used = false;
      for (Operation& operation : operations) {
        if (operation.line != one.applies_to) continue;
        for (Hazard& hazard : operation.hazards) {
          if (hazard.rule != rule) continue;
          hazard.suppressed = one.reason;
          used = true;
        }
        operation.weigh();
      }
      if (!used) {
        warnings.push_back(fmt::format("{}: nothing to ignore: no operation of line {} breaks {}",
                                       place(file, one.line), one.applies_to, rule));
      }
    }
  }
}

}  // namespace drift::pending
