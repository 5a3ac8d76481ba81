#include "drift/verdict/tenants.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "drift/production/tenants.h"
#include "drift/verdict/findings.h"

namespace drift::verdict {
namespace {

int badness(Status status) {
  switch (status) {
    case Status::kSynced: return 0;
    case Status::kSchemaDrift: return 1;
    case Status::kBehind: return 2;
    case Status::kAhead: return 3;
    case Status::kDiverged: return 4;
    case Status::kUnversioned: return 5;
    case Status::kInconsistent: return 6;
    case Status::kUnknownRevision: return 7;
    case Status::kError: return 9;
  }
  return 9;
}

}  // namespace

Status worse(Status one, Status other) { return badness(one) >= badness(other) ? one : other; }

TenantsVerdict compare(const migrations::RevisionGraph& graph, const production::Tenants& all) {
  TenantsVerdict verdict;
  verdict.status = Status::kSynced;
  // Most of hundreds of tenants have the same rows.
  std::map<std::pair<bool, std::vector<std::string>>, Verdict> known;
  std::map<Status, std::vector<std::string>> by_status;
  std::set<std::string> versions;
  std::set<std::string> warnings;
  for (const production::Tenant& tenant : all.tenants) {
    TenantVerdict& one = verdict.tenants.emplace_back();
    one.tenant = tenant.schema;
    if (tenant.failure) {
      one.failure_kind = fault_name(tenant.failure->fault);
      one.failure = tenant.failure->what();
    } else {
      const auto [found, is_new] = known.try_emplace({tenant.table.exists, tenant.table.rows});
      Verdict& compared = found->second;
      if (is_new) compared = compare(graph, tenant.table);
      one.status = compared.status;
      one.reason = compared.reason;
      one.production_versions = compared.production_versions;
      one.pending = compared.pending.size();
      versions.insert(compared.production_versions.begin(), compared.production_versions.end());
      warnings.insert(compared.warnings.begin(), compared.warnings.end());
      verdict.codebase_heads = compared.codebase_heads;
      const bool tells_pending = compared.status != Status::kUnversioned;
      if (tells_pending && compared.pending.size() > verdict.pending.size()) {
        verdict.pending = compared.pending;
      }
    }
    by_status[one.status].push_back(one.tenant);
    if (worse(one.status, verdict.status) != verdict.status) {
      verdict.status = one.status;
      verdict.reason = one.reason;
    }
  }
  verdict.production_versions.assign(versions.begin(), versions.end());
  verdict.warnings.assign(warnings.begin(), warnings.end());
  for (const auto& [status, tenants] : by_status) {
    if (status != Status::kSynced) {
      find_tenants(status, tenants, verdict.tenants.size(), verdict.findings);
    }
  }
  if (!verdict.pending.empty()) {
    find_pending_revisions(graph, verdict.pending, Obstacle::kNone, verdict.findings);
  }
  std::stable_sort(verdict.findings.begin(), verdict.findings.end(),
                   [](const Finding& a, const Finding& b) { return a.severity > b.severity; });
  return verdict;
}

}  // namespace drift::verdict
