// Why an HTTP exchange came to nothing, and the words for it.
#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "drift/base/error.h"

namespace drift {

struct HttpRequest;
struct Origin;

struct HttpFailure {
  enum class Kind {
    kNone,
    kStopped,  // by the run's own Stop
    kNameUnknown,
    kProxyUnknown,
    kProxyRefused,
    kProxy,
    kNotConnected,
    kPrivateAddress,
    kConnectTimeout,
    kNoAnswerInTime,
    kNotCompleteInTime,
    kStalled,
    kCertificate,
    kCaBundle,
    kTls,
    kClosed,  // before a byte of the answer
    kBroken,  // on the way
    kCut,     // the body ended early
    kBodyTooLong,
    kHeadersTooLong,
    kNotHttp,
    kOther,
  };
  Kind kind = Kind::kNone;
  std::string text;          // the library's own words
  int os_error = 0;          // errno of the connection, 0 where there is none
  std::size_t received = 0;  // bytes of the body
  int proxy_status = 0;      // what a proxy answered instead of connecting
};

// What HttpClient throws, for who tells the kinds apart.
struct HttpError : Error {
  HttpError(Error error, HttpFailure::Kind the_kind) : Error(std::move(error)), kind(the_kind) {}
  HttpFailure::Kind kind;
};

// The error of it. Its message names method and host and nothing else of the request.
HttpError http_error(const HttpFailure& failure, const HttpRequest& request, const Origin& origin,
                     const std::string& ca_bundle);

}  // namespace drift
