#include "reporters/store.h"

#include <gtest/gtest.h>

#include "tests/thrown_by.h"

namespace drift::reporters {
namespace {

// A store is made before anything is read, so making one must never need AWS.
aws::Session& no_session() { throw Error{Fault::kInternal, "a session was asked for"}; }

TEST(Store, TakesAFolderAFileUrlOrABucket) {
  for (const char* url : {"reports", "file:///var/lib/schema-drift", "s3://bucket/prefix",
                          "s3://bucket", "s3://my.bucket-1/a/b/"}) {
    EXPECT_NE(make_store(url, {}, no_session), nullptr) << url;
  }
}

TEST(Store, RefusesASchemeThatIsNotThere) {
  expect_error(
      thrown_by([] { make_store("ftp://user:canary@host.example.com/reports", {}, no_session); }),
      Fault::kUsage, "cannot keep reports at ftp://user:***@host.example.com/reports",
      "give a folder, file:///absolute/path or s3://bucket/prefix to --reports");
}

TEST(Store, RefusesWhatCanBeNoBucket) {
  expect_error(thrown_by([] { make_store("s3://sp ace/x", {}, no_session); }), Fault::kUsage,
               "invalid S3 bucket \"sp ace\": a name has letters, digits, '.', '-' and '_' alone",
               "give the bucket's name, not its ARN or URL: s3://BUCKET/PREFIX");
}

TEST(Store, RefusesAFileUrlOfAnotherHost) {
  EXPECT_THROW(make_store("file://host/reports", {}, no_session), Error);
  EXPECT_THROW(make_store("", {}, no_session), Error);
}

}  // namespace
}  // namespace drift::reporters
