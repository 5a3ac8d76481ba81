#include "drift/aws/arn.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <vector>

#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/base/text.h"

namespace drift::aws {
namespace {

bool consists_of(std::string_view text, std::string_view others) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return is_alnum(c) || others.find(c) != std::string_view::npos;
  });
}

struct Form {
  ArnOf what;
  std::string_view noun;
  std::string_view service;
  std::string_view before;  // what stands before the name in the resource
  std::string_view others;  // what the name has besides letters and digits
  std::string_view shown;
};

// https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_RequestSyntax
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_Role.html
// https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
// '!' stands in the names of secrets that RDS makes itself: "rds!db-...".
constexpr Form kForms[] = {
    {ArnOf::kFunction, "a Lambda function", "lambda", "function:", "-_:$.",
     "arn:aws:lambda:REGION:ACCOUNT:function:NAME"},
    {ArnOf::kRole, "a role", "iam", "role/", "+=,.@-_/", "arn:aws:iam::ACCOUNT:role/NAME"},
    {ArnOf::kSecret, "a Secrets Manager secret", "secretsmanager", "secret:", "/_+=.@-!",
     "arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME"},
    {ArnOf::kTopic, "an SNS topic", "sns", "", "-_", "arn:aws:sns:REGION:ACCOUNT:NAME"},
};

// What is wrong, "" where nothing is.
std::string problem(const Form& form, const std::vector<std::string_view>& fields) {
  if (fields.size() != 6 || fields[0] != "arn") return "not an ARN";
  if (!fields[1].starts_with("aws") || !consists_of(fields[1], "-")) return "no partition";
  if (fields[2] != form.service) {
    return fmt::format("its service is \"{}\", not {}", shortened(fields[2]), form.service);
  }
  const bool has_region = form.what != ArnOf::kRole;
  if (has_region && fields[3].empty()) return "no region";
  if (!has_region && !fields[3].empty()) return "its region is not left out";
  if (has_region && !is_region(fields[3])) {
    return fmt::format("\"{}\" is not a region", shortened(fields[3]));
  }
  if (fields[4].empty()) return "no account";
  if (fields[4].size() != 12 || !std::all_of(fields[4].begin(), fields[4].end(), is_digit)) {
    return "an account has twelve digits";
  }
  std::string_view name = fields[5];
  if (!name.starts_with(form.before)) return fmt::format("no \"{}\"", form.before);
  name.remove_prefix(form.before.size());
  if (form.what == ArnOf::kTopic && name.ends_with(".fifo")) name.remove_suffix(5);
  if (name.empty()) return "no name";
  return consists_of(name, form.others) ? "" : "not a name that it can have";
}

}  // namespace

bool is_arn(std::string_view text) { return text.starts_with("arn:"); }

Arn read_arn(ArnOf what, std::string_view text) {
  const Form& form = *std::find_if(std::begin(kForms), std::end(kForms),
                                   [&](const Form& one) { return one.what == what; });
  const std::vector<std::string_view> fields = split(text, ':', 6);
  const std::string wrong = problem(form, fields);
  if (!wrong.empty()) {
    throw Error{Fault::kUsage,
                fmt::format("invalid ARN of {} \"{}\": {}", form.noun, shortened(text, 200), wrong),
                fmt::format("write {}", form.shown)};
  }
  return {std::string(fields[2]), std::string(fields[3]), std::string(fields[5])};
}

std::string secret_name(std::string_view arn) {
  constexpr std::size_t kAdded = 7;
  std::string_view name = arn.substr(arn.rfind(':') + 1);
  if (name.size() > kAdded) {
    const std::string_view end = name.substr(name.size() - kAdded);
    if (end.front() == '-' && consists_of(end.substr(1), "")) name.remove_suffix(kAdded);
  }
  return std::string(name);
}

bool is_region(std::string_view text) {
  return !text.empty() && text.size() <= 63 && text.front() != '-' && text.back() != '-' &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return c == ascii_lower(c) && (is_alnum(c) || c == '-'); });
}

}  // namespace drift::aws
