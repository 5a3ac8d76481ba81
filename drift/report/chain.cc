#include "drift/report/chain.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "drift/report/chain_links.h"
#include "drift/report/stored_report.h"

namespace drift::report {
namespace {

using Kind = ChainEntry::Kind;
using Gravity = ChainFinding::Gravity;
using Index = ChainLinks::Index;
constexpr Index kNone = ChainLinks::kNone;

class Chain {
 public:
  Chain(TargetChain& chain, const ChainScope& scope)
      : target_(chain), scope_(scope), all_(chain.entries) {
    verdict_.target = chain.target;
    verdict_.acknowledgements = chain.acknowledgements;
    read_latest();
    links_.emplace(chain, latest_ ? std::optional(latest_sha256_) : std::nullopt);
  }

  ChainVerdict verified() {
    for (Index i = 0; i < all_.size(); ++i) judge_file(i);
    for (Index i = 0; i < all_.size(); ++i) {
      if (links_->is_node[i]) judge_link(i);
    }
    judge_forks();
    if (!scope_.until) judge_latest();
    if (scope_.anchor) verdict_.anchor_proves = links_->proof(*scope_.anchor);
    sum_up();
    return std::move(verdict_);
  }

 private:
  void read_latest() {
    if (!target_.latest) return;
    auto read = read_stored_report(*target_.latest);
    if (auto* report = std::get_if<StoredReport>(&read)) {
      latest_ = std::move(*report);
      latest_sha256_ = sha256_of(*target_.latest);
    } else {
      target_.latest_unreadable_because = "it " + std::get<StoredReportRefusal>(read).reason;
    }
  }

  const std::string& note(Index i) const { return target_.notes[all_[i].note]; }

  void add(Gravity gravity, std::string kind, std::string message) {
    verdict_.gravest = std::max(verdict_.gravest, gravity);
    if (verdict_.findings.size() < kMostChainFindings) {
      verdict_.findings.push_back({gravity, std::move(kind), std::move(message)});
    } else {
      ++verdict_.further_findings;
    }
  }
  void wrong(std::string kind, std::string message) {
    add(Gravity::kWrong, std::move(kind), std::move(message));
  }
  bool is_full() const { return verdict_.findings.size() >= kMostChainFindings; }

  // --- judgements -----------------------------------------------------------------------------

  void judge_file(Index i) {
    switch (all_[i].kind) {
      case Kind::kDamaged: wrong("damaged", fmt::format("{} {}", links_->file(i), note(i))); break;
      case Kind::kUnread:
        add(Gravity::kUnknown, "unread",
            fmt::format("{} could not be read: {}", links_->file(i), note(i)));
        break;
      case Kind::kForeign:
        wrong("foreign",
              fmt::format("{} holds a report of another target: {}", links_->file(i), note(i)));
        break;
      case Kind::kMisplaced:
        wrong(
            links_->is_node[i] ? "misplaced" : "copy",
            fmt::format("{} holds {} {}", links_->file(i),
                        links_->is_node[i] ? "the report that belongs to" : "a copy of", note(i)));
        break;
      default:
        if (!links_->is_node[i]) {
          wrong("copy", fmt::format("{} holds a copy of {}", links_->file(i),
                                    links_->file(links_->find(all_[i].sha256))));
        }
    }
  }

  void judge_link(Index i) {
    const ChainEntry& entry = all_[i];
    if (entry.kind == Kind::kOlderRelease) return;
    if (entry.sequence == 0) return judge_unknown(i);
    if (!entry.names_previous) return judge_first(i);
    if (links_->parent[i] == kNone) return judge_unlinked(i);
    const std::uint64_t before = all_[links_->parent[i]].sequence;
    if (entry.sequence != before + 1) {
      wrong("misnumbered", fmt::format("{} follows {}: its number should be {}", links_->named(i),
                                       links_->named(links_->parent[i]), before + 1));
    }
  }

  void judge_unknown(Index i) {
    if (links_->is_between(i)) {
      add(Gravity::kNote, "beside",
          fmt::format("{} has no number: {}; the chain goes on beside it", links_->file(i),
                      note(i)));
    } else {
      add(Gravity::kUnknown, "begins_anew",
          fmt::format("the chain begins anew with {}: {}; whether reports before it are missing "
                      "cannot be told",
                      links_->file(i), note(i)));
    }
  }

