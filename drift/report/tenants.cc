#include "drift/report/tenants.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "drift/verdict/findings.h"
#include "drift/verdict/tenants.h"

namespace drift::report {
namespace {

using Json = nlohmann::json;
using verdict::Status;

constexpr const char* kGone = "gone";

// The names that a report says were there.
std::vector<std::string> tenants_of(std::string_view previous) {
  const Json document = Json::parse(previous, nullptr, /*allow_exceptions=*/false);
  std::vector<std::string> names;
  if (!document.is_object()) return names;
  const auto rows = document.find("tenants");
  if (rows == document.end() || !rows->is_array()) return names;
  for (const Json& row : *rows) {
    if (!row.is_object() || row.value("reason", Json()) == kGone) continue;
    const auto name = row.find("name");
    if (name != row.end() && name->is_string()) names.push_back(name->get<std::string>());
  }
  return names;
}

}  // namespace

void compare_tenants_with(Report& report, std::string_view previous) {
  const std::vector<std::string> before = tenants_of(previous);
  if (!report.tenants) {
    if (before.empty()) return;
    report.tenants.emplace();
    for (const std::string& name : before) {
      TenantRow row;
      row.name = name;
      report.tenants->push_back(std::move(row));
    }
    return;
  }
  std::set<std::string> now;
  for (const TenantRow& row : *report.tenants) now.insert(valid_utf8(row.name));
  std::vector<std::string> gone;
  for (const std::string& name : before) {
    if (now.count(name) == 0) gone.push_back(name);
  }
  if (gone.empty()) return;
  for (const std::string& name : gone) {
    TenantRow row;
    row.name = name;
    row.status = Status::kUnversioned;
    row.reason = kGone;
    report.tenants->push_back(std::move(row));
  }
  std::sort(report.tenants->begin(), report.tenants->end(),
            [](const TenantRow& a, const TenantRow& b) { return a.name < b.name; });
  verdict::find_gone_tenants(gone, report.findings);
  const Status worst = verdict::worse(report.status, Status::kUnversioned);
  if (worst == report.status) return;
  report.status = worst;
  report.reason = "tenants_gone";
}

std::string tenants_in_short(const std::vector<TenantRow>& tenants) {
  constexpr std::size_t kNamed = 10;
  std::map<Status, std::vector<std::string>> by_status;
  for (const TenantRow& row : tenants) by_status[row.status].push_back(row.name);
  std::string text = counted(tenants.size(), "tenant");
  const char* before = ": ";
  for (const auto& [status, names] : by_status) {
    text += fmt::format("{}{} {}", before, names.size(), verdict::status_name(status));
    before = ", ";
    if (status == Status::kSynced) continue;
    const std::size_t shown = std::min(names.size(), kNamed);
    std::string list;
    for (std::size_t i = 0; i < shown; ++i) {
      list += (i == 0 ? "" : ", ") + shortened(names[i], 100);
    }
    const std::size_t rest = names.size() - shown;
    text += fmt::format(" ({}{})", list, rest == 0 ? "" : fmt::format(" and {} more", rest));
  }
  return text;
}

}  // namespace drift::report
