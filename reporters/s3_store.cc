#include "reporters/s3_store.h"

#include <fmt/format.h>

#include "drift/base/error.h"
namespace drift::reporters {

// Up to the next slash: what is below latest/told/ is many times what is below latest/.
Store::Listing S3Store::list(const std::string& folder, const Stop& stop) {
  const std::string prefix = place_.prefix + folder;
  Listing listing;
  aws::ObjectList page;
  do {
    page = aws::list_objects(session_(), place_.bucket, prefix, "/", std::move(page.continuation),
                             stop);
    for (const std::string& key : page.keys) {
      if (key.size() > prefix.size()) listing.files.push_back(key.substr(prefix.size()));
    }
    for (const std::string& found : page.prefixes) {
      if (found.size() <= prefix.size() + 1) continue;
      listing.folders.push_back(found.substr(prefix.size(), found.size() - prefix.size() - 1));
    }
  } while (page.more);
  return listing;
}

std::optional<std::string> S3Store::read(const std::string& name, const Stop& stop) {
  return aws::get_object(session_(), place_.bucket, place_.prefix + name, kMaxReportBytes, stop);
}

aws::PutObject S3Store::object(const std::string& name, const std::string& text) const {
  aws::PutObject object;
  object.bucket = place_.bucket;
  object.key = place_.prefix + name;
  object.body = text;
  if (name.ends_with(".html")) object.content_type = "text/html; charset=utf-8";
  object.kms_key = options_.kms_key;
  return object;
}

void S3Store::add(const std::string& name, const std::string& text, const Stop& stop) {
  aws::PutObject put = object(name, text);
  put.lock_mode = options_.lock_mode;
  if (!put.lock_mode.empty()) put.lock_until = session_().now() + options_.lock_for;
  // kExists is our own text: names hold a run's random id. An answer was lost and the call
  // repeated, or another run uploaded the same spooled report first.
  aws::put_object(session_(), put, stop);
}

void S3Store::replace(const std::string& name, const std::string& text, const Stays&,
                      const Stop& stop) {
  aws::PutObject put = object(name, text);
  put.only_if_absent = false;
  aws::put_object(session_(), put, stop);
}

std::string S3Store::place(const std::string& name) const {
  return fmt::format("s3://{}/{}{}", place_.bucket, place_.prefix, name);
}

}  // namespace drift::reporters
