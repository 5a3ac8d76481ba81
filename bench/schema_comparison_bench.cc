// The comparison of two schemas alone, without files and without a database: 5,000 tables of 15
// columns, three indexes and a check, as bench/schema has them.
#include "drift/schema/comparison.h"

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "drift/schema/object.h"
#include "drift/schema/snapshot.h"

namespace {

using drift::schema::Facet;
using drift::schema::Object;

constexpr int kTables = 5000;

std::string document(int changes) {
  drift::schema::Header header;
  header.server_version_num = 150'018;
  for (const char* kind : {"table", "column", "index", "constraint"})
    header.coverage[kind] = "read";
  std::vector<std::string> lines;
  const auto add = [&](Object object) { append_line(lines.emplace_back(), object); };
  const int step = changes == 0 ? kTables + 1 : kTables / changes;
  for (int i = 0; i < kTables; ++i) {
    const std::string table = fmt::format("t{}", i);
    add({"table", "public", table, "", {{Facet::kOwner, "owner", "app"}}});
    for (int column = 0; column < 15; ++column) {
      const bool changed = column == 7 && i % step == 0 && changes > 0;
      add({"column",
           "public",
           table,
           fmt::format("c{}", column),
           {{Facet::kStructure, "not_null", "yes"},
            {Facet::kStructure, "type", changed ? "text" : "character varying(80)"}}});
    }
    for (int index = 0; index < 3; ++index) {
      add({"index",
           "public",
           table,
           fmt::format("{}_{}", table, index),
           {{Facet::kStructure, "keys", fmt::format("c{}", index)}}});
    }
    add({"constraint",
         "public",
         table,
         table + "_check",
         {{Facet::kStructure, "definition", "CHECK ((c1)::text = 'a'::text)"}}});
  }
  return snapshot_text(header, std::move(lines));
}

void compare(benchmark::State& state) {
  const auto expected = drift::schema::read_snapshot(document(0), "expected");
  const auto live =
      drift::schema::read_snapshot(document(static_cast<int>(state.range(0))), "live");
  std::size_t found = 0;
  for (auto _ : state) found = drift::schema::compare(expected, live, false).findings.size();
  if (found != static_cast<std::size_t>(state.range(0))) state.SkipWithError("not every change");
}
BENCHMARK(compare)->Arg(0)->Arg(50)->Unit(benchmark::kMillisecond);

void read(benchmark::State& state) {
  const std::string text = document(0);
  for (auto _ : state) {
    benchmark::DoNotOptimize(drift::schema::read_snapshot(text, "file").lines.size());
  }
}
BENCHMARK(read)->Unit(benchmark::kMillisecond);

}  // namespace
