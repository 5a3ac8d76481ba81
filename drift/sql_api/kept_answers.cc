#include "drift/sql_api/kept_answers.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>
#include <variant>

#include "drift/base/descriptor.h"
#include "drift/base/error.h"
#include "drift/base/output.h"
#include "drift/base/printable.h"
#include "drift/base/trusted_folder.h"
#include "drift/base/url.h"
#include "drift/sql/json_text.h"
#include "drift/sql/strict_json.h"

namespace drift::sql_api {
namespace {

// An answer of 6 MB, each of whose characters is escaped.
constexpr std::size_t kMostBytes = std::size_t{64} << 20U;
constexpr mode_t kMode = 0700;

Error failed(const std::string& where, const std::string& why) {
  return {Fault::kReportNotStored,
          fmt::format("the answers of idempotency keys in {} cannot be used: {}", where, why),
          "nothing is changed without them; leave \"idempotency_key\" out to do without"};
}

std::string why_not() { return std::generic_category().message(errno); }

TrustedFolder folder(const std::string& path) {
  auto made = TrustedFolder::make(path, TrustedFolder::Kind::kOwn, kMode);
  if (auto* no = std::get_if<Untrusted>(&made)) throw failed(printable(path), no->reason);
  return std::get<TrustedFolder>(std::move(made));
}

std::string json_of(const KeptAnswer& kept) {
  return sql::JsonObject()
      .add("request", kept.request)
      .add("transaction", kept.transaction)
      .add("answer", kept.answer)
      .take();
}

std::optional<KeptAnswer> answer_in(const std::string& json) {
  const auto read = sql::read_json(json);
  const auto* value = std::get_if<sql::JsonValue>(&read);
  KeptAnswer kept;
  const std::array<std::pair<const char*, std::string*>, 3> parts = {
      {{"request", &kept.request}, {"transaction", &kept.transaction}, {"answer", &kept.answer}}};
  for (const auto& [key, into] : parts) {
    const sql::JsonValue* part = value == nullptr ? nullptr : value->find(key);
    if (part == nullptr || !part->is(sql::JsonValue::Kind::kString)) return {};
    *into = part->text;
  }
  return kept;
}

}  // namespace

KeptAnswers::KeptAnswers(std::string audit, aws::SessionSource session)
    : where_(std::move(audit)), session_(std::move(session)) {
  if (where_.starts_with("s3://")) place_ = aws::s3_place(where_);
}

void KeptAnswers::require_place() const {
  if (!where_.empty()) return;
  throw Error{Fault::kUnsupported,
              "\"idempotency_key\" needs a place that can be read again, and the audit log is "
              "standard error",
              "--audit names a file or s3://BUCKET/PREFIX, beside which answers are kept"};
}

std::string KeptAnswers::path(const std::string& name) const {
  return name.empty() ? where_ + ".answers" : name + ".json";
}

std::string KeptAnswers::object_key(const std::string& name) const {
  return place_->prefix + "answers/" + name + ".json";
}

std::optional<KeptAnswer> KeptAnswers::find(const std::string& name, const Stop& stop) const {
  require_place();
  std::string json;
  const std::string where = printable(place_ ? redacted_url(where_) : path(""));
  if (place_) {
    try {
      auto object = aws::get_object(session_(), place_->bucket, object_key(name), kMostBytes, stop);
      if (!object) return {};
      json = *std::move(object);
    } catch (const Error& error) {
      throw failed(where, error.what());
    }
  } else {
    auto read = folder(path("")).read(path(name), kMostBytes);
    if (const auto* no = std::get_if<Untrusted>(&read)) {
      if (no->missing()) return {};
      throw failed(where, no->reason);
    }
    json = std::get<std::string>(std::move(read));
  }
  auto kept = answer_in(json);
  if (!kept) throw failed(where, path(name) + " is not what was put there");
  return kept;
}

void KeptAnswers::put(const std::string& name, const KeptAnswer& kept, const Stop& stop) const {
  require_place();
  if (place_) {
    aws::PutObject object;
    object.bucket = place_->bucket;
    object.key = object_key(name);
    object.body = json_of(kept);
    object.only_if_absent = false;
    try {
      aws::put_object(session_(), object, stop);
    } catch (const Error& error) {
      throw failed(printable(redacted_url(where_)), error.what());
    }
    return;
  }
  // Whole or not at all: written beside, synced, then given its name.
  const TrustedFolder in = folder(path(""));
  const std::string final_name = path(name), partial = final_name + ".partial";
  const std::string where = printable(path(""));
  ::unlinkat(in.fd(), partial.c_str(), 0);  // of a run that was killed; who holds the key is alone
  const Descriptor file(::openat(in.fd(), partial.c_str(),
                                 O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (file.get() < 0) throw failed(where, why_not());
  try {
    write_fully(file.get(), json_of(kept));
  } catch (const Error& error) {
    throw failed(where, error.what());
  }
  if (::fsync(file.get()) != 0 ||
      ::renameat(in.fd(), partial.c_str(), in.fd(), final_name.c_str()) != 0 ||
      ::fsync(in.fd()) != 0) {
    throw failed(where, why_not());
  }
}

}  // namespace drift::sql_api
