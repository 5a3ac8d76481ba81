// The revision graph alone, without git and without Python files.
#include "migrations/revision_graph.h"

#include <benchmark/benchmark.h>
#include <fmt/format.h>

namespace {

using drift::migrations::Revision;
using drift::migrations::RevisionGraph;

// A line in which every fifty revisions two lie side by side and are merged, as in
// bench/make_repository.py.
std::vector<Revision> revisions(int count) {
  const auto id = [](int number) { return fmt::format("{:012x}", 0x9e3779b97f4aULL ^ number); };
  std::vector<Revision> made(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    Revision& revision = made[static_cast<std::size_t>(i)];
    revision.id = id(i);
    revision.path = fmt::format("migrations/versions/{}_change.py", revision.id);
    if (i == 0) continue;
    if (i % 50 == 0) {
      revision.down_revisions = {id(i - 2)};
    } else if (i % 50 == 1 && i > 1) {
      revision.down_revisions = {id(i - 2), id(i - 1)};
    } else {
      revision.down_revisions = {id(i - 1)};
    }
  }
  return made;
}

void build(benchmark::State& state) {
  const auto input = revisions(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    state.PauseTiming();
    auto copy = input;
    state.ResumeTiming();
    auto built = RevisionGraph::build(std::move(copy));
    if (!built.problems.empty()) state.SkipWithError("the graph has problems");
    benchmark::DoNotOptimize(built);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(build)->Arg(300)->Arg(3000)->Arg(30000)->Unit(benchmark::kMicrosecond);

void pending_of_an_empty_table(benchmark::State& state) {
  const auto built = RevisionGraph::build(revisions(static_cast<int>(state.range(0))));
  for (auto _ : state) {
    auto pending = built.graph.pending({});
    if (pending.size() != built.graph.revisions().size()) state.SkipWithError("some are missing");
    benchmark::DoNotOptimize(pending);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(pending_of_an_empty_table)
    ->Arg(300)
    ->Arg(3000)
    ->Arg(30000)
    ->Unit(benchmark::kMicrosecond);

}  // namespace
