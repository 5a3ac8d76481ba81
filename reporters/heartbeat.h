// A sign of life for a service that alerts when it stops.
#pragma once

#include <string>

namespace drift {
class Stop;
}

namespace drift::reporters {

// GET `url`, which often holds a secret in its path: messages name the host alone. Redirects are
// not followed. Throws Error{kUsage} for what is no https URL (http is for loopback only), and
// Error{kAlertNotSent} where no 2xx came back, after three attempts.
void send_heartbeat(const std::string& url, const Stop& stop);

// The host, for messages. Throws Error{kUsage} as above.
std::string heartbeat_host(const std::string& url);

}  // namespace drift::reporters
