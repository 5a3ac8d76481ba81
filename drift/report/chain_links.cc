#include "drift/report/chain_links.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <tuple>
#include <utility>
#include <variant>

#include "drift/aws/digest.h"
#include "drift/base/printable.h"
#include "drift/base/text.h"
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
    entry.note = add_note(chain, "is not a report: it " + refusal->reason);
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

ChainLinks::ChainLinks(TargetChain& chain, const std::optional<Sha256>& latest)
    : chain_(chain), all_(chain.entries) {
  std::sort(chain.entries.begin(), chain.entries.end(),
            [](const ChainEntry& a, const ChainEntry& b) {
              return std::tie(a.timestamp, a.sequence, a.run, a.suffix) <
                     std::tie(b.timestamp, b.sequence, b.run, b.suffix);
            });
  for (Index i = 0; i < all_.size(); ++i) {
    if (in_place(all_[i]) || all_[i].kind == ChainEntry::Kind::kMisplaced) by_text_.push_back(i);
  }
  std::sort(by_text_.begin(), by_text_.end(), [&](Index a, Index b) {
    return std::make_tuple(all_[a].sha256, !in_place(all_[a]), a) <
           std::make_tuple(all_[b].sha256, !in_place(all_[b]), b);
  });
  is_node.assign(all_.size(), false);
  parent.assign(all_.size(), kNone);
  children.assign(all_.size(), 0);
  for (const Index i : by_text_) is_node[i] = find(all_[i].sha256) == i;  // a copy is none
  for (const Index i : by_text_) {
    if (!is_node[i] || !all_[i].names_previous) continue;
    parent[i] = find(all_[i].previous);
    if (parent[i] != kNone) ++children[parent[i]];
  }
  find_pieces(latest);
}

ChainLinks::Index ChainLinks::find(const Sha256& sha256) const {
  const auto found =
      std::lower_bound(by_text_.begin(), by_text_.end(), sha256,
                       [&](Index i, const Sha256& wanted) { return all_[i].sha256 < wanted; });
  return found != by_text_.end() && all_[*found].sha256 == sha256 ? *found : kNone;
}

// What hangs together by its links is one piece.
void ChainLinks::find_pieces(const std::optional<Sha256>& latest) {
  piece.assign(all_.size(), kNone);
  for (Index i = 0; i < all_.size(); ++i) {
    if (!is_node[i]) continue;
    std::vector<Index> path;
    Index at = i;
    while (piece[at] == kNone && parent[at] != kNone) {
      path.push_back(at);
      at = parent[at];
    }
    const Index root = piece[at] == kNone ? at : piece[at];
    piece[at] = root;
    for (const Index passed : path) piece[passed] = root;
  }
  for (Index i = 0; i < all_.size(); ++i) {
    if (!is_node[i]) continue;
    auto [span, is_new] = spans_.try_emplace(piece[i], i, i);
    span->second.second = i;  // in the order of time
  }
  const Index newest = latest ? find(*latest) : kNone;
  if (newest != kNone) main_piece = piece[newest];
  for (Index i = all_.size(); main_piece == kNone && i-- > 0;) {
    if (is_node[i] && all_[i].kind != ChainEntry::Kind::kOlderRelease) main_piece = piece[i];
  }
}

bool ChainLinks::is_between(Index i) const {
  return std::any_of(spans_.begin(), spans_.end(), [&](const auto& span) {
    return span.first != piece[i] && span.second.first < i && i < span.second.second;
  });
}

std::string ChainLinks::file(Index i) const {
  const ChainEntry& entry = all_[i];
  return file_name({chain_.target, entry.timestamp, fmt::format("{:016x}", entry.run),
                    std::string(suffix_text(entry.suffix))});
}

std::string ChainLinks::named(Index i) const {
  if (all_[i].sequence == 0) return file(i);
  return fmt::format("report {} ({})", all_[i].sequence, file(i));
}

std::string ChainLinks::proof(const Sha256& sha256) const {
  const Index anchor = find(sha256);
  if (anchor == kNone) return {};
  std::vector<bool> is_proven(all_.size(), false);
  is_proven[anchor] = true;
  std::size_t before = 0;
  Index oldest = anchor;
  while (parent[oldest] != kNone) {
    oldest = parent[oldest];
    is_proven[oldest] = true;  // a clock may have put it after the anchor
    ++before;
  }
  std::size_t beside = 0, after = 0;
  for (Index i = 0; i < all_.size(); ++i) {
    if (is_node[i] && !is_proven[i]) ++(i > anchor ? after : beside);
  }
  std::string text = before == 0
                         ? fmt::format("{} is as it was when the anchor was noted", named(anchor))
                         : fmt::format(
                               "{} and the {} before it in its chain, back to {}, are as they "
                               "were when the anchor was noted",
                               named(anchor), before, named(oldest));
  std::vector<std::string> unproven;
  if (beside > 0) {
    unproven.push_back(fmt::format("{} beside its chain", counted(beside, "report")));
  }
  if (after > 0) unproven.push_back(fmt::format("{} after it", counted(after, "report")));
  if (unproven.empty()) return text;
  text += fmt::format("; nothing is proven of {}", joined(unproven, " and "));
  return text;
}

}  // namespace drift::report
