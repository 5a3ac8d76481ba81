#include "reporters/s3_store.h"

#include <fmt/format.h>

namespace drift::reporters {

std::vector<std::string> S3Store::folders(const std::string& folder, const Stop& stop) {
  const std::string prefix = place_.prefix + folder;
  std::vector<std::string> names;
  aws::ObjectList page;
  do {
    page = aws::list_objects(session_(), place_.bucket, prefix, "/", std::move(page.continuation),
                             stop);
    for (const std::string& found : page.prefixes) {
      if (found.size() <= prefix.size() + 1) continue;
      names.push_back(found.substr(prefix.size(), found.size() - prefix.size() - 1));
    }
  } while (page.more);
  return names;
}

std::vector<std::string> S3Store::files(const std::string& folder, const Stop& stop) {
  std::vector<std::string> names;
  aws::ObjectList page;
  do {
    page = aws::list_objects(session_(), place_.bucket, place_.prefix + folder, "",
                             std::move(page.continuation), stop);
    for (const std::string& key : page.keys) names.push_back(key.substr(place_.prefix.size()));
  } while (page.more);
  return names;
}

std::optional<std::string> S3Store::read(const std::string& name, const Stop& stop) {
  return aws::get_object(session_(), place_.bucket, place_.prefix + name, kMaxReportBytes, stop);
}

void S3Store::write(const std::string& name, const std::string& text, bool replace,
                    const Stop& stop) {
  aws::PutObject object;
  object.bucket = place_.bucket;
  object.key = place_.prefix + name;
  object.body = text;
  object.kms_key = options_.kms_key;
  object.only_if_absent = !replace;
  if (!replace) {
    object.lock_mode = options_.lock_mode;
    if (!object.lock_mode.empty()) object.lock_until = session_().now() + options_.lock_for;
  }
  aws::put_object(session_(), object, stop);
}

std::string S3Store::place(const std::string& name) const {
  return fmt::format("s3://{}/{}{}", place_.bucket, place_.prefix, name);
}

}  // namespace drift::reporters
