// Who we are to AWS: credentials that are kept, and fetched again before they expire.
#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "drift/aws/sigv4.h"
#include "drift/base/clock.h"
#include "drift/base/stop.h"

namespace drift::aws {

struct Credentials {
  SigningKeys keys;
  std::optional<TimePoint> expires;
  // For people: "environment", "profile drift (credentials file)", "profile drift (role ARN as
  // profile base (config file))", "web identity role ARN", "container http://...", "IMDS role x".
  std::string source;
};

// From 15 minutes before the expiry `get` tries to renew and takes a failure in silence, from 10
// minutes it must; both are botocore's figures. What was renewed less than a minute ago is used
// without another try while it is good, so that short-lived credentials do not cost a renewal a
// call. Thread-safe: one thread renews, and those that need the result wait for it and share its
// error.
class RenewingCredentials {
 public:
  using Fetch = std::function<Credentials(const Stop&)>;

  // `clock` outlives this.
  RenewingCredentials(Fetch fetch, const Clock& clock);

  // Throws what `fetch` throws, Error{kNoCredentials} where what it brought has expired, and
  // Error{kInterrupted, kTimedOut} while waiting for another thread.
  Credentials get(const Stop& stop);

  // The next `get` fetches anew: the service said that the token has expired.
  void expire();

 private:
  struct Renewal {
    bool done = false;
    std::exception_ptr failure;
  };

  bool usable(TimePoint now) const;
  Credentials renew(std::unique_lock<std::mutex>& lock, bool must, const Stop& stop);

  Fetch fetch_;
  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable finished_;
  std::optional<Credentials> kept_;
  std::optional<TimePoint> last_try_;
  std::shared_ptr<Renewal> renewal_;  // under way
};

}  // namespace drift::aws
