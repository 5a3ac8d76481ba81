// What refuses a call may be anybody: a proxy, a captive portal, an endpoint that is none of AWS's.
// Input: a line of headers ("name=value;name=value"), then the body.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "drift/aws/client.h"
#include "drift/aws/retry_rules.h"
#include "drift/aws/service_error.h"
#include "drift/base/printable.h"
#include "drift/base/secrets.h"
#include "drift/http/http.h"

namespace {

constexpr char kSecret[] = "S3CRET-0123456789";

void require(bool condition) {
  if (!condition) std::abort();
}

void require_showable(const std::string& text, std::size_t most) {
  require(text.size() <= most);
  require(drift::printable(text) == text);
  // A replaced secret leaves no other one; "***" may stand in the middle of what looks like one.
  require(text.find(kSecret) == std::string::npos);
}

drift::HttpHeaders read_headers(const std::string& line) {
  drift::HttpHeaders headers;
  std::size_t start = 0;
  while (start < line.size()) {
    std::size_t end = line.find(';', start);
    if (end == std::string::npos) end = line.size();
    const std::string header = line.substr(start, end - start);
    const std::size_t equals = header.find('=');
    if (equals != std::string::npos) {
      headers.emplace_back(header.substr(0, equals), header.substr(equals + 1));
    }
    start = end + 1;
  }
  return headers;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  const std::size_t line = input.find('\n');
  drift::HttpResponse response;
  response.status = size % 2 == 0 ? 403 : 503;
  response.headers = read_headers(input.substr(0, line));
  if (line != std::string::npos) response.body = input.substr(line + 1);

  static const bool remembered = [] {
    drift::remember_secret(kSecret);
    return true;
  }();
  require(remembered);
  const auto error = drift::aws::parse_service_error(response);
  require(error.status == response.status);
  require_showable(error.code, 128);
  require_showable(error.message, 600);
  require_showable(error.request_id, 128);
  require_showable(error.region, 128);
  drift::aws::server_time(response);
  if (const auto wait = drift::aws::retry_after(response)) require(wait->count() >= 0);

  drift::aws::Call call;
  call.operation = "s3:PutObject";
  call.resource = "arn:aws:s3:::reports/a.json";
  for (const auto service : {drift::aws::Service::kS3, drift::aws::Service::kLambda}) {
    call.service = service;
    drift::aws::retry_rule(service, error);
    const drift::Error told =
        drift::aws::named(call, drift::aws::refusal(call, error, "environment"));
    require_showable(told.what(), 2000);
    require_showable(told.hint, 4000);
    require(!told.hint.empty());
  }
  return 0;
}