  void judge_first(Index i) {
    if (all_[i].sequence != 1) {
      return wrong("misnumbered", fmt::format("{} names no report before it, as only number 1 may",
                                              links_->named(i)));
    }
    if (is_full()) return wrong("begins_anew", {});  // counted, and not looked into
    std::size_t older = 0;
    Index other_first = kNone;
    for (Index k = 0; k < i; ++k) {
      // What follows it may have begun within the same second, or by another clock.
      if (!links_->is_node[k] || links_->piece[k] == i) continue;
      ++older;
      if (all_[k].sequence == 1 && !all_[k].names_previous) other_first = k;
    }
    if (older == 0) return;
    if (other_first != kNone && all_[i].timestamp - all_[other_first].timestamp <= kAtOnce) {
      return add(Gravity::kNote, "fork",
                 fmt::format("{} and {} are both the first: two runs were at work at once",
                             links_->file(other_first), links_->file(i)));
    }
    wrong(
        "begins_anew",
        fmt::format("{} says that it is the first of {}, but {} {} older: {} was missing then, and "
                    "whether reports before it are missing cannot be told",
                    links_->named(i), target_.target, counted(older, "report"),
                    older == 1 ? "is" : "are", latest_path(target_.target)));
  }

  // The report that `i` names is not here.
  void judge_unlinked(Index i) {
    if (is_full()) return wrong("missing", {});  // counted, and not looked into
    if (!wanted_.insert(all_[i].previous).second) {
      return add(Gravity::kNote, "fork",
                 fmt::format("{} follows the same report, which is not here, as another",
                             links_->named(i)));
    }
    if (links_->piece[i] != links_->main_piece && links_->is_between(i)) {
      return wrong(
          "foreign",
          fmt::format("{} follows a report that is not here (sha256 {}), and comes between "
                      "reports that follow each other: it was put in, or comes from another "
                      "store, or the one that it follows was removed",
                      links_->named(i), hex_text(all_[i].previous)));
    }
    Index before = kNone;        // the last one before it of whatever kind
    Index in_its_place = kNone;  // the last that has the number that it names, and no successor
    for (Index k = 0; k < i; ++k) {
      const bool unreadable = all_[k].kind == Kind::kDamaged || all_[k].kind == Kind::kUnread;
      if (links_->piece[k] == i || (!links_->is_node[k] && !unreadable)) continue;
      before = k;
      if (links_->children[k] == 0 && (unreadable || all_[k].sequence + 1 == all_[i].sequence)) {
        in_its_place = k;
      }
    }
    if (before == kNone) return judge_beginning(i);
    if (in_its_place != kNone) {
      if (!links_->is_node[in_its_place]) return;  // judge_file has said so
      return wrong("edited",
                   fmt::format("{} names as the one before it a report with sha256 {}; {} has {}: "
                               "it was changed, or the one that is named is missing",
                               links_->named(i), hex_text(all_[i].previous),
                               links_->named(in_its_place), hex_text(all_[in_its_place].sha256)));
    }
    const std::uint64_t last = all_[before].sequence;
    const std::uint64_t number = all_[i].sequence;
    wrong("missing",
          last + 1 < number
              ? fmt::format("{} missing, between {} and {}", numbers(last + 1, number - 1),
                            links_->named(before), links_->named(i))
              : fmt::format("{} follows a report that is not here (sha256 {})", links_->named(i),
                            hex_text(all_[i].previous)));
  }

  static std::string numbers(std::uint64_t from, std::uint64_t to) {
    return from == to ? fmt::format("report {} is", from)
                      : fmt::format("the reports {} to {} are", from, to);
  }

  // `i` is the oldest, and names one before it.
  void judge_beginning(Index i) {
    if (scope_.since) return;
    const std::uint64_t number = all_[i].sequence;
    const std::string begins =
        fmt::format("the chain begins at number {}, {}", number, links_->file(i));
    const std::string last = hex_text(all_[i].previous);
    for (const PruneRecord& record : target_.pruned) {
      if (record.last_sha256 != last) continue;
      return add(
          Gravity::kNote, "pruned",
          fmt::format("{}: what was older than {} was pruned on {} by {}, a record says", begins,
                      rfc3339(record.before), rfc3339(record.at), printable(record.by)));
    }
    if (scope_.expires) {
      return add(Gravity::kNote, "begins_late",
                 begins + ": those before it expired or were removed; nothing here tells which");
    }
    wrong("missing", fmt::format("{}: the one before it is missing, and no record says that it was "
                                 "pruned",
                                 begins));
  }

