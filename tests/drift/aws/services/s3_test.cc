#include "drift/aws/services/s3.h"

#include <gtest/gtest.h>

#include "tests/thrown_by.h"

namespace drift::aws {
namespace {

TEST(S3Place, IsABucketAndAPrefix) {
  const auto place = [](const std::string& url) {
    const S3Place read = s3_place(url);
    return read.bucket + " " + read.prefix;
  };
  EXPECT_EQ(place("s3://reports"), "reports ");
  EXPECT_EQ(place("s3://reports/"), "reports ");
  EXPECT_EQ(place("s3://my.bucket-1/a/b"), "my.bucket-1 a/b/");
  EXPECT_EQ(place("s3://reports/a/b//"), "reports a/b/");
}

TEST(S3Place, TakesTheNamesOfOldBucketsToo) {
  // us-east-1 gave these until March 2018.
  for (const std::string& name :
       {std::string("Upper"), std::string("under_score"), std::string("a..b"),
        std::string("-dash-"), std::string(255, 'a')}) {
    EXPECT_EQ(s3_place("s3://" + name + "/x").bucket, name);
  }
}

TEST(S3Place, RefusesWhatCanBeNoBucketAndSaysWhy) {
  const auto refused = [](const std::string& name, const std::string& why) {
    expect_error(thrown_by([&] { s3_place("s3://" + name + "/x"); }), Fault::kUsage,
                 "invalid S3 bucket \"" + name + "\": " + why,
                 "give the bucket's name, not its ARN or URL: s3://BUCKET/PREFIX");
  };
  refused("", "no name");
  refused("ab", "shorter than 3 characters");
  for (const char* name : {"sp ace", "arn:aws:s3:::b", "user@host", "%62ucket"}) {
    refused(name, "a name has letters, digits, '.', '-' and '_' alone");
  }
  refused("192.168.5.4", "an IP address");
  EXPECT_EQ(std::string(thrown_by([] { s3_place("s3://" + std::string(256, 'a')); }).what()),
            "invalid S3 bucket \"" + std::string(200, 'a') + "...\": longer than 255 characters");
}

TEST(ObjectAddressTest, BucketStandsInTheHostNameWhereItCan) {
  const ObjectAddress address =
      object_address("reports-1", "schema-drift/a b+c/\xc3\xa9.json", false);
  EXPECT_EQ(address.host_prefix, "reports-1.");
  EXPECT_EQ(address.target, "/schema-drift/a%20b%2Bc/%C3%A9.json");
}

TEST(ObjectAddressTest, OtherBucketsStandInThePath) {
  for (const char* bucket : {"with.dots", "Upper", "under_score", "-dash", "dash-"}) {
    const ObjectAddress address = object_address(bucket, "k", false);
    EXPECT_EQ(address.host_prefix, "") << bucket;
    EXPECT_EQ(address.target, "/" + std::string(bucket) + "/k");
  }
  EXPECT_EQ(object_address(std::string(64, 'a'), "k", false).host_prefix, "");
}

TEST(ObjectAddressTest, CustomEndpointTakesThePath) {
  const ObjectAddress address = object_address("reports", "../x//y", true);
  EXPECT_EQ(address.host_prefix, "");
  // S3 keys are no paths: dots and empty segments stay.
  EXPECT_EQ(address.target, "/reports/../x//y");
}

}  // namespace
}  // namespace drift::aws
