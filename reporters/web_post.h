// Posting an alert to a URL that is itself a secret.
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

// Three attempts; redirects are not followed; any 2xx is success. Messages name the host alone.
// Throws Error{kUsage} for what is no https URL (with allow_private, http on loopback is one), and
// Error{kAlertNotSent}.
void post_alert(const WebPost& post, const Stop& stop);

}  // namespace drift::reporters