  void judge_forks() {
    std::map<Index, std::vector<Index>> forks;
    for (Index i = 0; i < all_.size(); ++i) {
      if (links_->is_node[i] && links_->parent[i] != kNone &&
          links_->children[links_->parent[i]] > 1) {
        forks[links_->parent[i]].push_back(i);
      }
    }
    for (const auto& [parent, children] : forks) {
      std::string files;
      for (const Index child : children)
        files += (files.empty() ? "" : " and ") + links_->file(child);
      const bool at_once =
          all_[children.back()].timestamp - all_[children.front()].timestamp <= kAtOnce;
      add(at_once ? Gravity::kNote : Gravity::kUnknown, "fork",
          fmt::format("a fork: {} follow {}: {}", files, links_->named(parent),
                      at_once
                          ? "two runs were at work at once"
                          : fmt::format("they are too far apart for two runs at once; "
                                        "{} was not replaced or was put back, or one of them was "
                                        "put in",
                                        latest_path(target_.target))));
    }
  }

  void judge_latest() {
    const std::string where = latest_path(target_.target);
    if (!target_.latest_unreadable_because.empty()) {
      return wrong("damaged",
                   fmt::format("{} is not a report: {}", where, target_.latest_unreadable_because));
    }
    if (!latest_) {
      return wrong("latest_missing", where +
                                         " is missing: whether newer reports than those here "
                                         "are missing cannot be told");
    }
    if (latest_->target != target_.target) {
      return wrong("foreign",
                   fmt::format("{} is a report of {}", where, printable(latest_->target)));
    }
    const Index found = links_->find(latest_sha256_);
    if (found != kNone) {
      if (links_->children[found] > 0) {
        add(Gravity::kNote, "latest_behind",
            fmt::format("{} is {}, which others follow", where, links_->named(found)));
      }
      return;
    }
    if (scope_.since && latest_->timestamp < *scope_.since) return;
    const std::uint64_t run = run_number(latest_->run_id);
    for (Index i = 0; i < all_.size(); ++i) {
      if (all_[i].run != run || all_[i].timestamp != latest_->timestamp) continue;
      if (in_place(all_[i]) && all_[i].sequence != latest_->sequence.value_or(0)) continue;
      return wrong("edited", fmt::format("{} and {}, which are the same report, differ",
                                         links_->file(i), where));
    }
    wrong("missing", fmt::format("the newest report, {} of {} (run {}), is in {} alone: its dated "
                                 "one is missing",
                                 latest_->sequence.value_or(0) == 0
                                     ? "without a number"
                                     : fmt::format("number {}", *latest_->sequence),
                                 rfc3339(latest_->timestamp), printable(latest_->run_id), where));
  }

  void sum_up() {
    verdict_.reports = all_.size();
    for (Index i = 0; i < all_.size(); ++i) {
      const ChainEntry& entry = all_[i];
      if (entry.kind == Kind::kOlderRelease) ++verdict_.of_older_releases;
      if (!links_->is_node[i] || entry.sequence == 0 || links_->piece[i] != links_->main_piece)
        continue;
      const ChainVerdict::Report report{entry.sequence, entry.timestamp, entry.sha256};
      if (!verdict_.first) verdict_.first = report;
      if (!verdict_.newest || verdict_.newest->sequence < report.sequence) verdict_.newest = report;
    }
  }

  TargetChain& target_;
  const ChainScope& scope_;
  std::vector<ChainEntry>& all_;  // in the order of time
  std::optional<StoredReport> latest_;
  Sha256 latest_sha256_{};
  std::optional<ChainLinks> links_;
  std::set<Sha256> wanted_;
  ChainVerdict verdict_;
};

}  // namespace

ChainVerdict verify_chain(TargetChain& chain, const ChainScope& scope) {
  return Chain(chain, scope).verified();
}

}  // namespace drift::report
