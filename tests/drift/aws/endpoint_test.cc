#include "drift/aws/endpoint.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/drift/aws/variables.h"
#include "tests/temporary_folder.h"
#include "tests/thrown_by.h"

namespace drift::aws {
namespace {

// All host names are compared with botocore's in tests/differential/test_aws_settings.py.

TEST(Endpoint, IsTheServicesHostInItsRegion) {
  const Endpoint endpoint = endpoint_of(Service::kSns, "eu-central-1", with_variables({}));
  EXPECT_EQ(endpoint.origin, "https://sns.eu-central-1.amazonaws.com");
  EXPECT_EQ(endpoint.path_prefix, "");
  EXPECT_FALSE(endpoint.custom);
  EXPECT_EQ(partition_of("us-gov-west-1"), "aws-us-gov");
  EXPECT_EQ(partition_of("eu-central-1"), "aws");
}

TEST(Endpoint, ARegionThatWouldLeadElsewhereIsRefused) {
  for (const char* region : {"", "x.evil.com/", "eu_central_1", "-eu", "eu-", "EU-WEST-1", "a b"}) {
    const Error error = thrown_by([&] { endpoint_of(Service::kSts, region, with_variables({})); });
    expect_error(error, Fault::kConfiguration, "invalid AWS region \"" + std::string(region) + "\"",
                 "set AWS_REGION to one such as eu-central-1");
  }
  expect_error(thrown_by([&] { endpoint_of(Service::kS3, "aws-global", with_variables({})); }),
               Fault::kConfiguration,
               "invalid AWS region \"aws-global\": the name of a whole partition",
               "set AWS_REGION to one such as eu-central-1");
  expect_error(thrown_by([&] { endpoint_of(Service::kS3, "fips-us-east-1", with_variables({})); }),
               Fault::kConfiguration,
               "invalid AWS region \"fips-us-east-1\": an old way to ask for FIPS",
               "set AWS_REGION to the region alone, and AWS_USE_FIPS_ENDPOINT=true");
}

TEST(Endpoint, ACustomOneKeepsItsPathAndLosesTheLastSlash) {
  const Endpoint endpoint = endpoint_of(
      Service::kSecretsManager, "eu-west-1",
      with_variables({{"AWS_ENDPOINT_URL", "http://all"},
                      {"AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://localhost:9000/aws//"}}));
  EXPECT_EQ(endpoint.origin, "http://localhost:9000");
  EXPECT_EQ(endpoint.path_prefix, "/aws");
  EXPECT_TRUE(endpoint.custom);
}

TEST(Endpoint, ACustomOneAndFipsContradictEachOther) {
  expect_error(thrown_by([&] {
                 endpoint_of(Service::kS3, "eu-west-1",
                             with_variables({{"AWS_ENDPOINT_URL_S3", "http://localhost"},
                                             {"AWS_USE_FIPS_ENDPOINT", "true"}}));
               }),
               Fault::kConfiguration,
               "AWS_ENDPOINT_URL_S3 names an endpoint, and AWS_USE_FIPS_ENDPOINT "
               "(use_fips_endpoint) asks for another",
               "unset one of the two");
}

TEST(Endpoint, ACustomOneThatIsNoUrlIsRefusedWithoutBeingRepeated) {
  expect_error(thrown_by([&] {
                 endpoint_of(Service::kS3, "eu-west-1",
                             with_variables({{"AWS_ENDPOINT_URL", "https://user:canary@host"}}));
               }),
               Fault::kConfiguration, "invalid endpoint URL in AWS_ENDPOINT_URL",
               "write it as https://host[:port][/path], without user, query or fragment");
}

TEST(Endpoint, AServicesSectionThatIsMissingIsAnError) {
  const TemporaryFolder folder;
  std::ofstream(folder.path("config")) << "[default]\nservices = local\n";
  expect_error(
      thrown_by([&] {
        endpoint_of(Service::kS3, "eu-west-1",
                    with_variables({{"AWS_CONFIG_FILE", folder.path("config")}}));
      }),
      Fault::kConfiguration,
      "profile default names the services section local, which is not in " + folder.path("config"),
      "add [services local], or remove the profile's setting services");
}

TEST(Endpoint, ChinaHasNoFipsHostsOfS3) {
  expect_error(thrown_by([&] {
                 endpoint_of(Service::kS3, "cn-north-1",
                             with_variables({{"AWS_USE_FIPS_ENDPOINT", "true"}}));
               }),
               Fault::kConfiguration, "S3 has no FIPS endpoints in China",
               "unset AWS_USE_FIPS_ENDPOINT for regions of the partition aws-cn");
}

}  // namespace
}  // namespace drift::aws
