#include "drift/http/failure.h"

#include <fmt/format.h>

#include <string_view>
#include <system_error>

#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "drift/http/http.h"
#include "drift/http/origin.h"

namespace drift {
namespace {

constexpr char kTryAgain[] = "try again; a service that stays like this may have an outage";
constexpr char kNetwork[] =
    "check the network: security groups, routes, VPC endpoints and HTTPS_PROXY";

// The system's words for errno, as the rest of a sentence.
std::string system_words(int error) {
  std::string words = std::generic_category().message(error);
  if (!words.empty()) words.front() = ascii_lower(words.front());
  return words;
}

std::string seconds(std::chrono::milliseconds time) {
  return fmt::format("{:g} s", static_cast<double>(time.count()) / 1000.0);
}

// What libcurl says of a certificate, without its own beginning. A certificate's names come from
// the server, so that case has words of ours.
std::string certificate_words(const std::string& text) {
  if (text.find("certificate subject name") != std::string::npos ||
      text.find("subject name matches") != std::string::npos) {
    return "it is for another name";
  }
  constexpr std::string_view kBeginning = "SSL certificate problem: ";
  const std::size_t found = text.find(kBeginning);
  return printable(found == std::string::npos ? text : text.substr(found + kBeginning.size()));
}

Error error_of(const HttpFailure& failure, const HttpRequest& request, const Origin& origin,
               const std::string& ca_bundle) {
  using Kind = HttpFailure::Kind;
  const std::string& host = origin.authority;
  const std::string call = request.method + ' ' + host;
  const auto failed = [](const std::string& message, const std::string& hint, bool again) {
    return Error{Fault::kHttpFailed, message, hint, again};
  };
  const auto timed_out = [](const std::string& message, const std::string& hint) {
    return Error{Fault::kTimedOut, message, hint, true};
  };

  switch (failure.kind) {
    case Kind::kNameUnknown:
      return failed(fmt::format("cannot reach {}: the name cannot be resolved", host),
                    "check the region and the endpoint; inside a VPC, its DNS settings", true);
    case Kind::kProxyUnknown:
      return failed(fmt::format("cannot reach {}: the proxy's name cannot be resolved", host),
                    "check HTTPS_PROXY and NO_PROXY", true);
    case Kind::kProxyRefused:
      return failed(
          fmt::format("cannot reach {}: the proxy answered {}", host, failure.proxy_status),
          "check the user and password in HTTPS_PROXY, and what the proxy lets through",
          failure.proxy_status >= 500);
    case Kind::kProxy:
      return failed(fmt::format("cannot reach {}: the proxy cannot be used", host),
                    "check HTTPS_PROXY and NO_PROXY", true);
    case Kind::kNotConnected:
      return failed(fmt::format("cannot reach {}: {}", host,
                                failure.os_error != 0 ? system_words(failure.os_error)
                                                      : printable(failure.text)),
                    kNetwork, true);
    case Kind::kPrivateAddress:
      return failed(fmt::format("{} is at an address of a private network, or a proxy is", host),
                    "say --allow-private-webhooks where that is meant", false);
    case Kind::kConnectTimeout:
      return timed_out(fmt::format("cannot reach {}: no connection within {}", host,
                                   seconds(std::min(request.connect_timeout, request.timeout))),
                       kNetwork);
    case Kind::kNoAnswerInTime:
      return timed_out(fmt::format("{}: no answer within {}", call, seconds(request.timeout)),
                       kTryAgain);
    case Kind::kNotCompleteInTime:
      return timed_out(
          fmt::format("{}: the answer was not complete within {}", call, seconds(request.timeout)),
          kTryAgain);
    case Kind::kStalled:
      return timed_out(fmt::format("{}: the answer stopped for {} after {} bytes", call,
                                   seconds(request.stall_timeout), failure.received),
                       kTryAgain);
    case Kind::kCertificate:
      return failed(
          fmt::format("the certificate of {} is not trusted: {}", host,
                      certificate_words(failure.text)),
          "name the file of the authority that signed it in --ca-file, if it is meant to answer",
          false);
    case Kind::kCaBundle:
      return failed(
          fmt::format("cannot read certificate authorities from {}", ca_bundle),
          "AWS_CA_BUNDLE (ca_bundle in a profile), SSL_CERT_FILE and the like name a file of PEM "
          "certificates",
          false);
    case Kind::kTls:
      return failed(fmt::format("cannot agree on TLS with {}: {}", host,
                                failure.os_error != 0 ? system_words(failure.os_error)
                                                      : printable(failure.text)),
                    "check that the address and port speak TLS 1.2 or newer", true);
    case Kind::kClosed:
      return failed(fmt::format("{}: the connection was closed without an answer", call), kTryAgain,
                    true);
    case Kind::kBroken:
      return failed(fmt::format("{}: the connection broke{}", call,
                                failure.os_error != 0 ? ": " + system_words(failure.os_error) : ""),
                    kTryAgain, true);
    case Kind::kCut:
      return failed(
          fmt::format("{}: the answer was cut off after {} bytes", call, failure.received),
          kTryAgain, true);
    case Kind::kBodyTooLong:
      return failed(
          fmt::format("{}: the answer is longer than {} bytes", call, request.max_response_bytes),
          "find out what answers there; nothing that is asked for is that long", false);
    case Kind::kHeadersTooLong:
      return failed(fmt::format("{}: the headers of the answer do not end", call),
                    "find out what answers there; no service sends headers like that", false);
    case Kind::kNotHttp:
      return failed(fmt::format("{}: the answer is not HTTP", call),
                    "check the address and port, and whether it wants https", false);
    case Kind::kNone:
    case Kind::kStopped:
    case Kind::kOther: break;
  }
  return failed(fmt::format("{} failed: {}", call, printable(failure.text)), kTryAgain, true);
}

}  // namespace

HttpError http_error(const HttpFailure& failure, const HttpRequest& request, const Origin& origin,
                     const std::string& ca_bundle) {
  return {error_of(failure, request, origin, ca_bundle), failure.kind};
}

}  // namespace drift
