#include "reporters/spool.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <tuple>
#include <utility>

#include "drift/aws/digest.h"
#include "drift/base/error.h"
#include "drift/base/log.h"
#include "drift/base/stop.h"
#include "drift/report/stored_report.h"
#include "reporters/durable_file.h"
#include "reporters/report_archive.h"

namespace drift::reporters {
namespace {

namespace fs = std::filesystem;
using Kind = TrustedFolder::Kind;

constexpr mode_t kFolderMode = 0700;
constexpr mode_t kFileMode = 0600;
// A year of nights without a store has fewer, and sorting must not take the run's time.
constexpr std::size_t kMostFiles = 10'000;

}  // namespace

Spool::Spool(const std::string& folder, const std::string& url, std::vector<std::string> targets)
    : top_(folder), targets_(std::move(targets)) {
  if (!top_.empty()) folder_ = (fs::path(top_) / aws::sha256_hex(url).substr(0, 16)).string();
}

std::string Spool::keep(const report::ReportName& name, const std::string& json) const {
  if (top_.empty()) {
    throw Error{Fault::kReportNotStored,
                "there is no folder for it: neither --spool-dir, XDG_STATE_HOME nor HOME is set",
                "give --spool-dir a folder that belongs to the user of the nightly run"};
  }
  const auto top = TrustedFolder::make(top_, Kind::kOwn, kFolderMode);
  if (const auto* why = std::get_if<Untrusted>(&top)) fail_to_store(top_, *why);
  const fs::path path = folder_;
  const auto own =
      std::get<TrustedFolder>(top).make_below(path.filename(), Kind::kPrivate, kFolderMode);
  if (const auto* why = std::get_if<Untrusted>(&own)) fail_to_store(path, *why);
  const int folder = std::get<TrustedFolder>(own).fd();
  const std::string file_name = report::file_name(name);
  const TemporaryFile file(folder, path, "." + file_name + ".tmp", json, kFileMode);
  file.link_to(file_name);
  sync_folder(folder, path);
  return (path / file_name).string();
}

std::variant<TrustedFolder, Untrusted> Spool::open() const {
  if (top_.empty()) return Untrusted{"there is none", ENOENT, {}};
  auto top = TrustedFolder::open(top_, Kind::kOwn);
  if (std::holds_alternative<Untrusted>(top)) return top;
  return std::get<TrustedFolder>(top).below(fs::path(folder_).filename(), Kind::kPrivate);
}

Spool::Found Spool::look_into(const TrustedFolder& folder) {
  Found found;
  const auto names = folder.names(kMostFiles);
  if (std::holds_alternative<Untrusted>(names)) return found;
  for (const std::string& file : std::get<std::vector<std::string>>(names)) {
    if (file.starts_with('.')) continue;  // a temporary file, of a run that was killed perhaps
    if (auto name = report::parse_file_name(file)) {
      found.reports.push_back({file, std::move(*name)});
    } else {
      found.others.push_back(file);
    }
  }
  std::sort(found.reports.begin(), found.reports.end(), [](const Spooled& a, const Spooled& b) {
    return std::tie(a.name.timestamp, a.file) < std::tie(b.name.timestamp, b.file);
  });
  return found;
}

bool Spool::is_of_target(const report::ReportName& name) const {
  return std::find(targets_.begin(), targets_.end(), name.target) != targets_.end();
}

std::variant<std::string, Untrusted> Spool::read(const TrustedFolder& folder,
                                                 const Spooled& spooled) const {
  const report::ReportName& name = spooled.name;
  if (!is_of_target(name)) return Untrusted{"its target is not one of this run", 0, {}};
  auto text = folder.read(spooled.file, kMaxReportBytes);
  if (std::holds_alternative<Untrusted>(text)) return text;
  const auto read = report::read_stored_report(std::get<std::string>(text));
  if (const auto* refusal = std::get_if<report::StoredReportRefusal>(&read)) {
    return Untrusted{"it " + refusal->reason, 0, {}};
  }
  const auto& report = std::get<report::StoredReport>(read);
  if (report.target != name.target || report.timestamp != name.timestamp ||
      report.run_id != name.run_id) {
    return Untrusted{"it is not the report that its name says", 0, {}};
  }
  return text;
}

std::vector<std::string> Spool::reports_of(const std::string& target) const {
  std::vector<std::string> texts;
  const auto opened = open();
  if (std::holds_alternative<Untrusted>(opened)) return texts;
  const auto& folder = std::get<TrustedFolder>(opened);
  for (const Spooled& spooled : look_into(folder).reports) {
    if (spooled.name.target != target) continue;
    auto text = read(folder, spooled);
    if (auto* json = std::get_if<std::string>(&text)) texts.push_back(std::move(*json));
  }
  return texts;
}

Spool::Waiting Spool::waiting() const {
  Waiting waiting;
  const auto folder = open();
  if (const auto* why = std::get_if<Untrusted>(&folder)) {
    if (!why->missing()) waiting.problem = fmt::format("{}: {}", folder_, why->reason);
    return waiting;
  }
  const Found found = look_into(std::get<TrustedFolder>(folder));
  waiting.reports = found.reports.size();
  if (!found.reports.empty()) waiting.oldest = found.reports.front().name.timestamp;
  return waiting;
}

std::size_t Spool::upload(ReportArchive& archive, const Stop& stop, const Log& log) const {
  const auto opened = open();
  if (const auto* why = std::get_if<Untrusted>(&opened)) {
    if (!why->missing()) {
      log.warning("the spool is left alone", {{"spool", folder_}, {"because", why->reason}});
    }
    return 0;
  }
  const auto& folder = std::get<TrustedFolder>(opened);
  const Found found = look_into(folder);
  // What is no report that may be stored: the first, why, and how many.
  std::string stranger, because;
  std::size_t strangers = 0;
  const auto leave = [&](const std::string& file, const std::string& why) {
    if (strangers++ > 0) return;
    stranger = (fs::path(folder_) / file).string();
    because = why;
  };
  for (const std::string& file : found.others) leave(file, "not named like a report");
  std::size_t left = 0;
  for (auto spooled = found.reports.begin(); spooled != found.reports.end(); ++spooled) {
    const auto text = read(folder, *spooled);
    if (const auto* why = std::get_if<Untrusted>(&text)) {
      // Another run was faster.
      if (!why->missing()) leave(spooled->file, why->reason);
      continue;
    }
    try {
      // The report of this run becomes the latest, not one that is older.
      const std::string place =
          archive.store(spooled->name, std::get<std::string>(text), /*latest=*/false, stop);
      log.info("spooled report stored", {{"at", place}});
    } catch (const Error& error) {
      log.warning(
          "a spooled report still cannot be stored",
          {{"spooled", (fs::path(folder_) / spooled->file).string()}, {"error", error.what()}});
      left = static_cast<std::size_t>(
          std::count_if(spooled, found.reports.end(),
                        [&](const Spooled& one) { return is_of_target(one.name); }));
      break;
    }
    ::unlinkat(folder.fd(), spooled->file.c_str(), 0);
  }
  if (strangers > 0) {
    log.warning("files in the spool are left alone",
                {{"files", std::to_string(strangers)}, {"first", stranger}, {"because", because}});
  }
  return left;
}

}  // namespace drift::reporters
