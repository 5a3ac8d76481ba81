#include "drift/aws/services/sns.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "drift/aws/arn.h"
#include "drift/aws/digest.h"
#include "drift/aws/xml.h"
#include "drift/base/error.h"
#include "drift/base/printable.h"

namespace drift::aws {
namespace {

std::string region_of_topic(const std::string& arn) { return read_arn(ArnOf::kTopic, arn).region; }

// https://docs.aws.amazon.com/general/latest/gr/sns.html#limits_sns: 256 KiB, attributes included.
constexpr std::size_t kLargestPublication = 256 * 1024;
constexpr std::size_t kLongestSubject = 100;
constexpr std::size_t kLongestId = 128;
// Ten pages: nobody reads further, and a server that pages for ever is not followed.
constexpr std::size_t kMaxSubscriptions = 1'000;

// What names a target may hold more than SNS takes for an id.
std::string fit_id(const std::string& id) {
  const bool fits = id.size() <= kLongestId &&
                    std::all_of(id.begin(), id.end(), [](char c) { return c > ' ' && c < 0x7f; });
  return fits ? id : sha256_hex(id);
}

// What `action` answers about the topic, a document that holds an element `action`Result.
pugi::xml_document ask(Session& session, const std::string& topic_arn, const std::string& action,
                       const std::string& token, const Stop& stop) {
  Call call;
  call.service = Service::kSns;
  call.region = region_of_topic(topic_arn);
  call.operation = "sns:" + action;
  call.resource = topic_arn;
  call.max_response_bytes = 1u << 20;
  Form form{{"Action", action}, {"Version", "2010-03-31"}, {"TopicArn", topic_arn}};
  if (!token.empty()) form.emplace_back("NextToken", token);
  set_form(call, form);
  const HttpResponse response = Client(session).call(call, stop);
  pugi::xml_document document = parse_xml(response.body);
  if (first_element(document, action + "Result")) return document;
  throw Error{Fault::kAwsFailed,
              fmt::format("{} on {} was answered with success, but not by SNS (no {}Result)",
                          call.operation, printable(call.resource), action),
              "a proxy may have answered: check HTTPS_PROXY and AWS_ENDPOINT_URL_SNS"};
}

}  // namespace

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
  const pugi::xml_document document = parse_xml(response.body);
  std::string id = xml_text(first_element(document, "MessageId"));
  if (id.empty()) {
    throw Error{Fault::kAwsFailed,
                fmt::format("{} on {} was answered with success, but not by SNS (no MessageId)",
                            call.operation, printable(call.resource)),
                "a proxy may have answered: check HTTPS_PROXY and AWS_ENDPOINT_URL_SNS"};
  }
  return id;
}

std::map<std::string, std::string> topic_attributes(Session& session, const std::string& topic_arn,
                                                    const Stop& stop) {
  const pugi::xml_document document = ask(session, topic_arn, "GetTopicAttributes", "", stop);
  std::map<std::string, std::string> attributes;
  for (const auto& entry : first_element(document, "Attributes").children("entry")) {
    attributes[xml_text(entry.child("key"))] = xml_text(entry.child("value"));
  }
  return attributes;
}

std::vector<Subscription> topic_subscriptions(Session& session, const std::string& topic_arn,
                                              const Stop& stop) {
  std::vector<Subscription> all;
  std::string token;
  do {
    const pugi::xml_document document =
        ask(session, topic_arn, "ListSubscriptionsByTopic", token, stop);
    for (const auto& member : first_element(document, "Subscriptions").children("member")) {
      all.push_back({xml_text(member.child("SubscriptionArn")), xml_text(member.child("Protocol")),
                     xml_text(member.child("Endpoint"))});
    }
    token = xml_text(first_element(document, "NextToken"));
  } while (!token.empty() && all.size() < kMaxSubscriptions);
  return all;
}

}  // namespace drift::aws
