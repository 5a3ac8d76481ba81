#include "drift/aws/services/s3.h"

#include <gtest/gtest.h>

namespace drift::aws {
namespace {

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
