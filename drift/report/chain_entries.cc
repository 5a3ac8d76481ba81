#include <algorithm>
#include <array>
#include <charconv>
#include <utility>
#include <variant>

#include "drift/aws/digest.h"
#include "drift/base/printable.h"
#include "drift/report/chain.h"
#include "drift/report/stored_report.h"

namespace drift::report {
namespace {

using Kind = ChainEntry::Kind;

constexpr std::array<std::string_view, 3> kSuffixes = {"", kSpooledSuffix, kUndeliveredSuffix};

ChainEntry entry_of(const ReportName& name) {
  ChainEntry entry;
  entry.timestamp = name.timestamp;
  entry.run = run_number(name.run_id);
  const auto* suffix = std::find(kSuffixes.begin(), kSuffixes.end(), name.suffix);
  entry.suffix = static_cast<ChainEntry::Suffix>(suffix - kSuffixes.begin());
  return entry;
}

std::uint32_t add_note(TargetChain& chain, std::string note) {
  chain.notes.push_back(std::move(note));
  return static_cast<std::uint32_t>(chain.notes.size() - 1);
}

}  // namespace

Sha256 sha256_of(std::string_view bytes) {
  const std::string raw = aws::sha256(bytes);
  Sha256 sha256{};
  std::copy(raw.begin(), raw.end(), sha256.begin());
  return sha256;
}

std::uint64_t run_number(const std::string& run_id) {
  std::uint64_t number = 0;
  std::from_chars(run_id.data(), run_id.data() + run_id.size(), number, 16);
  return number;
}

std::string_view suffix_text(ChainEntry::Suffix suffix) {
  return kSuffixes.at(static_cast<std::size_t>(suffix));
}

// A report under its own name, of its own target.
bool in_place(const ChainEntry& entry) {
  return entry.kind == Kind::kNumbered || entry.kind == Kind::kFollowsUnknown ||
         entry.kind == Kind::kOlderRelease;
}

void add_to_chain(TargetChain& chain, const ReportName& name, bool in_its_folder,
                  const std::string& json) {
  ChainEntry entry = entry_of(name);
  entry.sha256 = sha256_of(json);
  const auto read = read_stored_report(json);
  if (const auto* refusal = std::get_if<StoredReportRefusal>(&read)) {
    entry.kind = Kind::kDamaged;
    entry.note = add_note(chain, "is no report: it " + refusal->reason);
    chain.entries.push_back(entry);
    return;
  }
  const auto& report = std::get<StoredReport>(read);
  entry.sequence = report.sequence.value_or(0);
  if (report.previous_sha256) {
    entry.previous = *parse_sha256(*report.previous_sha256);
    entry.names_previous = true;
  }
  if (report.target != name.target || report.timestamp != name.timestamp ||
      report.run_id != name.run_id) {
    entry.kind = report.target == name.target ? Kind::kMisplaced : Kind::kForeign;
    entry.note =
        add_note(chain, printable(file_name({report.target, report.timestamp, report.run_id, ""})));
  } else if (!in_its_folder) {
    entry.kind = Kind::kMisplaced;
    entry.note = add_note(chain, dated_path(name));
  } else if (!report.sequence) {
    entry.kind = Kind::kOlderRelease;
  } else if (entry.sequence == 0) {
    entry.kind = Kind::kFollowsUnknown;
    entry.note = add_note(chain, printable(report.previous_unknown_because));
  }
  chain.entries.push_back(entry);
}

void add_unread(TargetChain& chain, const ReportName& name, const std::string& why) {
  ChainEntry entry = entry_of(name);
  entry.kind = Kind::kUnread;
  entry.note = add_note(chain, printable(why));
  chain.entries.push_back(entry);
}

}  // namespace drift::report
