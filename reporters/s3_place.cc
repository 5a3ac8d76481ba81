#include "reporters/s3_place.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string_view>

#include "drift/base/error.h"

namespace drift::reporters {
namespace {

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
bool is_bucket_name(const std::string& name) {
  return name.size() >= 3 && name.size() <= 63 &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return std::islower(c) || std::isdigit(c) || c == '.' || c == '-';
         });
}

}  // namespace

S3Place s3_place(const std::string& url) {
  const std::string text = url.substr(std::string_view("s3://").size());
  const std::size_t slash = std::min(text.find('/'), text.size());
  S3Place place{text.substr(0, slash), text.substr(std::min(slash + 1, text.size()))};
  while (!place.prefix.empty() && place.prefix.back() == '/') place.prefix.pop_back();
  if (!place.prefix.empty()) place.prefix += '/';
  if (!is_bucket_name(place.bucket)) {
    throw Error{Fault::kUsage, fmt::format("\"{}\" cannot name an S3 bucket", place.bucket),
                "give s3://bucket/prefix to --reports"};
  }
  return place;
}

}  // namespace drift::reporters
