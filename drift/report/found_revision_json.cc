#include "drift/report/found_revision_json.h"

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "drift/base/clock.h"
#include "drift/base/printable.h"
#include "drift/verdict/where_found.h"

namespace drift::report {

using migrations::Commit;
using migrations::FoundRevision;
using Where = FoundRevision::Where;

namespace {

const char* word_of(Where where) {
  switch (where) {
    case Where::kInRef: return "in_ref";
    case Where::kElsewhere: return "elsewhere";
    case Where::kRemoved: return "removed";
    case Where::kNowhere: break;
  }
  return "nowhere";
}

nlohmann::ordered_json document_of(const std::optional<Commit>& commit) {
  if (!commit) return nullptr;
  return {{"commit", commit->id},
          {"author", valid_utf8(commit->author)},
          {"date", rfc3339(commit->committed_at)},
          {"subject", valid_utf8(commit->summary)}};
}

}  // namespace

nlohmann::ordered_json found_revision_json(const FoundRevision& found, const std::string& ref,
                                           bool shallow, std::size_t most_refs) {
  const auto known = [](const std::string& text) {
    return text.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(valid_utf8(text));
  };
  nlohmann::ordered_json document;
  document["revision"] = valid_utf8(found.revision);
  document["found"] = word_of(found.where);
  document["file"] = known(found.file);
  document["message"] = known(found.message);
  std::vector<std::string> refs =
      found.where == Where::kInRef ? std::vector{valid_utf8(ref)} : verdict::names_of(found.tips);
  if (refs.size() > most_refs) refs.resize(most_refs);
  document["refs"] = std::move(refs);
  document["introduced"] = document_of(found.introduced);
  document["removed"] =
      document_of(found.removed ? std::optional(found.removed->commit) : std::nullopt);
  document["searched"] = {{"refs", found.refs}, {"commits", found.commits}, {"shallow", shallow}};
  return document;
}

}  // namespace drift::report
