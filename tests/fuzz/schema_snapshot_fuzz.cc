// A snapshot comes from a build, a bucket, a colleague: no bytes may do more than be refused, and
// what is read must compare with itself as equal and with anything else without harm.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "drift/aws/digest.h"
#include "drift/base/error.h"
#include "drift/schema/comparison.h"
#include "drift/schema/comparison_text.h"
#include "drift/schema/identifiers.h"
#include "drift/schema/normalise.h"
#include "drift/schema/snapshot.h"

namespace {

using drift::Error;
using namespace drift::schema;

void require(bool condition) {
  if (!condition) std::abort();
}

void require_refusal(const Error& error) {
  require(error.fault == drift::Fault::kReportUnreadable ||
          error.fault == drift::Fault::kUnsupported);
}

// The digest keeps chance away, not somebody who can compute it.
std::string with_digest(const std::string& body) {
  return "{\"format\":1,\n\"digest\":\"" + drift::aws::sha256_hex(body) + "\",\n" + body;
}

const Snapshot& one() {
  static const Snapshot snapshot =
      read_snapshot(snapshot_text(Header{150'018, "v", {}, {{"table", "read"}, {"column", "read"}}},
                                  {R"({"schema":"a","object":"t","kind":"table"})",
                                   R"({"schema":"a","object":"t","kind":"column","name":"c"})"}),
                    "one");
  return snapshot;
}

void check_snapshot(const std::string& text) {
  try {
    const Snapshot snapshot = read_snapshot(text, "fuzz");
    const Comparison same = compare(snapshot, snapshot, true);
    require(same.findings.empty());
    for (const bool strict : {false, true}) {
      for (const auto& [left, right] :
           {std::pair(&snapshot, &one()), std::pair(&one(), &snapshot)}) {
        const Comparison comparison = compare(*left, *right, strict);
        const NamedSide side{"fuzz", left->header, left->root};
        require(!comparison_json(comparison, side, side).empty());
        require(!comparison_text(comparison, side, side).empty());
      }
    }
  } catch (const Error& error) {
    require_refusal(error);
  }
}

void check_texts(std::string_view text) {
  array_elements(text);
  names_in_list(text);
  hidden_options(text, "salt");
  locale_spelling(text);
  privileges(text, "{owner=r/owner}", "owner");
  require(equal_but_for_names(text, text, {}));
  const std::string pushed = pushed_casts(text);
  require(pushed.size() >= text.size() / 2);
  // Once pushed, a cast stays where it is, unless an element is itself such an array.
  if (text.find("(ARRAY[") == std::string_view::npos) require(pushed == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  check_snapshot(text);
  check_snapshot(with_digest(text));
  check_texts(text);
  return 0;
}
