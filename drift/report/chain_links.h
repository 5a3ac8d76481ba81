// How the entries of a chain hang together.
#pragma once

#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "drift/report/chain.h"

namespace drift::report {

// Indices are those of the entries, in the order of time. Plain data, made once.
class ChainLinks {
 public:
  using Index = std::size_t;
  static constexpr Index kNone = std::numeric_limits<Index>::max();

  // Sorts the entries. `latest` is the text of latest/TARGET.json.
  ChainLinks(TargetChain& chain, const std::optional<Sha256>& latest);

  // The entry with that text; one in its place before one that is not. kNone where there is none.
  Index find(const Sha256& sha256) const;

  // Whether reports that hang together stand on both sides of `i`, which is not one of them.
  bool is_between(Index i) const;

  // The name of its file, and "report 41 (NAME)".
  std::string file(Index i) const;
  std::string named(Index i) const;

  // What it proves that `anchor` is the hash of an entry; "" where it is of none.
  std::string proof(const Sha256& anchor) const;

  std::vector<bool> is_node;          // a report of this target, and no copy of another entry
  std::vector<Index> parent;          // the one that it names; kNone where that is not here
  std::vector<std::size_t> children;  // how many name it
  std::vector<Index> piece;           // the oldest of those that hang together with it
  Index main_piece = kNone;           // of the latest report, or else of the newest

 private:
  void find_pieces(const std::optional<Sha256>& latest);

  const TargetChain& chain_;
  const std::vector<ChainEntry>& all_;
  std::vector<Index> by_text_;
  std::map<Index, std::pair<Index, Index>> spans_;  // the oldest and the newest of a piece
};

}  // namespace drift::report
