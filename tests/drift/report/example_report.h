// A report of a target that lags by one revision.
#pragma once

#include "drift/report/report.h"

namespace drift::report {

inline const TimePoint kRunTime{std::chrono::seconds{1'795'143'600}};  // 2026-11-20T03:00:00Z

inline Report behind() {
  Report report;
  report.timestamp = kRunTime;
  report.run_id = "0123456789abcdef";
  report.target = "orders";
  report.repository = {"/srv/orders.git",    "main",
                       std::string(40, 'a'), kRunTime - std::chrono::days{1},
                       "migrations",         migrations::FetchRecord{"filtered", 21'504, 5}};
  report.production = {"orders on db.example.com:5432", "public.alembic_version"};
  report.status = verdict::Status::kBehind;
  report.codebase_heads = {"b2"};
  report.production_versions = {"a1"};
  report.pending = {{"b2", "add an index", "migrations/versions/x.py", "example",
                     kRunTime - std::chrono::days{3}}};
  report.findings = {{"pending_revisions",
                      verdict::Severity::kWarning,
                      "00112233445566aa",
                      "1 revision is not applied: 'b2'",
                      "apply with `alembic upgrade heads`",
                      {"b2"}}};
  report.duration_ms = 12;
  report.stage_durations_ms = {{"repository", 7}, {"production", 9}, {"comparison", 1}};
  return report;
}

// Nothing of either side.
inline Report unread() {
  Report report;
  report.timestamp = kRunTime;
  report.run_id = "0123456789abcdef";
  report.target = "orders";
  report.repository.url = "/srv/orders.git";
  report.production.database = "orders on db.example.com:5432";
  report.failure = Failure{"production", "connection_failed",
                           "cannot connect to orders on db.example.com:5432: connection refused",
                           "is the database up?"};
  return report;
}

}  // namespace drift::report
