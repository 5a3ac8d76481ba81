#include "drift/base/stop.h"

#include <gtest/gtest.h>
#include <poll.h>

#include "tests/thrown_by.h"

namespace drift {
namespace {

using std::chrono::milliseconds;

bool readable(int fd) {
  pollfd descriptor{fd, POLLIN, 0};
  return ::poll(&descriptor, 1, 0) == 1;
}

TEST(Stop, IsNotDueBeforeItsDeadline) {
  const Stop stop{std::chrono::hours{1}};
  EXPECT_FALSE(stop.due());
  EXPECT_GT(stop.remaining(), std::chrono::minutes{59});
  EXPECT_FALSE(readable(stop.wake_fd()));
  EXPECT_NO_THROW(stop.check("reading"));
}

TEST(Stop, SaysWhatItWasDoingWhenTimeRanOut) {
  const Stop stop{milliseconds{0}};
  EXPECT_TRUE(stop.due());
  EXPECT_EQ(stop.remaining(), milliseconds{0});
  const Error error = thrown_by([&] { stop.check("reading the repository"); });
  EXPECT_EQ(error.fault, Fault::kTimedOut);
  EXPECT_STREQ(error.what(), "out of time while reading the repository");
  EXPECT_EQ(error.hint, "raise --timeout, or find out what is slow");
}

TEST(Stop, WakesAPollWhenRequested) {
  Stop stop;
  stop.request();
  EXPECT_TRUE(readable(stop.wake_fd()));
  EXPECT_EQ(stop.remaining(), milliseconds{0});
  const Error error = thrown_by([&] { stop.check("reading production"); });
  EXPECT_EQ(error.fault, Fault::kInterrupted);
  EXPECT_STREQ(error.what(), "interrupted while reading production");
  EXPECT_EQ(error.hint, "nothing was changed; run it again");
}

TEST(Stop, OfAPartIsDueWithTheWhole) {
  Stop whole;
  const Stop part{std::chrono::hours{1}, whole};
  EXPECT_FALSE(part.due());
  EXPECT_FALSE(readable(part.wake_fd()));
  whole.request();
  EXPECT_TRUE(part.due());
  EXPECT_TRUE(part.requested());
  EXPECT_EQ(part.remaining(), milliseconds{0});
  EXPECT_TRUE(readable(part.wake_fd()));
}

TEST(Stop, OfAPartIsDueWhenTheTimeOfTheWholeIsOver) {
  const Stop whole{milliseconds{0}};
  const Stop part{std::chrono::hours{1}, whole};
  EXPECT_TRUE(part.due());
  EXPECT_FALSE(part.requested());
  EXPECT_EQ(part.remaining(), milliseconds{0});
}

TEST(Stop, MayGoByTheRequestsOfAnotherAlone) {
  Stop whole{milliseconds{0}};
  const Stop after{std::chrono::hours{1}, whole, Stop::RequestsOnly{}};
  EXPECT_FALSE(after.due());
  EXPECT_GT(after.remaining(), std::chrono::minutes{59});
  EXPECT_NO_THROW(after.check("sending"));
  whole.request();
  EXPECT_TRUE(after.due());
  EXPECT_TRUE(readable(after.wake_fd()));
  EXPECT_EQ(after.remaining(), milliseconds{0});
  EXPECT_STREQ(thrown_by([&] { after.check("sending"); }).what(), "interrupted while sending");
}

TEST(Stop, OfAPartIsDueBeforeTheWhole) {
  const Stop whole{std::chrono::hours{1}};
  const Stop part{milliseconds{0}, whole};
  EXPECT_TRUE(part.due());
  EXPECT_FALSE(whole.due());
  const Stop longer{std::chrono::hours{2}, whole};
  EXPECT_LE(longer.remaining(), std::chrono::hours{1});
}

}  // namespace
}  // namespace drift
