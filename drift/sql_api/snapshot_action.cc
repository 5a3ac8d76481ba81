#include "drift/sql_api/snapshot_action.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "drift/aws/digest.h"
#include "drift/base/base64.h"
#include "drift/base/deflate.h"
#include "drift/base/error.h"
#include "drift/production/version_table.h"
#include "drift/schema/catalog/catalog_reader.h"
#include "drift/schema/snapshot.h"
#include "drift/sql/json_text.h"

namespace drift::sql_api {
namespace {

constexpr std::size_t kEnvelope = 512;  // keys, digest and numbers of an answer

KeptSnapshot taken(KeptConnection& kept, const Request& request, const Stop& stop) {
  production::VersionTableName name;
  if (!request.table.empty()) name.table = request.table;
  name.schema = request.schema;
  schema::Catalog catalog;
  try {
    catalog = schema::read_catalog(kept.get(stop), name, stop);
  } catch (...) {
    kept.drop();  // it may be within a transaction
    throw;
  }
  kept.used();
  KeptSnapshot snapshot;
  snapshot.bytes = deflated(schema::snapshot_text(catalog.header, std::move(catalog.lines)));
  snapshot.digest = aws::sha256_hex(snapshot.bytes);
  return snapshot;
}

}  // namespace

std::string snapshot_answer(KeptConnection& kept, KeptSnapshot& last, const Request& request,
                            std::size_t max_bytes, const Stop& stop) {
  const bool goes_on = !request.digest.empty();
  if (!goes_on || last.digest != request.digest) last = taken(kept, request, stop);
  if (goes_on && last.digest != request.digest) {
    last = {};
    throw Error{Fault::kSqlFailed, "the schema changed between two pages of its snapshot",
                "begin again with the first page"};
  }
  // Three bytes are four letters.
  const std::size_t piece = (std::max(max_bytes, 2 * kEnvelope) - kEnvelope) / 4 * 3;
  const std::size_t pages = std::max<std::size_t>(1, (last.bytes.size() + piece - 1) / piece);
  if (request.page > pages) {
    throw Error{Fault::kUsage,
                fmt::format("there is no page {}: the snapshot has {}", request.page, pages)};
  }
  const std::size_t begin = (request.page - 1) * piece;
  std::string answer =
      sql::JsonObject()
          .add("snapshot", base64_encoded(std::string_view(last.bytes).substr(begin, piece)))
          .add_json("page", std::to_string(request.page))
          .add_json("pages", std::to_string(pages))
          .add("digest", last.digest)
          .take();
  if (request.page == pages) last = {};
  return answer;
}

}  // namespace drift::sql_api
