#include "drift/base/surroundings.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>

#include "tests/temporary_folder.h"

namespace drift {
namespace {

TEST(EnvironmentVariable, TellsEmptyFromUnset) {
  ::setenv("SURROUNDINGS_TEST", "", 1);
  EXPECT_EQ(environment_variable("SURROUNDINGS_TEST"), "");
  EXPECT_EQ(environment_or_empty("SURROUNDINGS_TEST"), "");
  ::unsetenv("SURROUNDINGS_TEST");
  EXPECT_EQ(environment_variable("SURROUNDINGS_TEST"), std::nullopt);
  EXPECT_EQ(environment_or_empty("SURROUNDINGS_TEST"), "");
}

TEST(WholeFile, IsItsBytes) {
  const TemporaryFolder folder;
  const std::string path = folder.path("a");
  std::string bytes(100'000, 'x');
  bytes[5] = '\0';
  std::ofstream(path, std::ios::binary) << bytes;
  EXPECT_EQ(whole_file(path), bytes);
}

TEST(WholeFile, SaysWhyThereIsNone) {
  const TemporaryFolder folder;
  EXPECT_EQ(whole_file(folder.path("none")), std::nullopt);
  EXPECT_EQ(errno, ENOENT);
  EXPECT_EQ(whole_file(folder.path()), std::nullopt);
  EXPECT_EQ(errno, EISDIR);
}

TEST(WholeFile, StopsAtItsLimit) {
  EXPECT_EQ(whole_file("/dev/zero", 1 << 20), std::nullopt);
  EXPECT_EQ(errno, EFBIG);
}

}  // namespace
}  // namespace drift
