#include "drift/aws/credentials/sources.h"

#include <gtest/gtest.h>

#include "tests/drift/aws/variables.h"
#include "tests/thrown_by.h"

namespace drift::aws {
namespace {

constexpr const char* kRelative = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
constexpr const char* kFull = "AWS_CONTAINER_CREDENTIALS_FULL_URI";

std::string url(const std::map<std::string, std::string>& variables) {
  const auto found = container_url(with_variables(variables));
  return found ? found->origin + found->target : "none";
}

TEST(ContainerUrl, TheRelativeOneIsOnTheAgentsAddressAndWins) {
  EXPECT_EQ(url({}), "none");
  EXPECT_EQ(url({{kRelative, "/v2/credentials/x?a=1"}, {kFull, "http://localhost/y"}}),
            "http://169.254.170.2/v2/credentials/x?a=1");
  EXPECT_EQ(url({{kFull, "http://localhost:1/y"}}), "http://localhost:1/y");
}

TEST(ContainerUrl, ARelativeOneThatLeadsElsewhereIsRefused) {
  for (const char* path :
       {"x", "@evil.example/x", ".evil.example/", ":80/x", "/a b", "/\r\nX: y"}) {
    expect_error(thrown_by([&] {
                   url({{kRelative, path}});
                 }),
                 Fault::kNoCredentials,
                 "invalid AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: not a path",
                 "it begins with '/'; the container agent sets it, so leave it as it is");
  }
}

TEST(ContainerUrl, PlainHttpGoesToTheAgentsAndTheLoopbackAlone) {
  for (const char* good :
       {"http://127.0.0.2:80/x", "http://[::1]/x", "http://169.254.170.2/x",
        "http://169.254.170.23/v1", "http://[fd00:ec2::23]/v1", "https://anywhere.example/x"}) {
    EXPECT_EQ(url({{kFull, good}}), good);
  }
  for (const char* bad : {"http://169.254.170.3", "http://evil.example", "http://127.0.0.1.nip.io",
                          "http://[fd00:ec2::24]", "http://192.0.2.1:80"}) {
    expect_error(
        thrown_by([&] {
          url({{kFull, bad}});
        }),
        Fault::kNoCredentials,
        "AWS_CONTAINER_CREDENTIALS_FULL_URI leads to " + std::string(bad) + " over plain http",
        "plain http is taken for the loopback, 169.254.170.2, 169.254.170.23 and "
        "fd00:ec2::23 alone: use https");
  }
  expect_error(thrown_by([&] {
                 url({{kFull, "//169.254.170.2/x"}});
               }),
               Fault::kNoCredentials,
               "invalid AWS_CONTAINER_CREDENTIALS_FULL_URI: not an http or https URL",
               "the container agent sets it, so leave it as it is");
}

}  // namespace
}  // namespace drift::aws
