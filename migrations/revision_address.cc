#include "migrations/revision_address.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "drift/base/error.h"
#include "drift/base/text.h"

namespace drift::migrations {
namespace {

using Index = RevisionGraph::Index;

// Alembic takes a beginning only of ids that are longer.
constexpr std::size_t kShortId = 3;

class Addresses {
 public:
  Addresses(const RevisionGraph& graph, const std::vector<Index>& rows)
      : graph_(graph), rows_(rows) {}

  std::vector<Index> of(std::string_view address) const {
    const std::size_t plus = address.find('+');
    if (plus != std::string_view::npos) {
      return {walked(address.substr(0, plus), address, steps(address, plus))};
    }
    return without_steps(address);
  }

 private:
  std::vector<Index> without_steps(std::string_view address) const {
    const std::size_t at = address.find('@');
    if (at != std::string_view::npos) {
      return on_branch(address.substr(0, at), address.substr(at + 1), address);
    }
    if (address == "heads") return graph_.effective_heads();
    if (address == "base") return {};
    if (address == "head") return only_head(graph_.heads(), address);
    return {one(address)};
  }

  std::vector<Index> only_head(const std::vector<Index>& heads, std::string_view address) const {
    if (heads.size() <= 1) return heads;
    throw Error{Fault::kUsage,
                fmt::format("{} is ambiguous: the repository has the heads {}", quoted(address),
                            quoted(ids(heads))),
                "say heads for all of them, or one by its id"};
  }

  std::vector<Index> on_branch(std::string_view label, std::string_view rest,
                               std::string_view address) const {
    const auto declared = graph_.declares_label(label);
    const Index root = declared ? *declared : one(label);
    const auto shares_lineage = [&](Index other) {
      return reaches(other, root) || reaches(root, other);
    };
    std::vector<Index> found;
    if (rest == "head" || rest == "heads") {
      std::copy_if(graph_.heads().begin(), graph_.heads().end(), std::back_inserter(found),
                   shares_lineage);
      return rest == "head" ? only_head(found, address) : found;
    }
    if (rest == "base") return {};
    found = {one(rest)};
    if (!shares_lineage(found.front())) {
      throw Error{Fault::kUsage,
                  fmt::format("revision {} is not a member of branch {}",
                              quoted(graph_.at(found.front()).id), quoted(label)),
                  "schema-drift history lists the labels of each revision"};
    }
    return found;
  }

  // By down_revision alone: what a branch depends on is no part of it.
  bool reaches(Index from, Index to) const {
    std::vector<bool> seen(graph_.revisions().size());
    std::vector<Index> waiting{from};
    while (!waiting.empty()) {
      const Index next = waiting.back();
      waiting.pop_back();
      if (next == to) return true;
      if (seen[next]) continue;
      seen[next] = true;
      const auto& parents = graph_.parents(next);
      waiting.insert(waiting.end(), parents.begin(), parents.end());
    }
    return false;
  }

  Index one(std::string_view address) const {
    if (const auto exact = graph_.find(address)) return *exact;
    if (const auto label = graph_.declares_label(address)) return *label;
    std::vector<std::string> longer;
    if (!address.empty()) longer = graph_.abbreviated_by(address);
    std::erase_if(longer, [](const std::string& id) { return id.size() <= kShortId; });
    if (longer.size() == 1) return graph_.find(longer.front()).value();
    if (longer.size() > 1) {
      throw Error{Fault::kUsage, fmt::format("revision {} is ambiguous", quoted(address)),
                  fmt::format("{} begin with it: give more of it", quoted(longer, 5))};
    }
    throw Error{Fault::kUsage, fmt::format("there is no revision or branch {}", quoted(address)),
                hint_for(address)};
  }

  std::string hint_for(std::string_view address) const {
    if (address.find('-') != std::string_view::npos) {
      return "steps go up from somewhere, as in +1 or ae10+2; downgrades are not read";
    }
    std::vector<std::string> known{"head", "heads", "base"};
    for (const Revision& revision : graph_.revisions()) known.push_back(revision.id);
    const std::string near = nearest(address, known);
    return near.empty() ? "schema-drift history lists every revision of the ref"
                        : fmt::format("did you mean {}?", quoted(near));
  }

  static std::size_t steps(std::string_view address, std::size_t plus) {
    std::size_t count = 0;
    const char* const end = address.data() + address.size();
    const auto [rest, error] = std::from_chars(address.data() + plus + 1, end, count);
    if (error == std::errc{} && rest == end && count > 0) return count;
    throw Error{Fault::kUsage,
                fmt::format("{} does not end with a number of steps", quoted(address)),
                "write +1, or ae10+2"};
  }

  // As Alembic's _walk: up by down_revision, and only where there is one way.
  Index walked(std::string_view start, std::string_view address, std::size_t steps) const {
    std::vector<Index> from = start.empty() ? rows_ : without_steps(start);
    if (from.size() > 1) {
      throw Error{Fault::kUsage,
                  fmt::format("{} is ambiguous: there is more than one way up", quoted(address)),
                  "name a revision instead"};
    }
    for (std::size_t i = 0; i < steps; ++i) {
      from = from.empty() ? graph_.bases() : children(from.front());
      if (from.size() > 1) {
        throw Error{Fault::kUsage,
                    fmt::format("{} is ambiguous: there is more than one way up", quoted(address)),
                    "name a revision instead"};
      }
      if (from.empty()) {
        throw Error{Fault::kUsage,
                    fmt::format("{} goes past the head: there {} only {}", quoted(address),
                                i == 1 ? "is" : "are", counted(i, "step")),
                    "say head for all that there are"};
      }
    }
    return from.front();
  }

  std::vector<Index> children(Index of) const {
    std::vector<Index> found;
    for (Index i = 0; i < graph_.revisions().size(); ++i) {
      const auto& parents = graph_.parents(i);
      if (std::find(parents.begin(), parents.end(), of) != parents.end()) found.push_back(i);
    }
    return found;
  }

  std::vector<std::string> ids(const std::vector<Index>& indices) const {
    std::vector<std::string> names;
    for (const Index index : indices) names.push_back(graph_.at(index).id);
    return names;
  }

  const RevisionGraph& graph_;
  const std::vector<Index>& rows_;
};

}  // namespace

std::optional<AddressRange> address_range(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  return AddressRange{std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

std::vector<Index> addressed(const RevisionGraph& graph, std::string_view address,
                             const std::vector<Index>& rows) {
  return Addresses(graph, rows).of(address);
}

RevisionGraph up_to(const RevisionGraph& graph, const std::vector<Index>& targets,
                    const std::vector<Index>& rows) {
  std::vector<Index> of = targets;
  of.insert(of.end(), rows.begin(), rows.end());
  const std::vector<bool> wanted = graph.ancestors(of);
  std::vector<Revision> revisions;
  for (Index i = 0; i < wanted.size(); ++i) {
    if (wanted[i]) revisions.push_back(graph.at(i));
  }
  return std::move(RevisionGraph::build(std::move(revisions)).graph);
}

}  // namespace drift::migrations
