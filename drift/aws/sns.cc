#include "drift/aws/sns.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "drift/aws/digest.h"
#include "drift/aws/form.h"
#include "drift/aws/xml.h"
#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/base/utf8.h"

namespace drift::aws {
namespace {

// https://docs.aws.amazon.com/general/latest/gr/sns.html#limits_sns: 256 KiB, attributes included.
constexpr std::size_t kLargestPublication = 256 * 1024;
constexpr std::size_t kLongestSubject = 100;
constexpr std::size_t kLongestId = 128;

// What names a target may hold more than SNS takes for an id.
std::string fit_id(const std::string& id) {
  const bool fits = id.size() <= kLongestId &&
                    std::all_of(id.begin(), id.end(), [](char c) { return c > ' ' && c < 0x7f; });
  return fits ? id : sha256_hex(id);
}

}  // namespace

std::string region_of_topic(const std::string& arn) {
  std::vector<std::string> fields;
  std::size_t start = 0;
  for (std::size_t end; (end = arn.find(':', start)) != std::string::npos; start = end + 1) {
    fields.push_back(arn.substr(start, end - start));
  }
  fields.push_back(arn.substr(start));
  if (fields.size() == 6 && fields[0] == "arn" && fields[2] == "sns" && !fields[3].empty() &&
      !fields[4].empty() && !fields[5].empty()) {
    return fields[3];
  }
  throw Error{Fault::kConfiguration,
              fmt::format("\"{}\" is no ARN of an SNS topic", printable(arn)),
              "it looks like arn:aws:sns:REGION:ACCOUNT:NAME"};
}

std::string sns_subject(std::string_view text) {
  std::string subject;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    // One '?' a character: the further bytes of a UTF-8 sequence are no characters.
    if (byte >= 0x80 && byte < 0xc0) continue;
    const bool blank = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (blank && subject.empty()) continue;
    subject += blank ? ' ' : byte < 0x20 || byte >= 0x7f ? '?' : c;
  }
  if (subject.size() > kLongestSubject) {
    subject.resize(kLongestSubject - 3);
    subject += "...";
  }
  return subject;
}

std::string sns_message(std::string_view text, std::size_t most) {
  std::string message = valid_utf8(text);
  if (message.size() <= most) return message;
  const std::string note =
      fmt::format("\n[cut: the whole message has {} bytes, more than SNS takes]", message.size());
  message.resize(cut_utf8(message, most - note.size()).size());
  return message + note;
}

std::string publish(Session& session, const Publication& publication, const Stop& stop) {
  Form form{{"Action", "Publish"}, {"Version", "2010-03-31"}, {"TopicArn", publication.topic_arn}};
  Call call;
  call.service = Service::kSns;
  call.region = region_of_topic(publication.topic_arn);
  call.operation = "sns:Publish";
  call.resource = publication.topic_arn;
  call.max_response_bytes = 1u << 20;

  const std::string subject = sns_subject(publication.subject);
  if (!subject.empty()) form.emplace_back("Subject", subject);
  std::size_t size = subject.size();
  int number = 0;
  for (const auto& [name, value] : publication.attributes) {
    if (value.empty()) continue;
    const std::string valid = valid_utf8(value);
    const std::string entry = fmt::format("MessageAttributes.entry.{}.", ++number);
    form.emplace_back(entry + "Name", name);
    form.emplace_back(entry + "Value.DataType", "String");
    form.emplace_back(entry + "Value.StringValue", valid);
    size += name.size() + std::string_view("String").size() + valid.size();
  }
  const std::size_t left = kLargestPublication - std::min(size, kLargestPublication - 200);
  form.emplace_back("Message", sns_message(publication.message, left));
  if (publication.topic_arn.ends_with(".fifo")) {
    form.emplace_back("MessageGroupId", fit_id(publication.group_id));
    if (!publication.deduplication_id.empty()) {
      form.emplace_back("MessageDeduplicationId", fit_id(publication.deduplication_id));
    }
  }
  set_form(call, form);

  const HttpResponse response = Client(session).call(call, stop);
  std::string id = std::move(xml_texts(response.body, {"MessageId"})["MessageId"]);
  if (id.empty()) {
    throw Error{Fault::kAwsFailed,
                fmt::format("{} on {} was answered with success, but not by SNS (no MessageId)",
                            call.operation, printable(call.resource)),
                "a proxy may have answered: check HTTPS_PROXY and AWS_ENDPOINT_URL_SNS"};
  }
  return id;
}

}  // namespace drift::aws
