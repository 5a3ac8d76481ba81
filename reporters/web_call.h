// Calls to a URL that is itself a secret, or holds one: messages name its host alone.
#pragma once

#include <string>

#include "drift/http/http.h"

namespace drift {
class Stop;
}

namespace drift::reporters {

struct WebPost {
  std::string url;
  std::string body;  // JSON
  HttpHeaders headers;
  // Addresses of private networks, of this machine and of its link are refused unless this is set:
  // whoever can change the URL could otherwise have us ask what only we can reach.
  bool allow_private = false;
};

// Three attempts; redirects are not followed; any 2xx is success. Throws Error{kUsage} for what is
// no https URL (with allow_private, http on loopback is one), and Error{kAlertNotSent}.
void post_alert(const WebPost& post, const Stop& stop);

// A sign of life for a service that alerts when it stops: GET `url`. As post_alert; http on
// loopback is always allowed, and any address.
void send_heartbeat(const std::string& url, const Stop& stop);

// The host of a heartbeat's URL. Throws Error{kUsage} as above.
std::string heartbeat_host(const std::string& url);

}  // namespace drift::reporters
