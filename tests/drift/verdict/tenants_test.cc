#include "drift/verdict/tenants.h"

#include <gtest/gtest.h>

#include "drift/base/error.h"
#include "drift/production/tenants.h"

namespace drift::verdict {
namespace {

TEST(TenantsVerdict, NotKnowingOneIsWorseThanAnythingKnownOfTheOthers) {
  EXPECT_EQ(worse(Status::kSynced, Status::kBehind), Status::kBehind);
  EXPECT_EQ(worse(Status::kUnversioned, Status::kBehind), Status::kUnversioned);
  EXPECT_EQ(worse(Status::kInconsistent, Status::kUnversioned), Status::kInconsistent);
  EXPECT_EQ(worse(Status::kInconsistent, Status::kUnknownRevision), Status::kUnknownRevision);
  EXPECT_EQ(worse(Status::kError, Status::kUnknownRevision), Status::kError);
  EXPECT_EQ(worse(Status::kSynced, Status::kSynced), Status::kSynced);
}

}  // namespace
}  // namespace drift::verdict
