#include "drift/sql/connection_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "drift/base/error.h"
#include "drift/base/text.h"
#include "drift/sql/database_location.h"
#include "drift/sql/sql_text.h"
#include "drift/sql/strict_json.h"

namespace drift::sql {
namespace {

constexpr const char* kHint =
    "a connection takes host, port, username, password and dbname: add what is missing, or give "
    "ssm:/PATH with parameters for the rest";

enum class Field { kHost, kPort, kUser, kPassword, kDatabase, kSecret, kEngine };

// A spelling, folded (see folded()). Of several for one field those of the lowest rank count.
struct Spelling {
  std::string_view name;
  Field field;
  int rank = 0;
};
constexpr int kProxy = 2;
constexpr int kReader = 3;
constexpr std::array<Spelling, 47> kSpellings = {{
    {"writerendpoint", Field::kHost, 0},
    {"writerhost", Field::kHost, 0},
    {"clusterendpoint", Field::kHost, 0},
    {"host", Field::kHost, 1},
    {"hostname", Field::kHost, 1},
    {"dbhost", Field::kHost, 1},
    {"databasehost", Field::kHost, 1},
    {"endpoint", Field::kHost, 1},
    {"endpointaddress", Field::kHost, 1},
    {"dbendpoint", Field::kHost, 1},
    {"address", Field::kHost, 1},
    {"proxyendpoint", Field::kHost, kProxy},
    {"proxyhost", Field::kHost, kProxy},
    {"readerendpoint", Field::kHost, kReader},
    {"readerhost", Field::kHost, kReader},
    {"readendpoint", Field::kHost, kReader},
    {"readonlyendpoint", Field::kHost, kReader},
    {"port", Field::kPort},
    {"dbport", Field::kPort},
    {"databaseport", Field::kPort},
    {"endpointport", Field::kPort},
    {"dbname", Field::kDatabase},
    {"database", Field::kDatabase},
    {"databasename", Field::kDatabase},
    {"db", Field::kDatabase},
    {"name", Field::kDatabase, 1},
    {"user", Field::kUser},
    {"username", Field::kUser},
    {"dbuser", Field::kUser},
    {"dbusername", Field::kUser},
    {"databaseuser", Field::kUser},
    {"databaseusername", Field::kUser},
    {"password", Field::kPassword},
    {"dbpassword", Field::kPassword},
    {"databasepassword", Field::kPassword},
    {"secretarn", Field::kSecret},
    {"secretid", Field::kSecret},
    {"secretname", Field::kSecret},
    {"secret", Field::kSecret},
    {"credentialsarn", Field::kSecret},
    {"credentialssecret", Field::kSecret},
    {"credentialssecretarn", Field::kSecret},
    {"credentialsecretarn", Field::kSecret},
    {"dbsecretarn", Field::kSecret},
    {"databasesecretarn", Field::kSecret},
    {"dbcredentialssecretarn", Field::kSecret},
    {"engine", Field::kEngine},
}};

std::string folded(std::string_view name) {
  std::string plain;
  for (const char c : name) {
    if (c == '-' || c == '_' || c == '.') continue;
    plain += ascii_lower(c);
  }
  return plain;
}

// What was found for one field.
struct Found {
  std::string key, value;
  int rank = 0;
};

class Fields {
 public:
  explicit Fields(std::string origin) : origin_(std::move(origin)) {}

  void take(const std::string& key, const JsonValue& value) {
    if (value.is(JsonValue::Kind::kNull) || spelling(key) == nullptr) return;
    if (!value.is(JsonValue::Kind::kString) && !value.is(JsonValue::Kind::kNumber)) {
      throw Error{Fault::kConfiguration,
                  fmt::format("{} is {} in {}", one_line(key, 40), description_of(value), origin_),
                  kHint};
    }
    take(key, value.text);
  }

  void take(const std::string& key, const std::string& value) {
    const Spelling* known = spelling(key);
    if (known == nullptr || value.empty()) return;
    Found& found = found_[known->field];
    if (found.key.empty() || known->rank < found.rank) {
      found = {key, value, known->rank};
    } else if (known->rank == found.rank && value != found.value) {
      throw Error{Fault::kConfiguration,
                  fmt::format("{} and {} differ in {}", one_line(found.key, 40), one_line(key, 40),
                              origin_),
                  "both would say the same thing about the connection; take one away"};
    }
  }

  std::string value(Field field) const {
    const auto found = found_.find(field);
    return found == found_.end() ? "" : found->second.value;
  }

  ConnectionRecord record() const {
    require_postgresql();
    ConnectionRecord record;
    record.origin = origin_;
    const auto host = found_.find(Field::kHost);
    if (host != found_.end()) {
      const HostAndPort place = host_and_port(host->second.value);
      record.host = place.host;
      record.port = place.port;
      record.reader = host->second.rank == kReader;
    }
    if (record.port.empty()) record.port = value(Field::kPort);
    record.user = value(Field::kUser);
    record.password = value(Field::kPassword);
    record.dbname = value(Field::kDatabase);
    record.secret = value(Field::kSecret);
    return record;
  }

 private:
  static const Spelling* spelling(const std::string& key) {
    const std::string plain = folded(key);
    const auto* known = std::find_if(kSpellings.begin(), kSpellings.end(),
                                     [&](const Spelling& one) { return one.name == plain; });
    return known == kSpellings.end() ? nullptr : known;
  }

  // "postgres", "aurora-postgresql", ...; another engine's host would only fail less clearly.
  void require_postgresql() const {
    const std::string engine = value(Field::kEngine);
    if (engine.empty() || folded(engine).find("postgres") != std::string::npos) return;
    throw Error{Fault::kConfiguration,
                fmt::format("the engine in {} is {}, not PostgreSQL", origin_,
                            display_identifier(one_line(engine, 40))),
                "schema-drift reads PostgreSQL alone"};
  }

  std::string origin_;
  std::map<Field, Found> found_;
};

}  // namespace

ConnectionRecord record_of_secret(const std::string& text, const std::string& secret_id) {
  const std::string secret = "the secret " + one_line(secret_id, 200);
  const auto read = read_json(text);
  if (const auto* refusal = std::get_if<JsonRefusal>(&read)) {
    throw Error{Fault::kConfiguration, fmt::format("{} {}", secret, refusal->reason), kHint};
  }
  const JsonValue& object = std::get<JsonValue>(read);
  if (!object.is(JsonValue::Kind::kObject)) {
    throw Error{Fault::kConfiguration,
                fmt::format("{} is {}, not a JSON object", secret, description_of(object)), kHint};
  }
  Fields fields{object.members.empty()
                    ? secret + ", which is empty"
                    : fmt::format("{}, which has the keys {}", secret, key_list(object))};
  for (const JsonMember& member : object.members) fields.take(member.key, member.value);
  return fields.record();
}

ConnectionRecord record_of_parameters(const std::map<std::string, std::string>& parameters,
                                      const std::string& path) {
  if (parameters.empty()) {
    throw Error{Fault::kConfiguration, fmt::format("there are no parameters under {}", path),
                "give the path whose last level holds host, port and the others, such as "
                "ssm:/app/prod/database"};
  }
  JsonValue names;
  for (const auto& [name, value] : parameters) names.members.push_back({name, {}});
  Fields fields{fmt::format("the parameters under {}, which are {}", path, key_list(names))};
  for (const auto& [name, value] : parameters) {
    if (value.find('\0') != std::string::npos) {
      throw Error{Fault::kConfiguration,
                  fmt::format("the parameter {}/{} holds the character U+0000", path, name), kHint};
    }
    fields.take(name, value);
  }
  return fields.record();
}

ConnectionRecord merged(const ConnectionRecord& first, const ConnectionRecord& second) {
  ConnectionRecord record = first;
  // A port belongs to its host, and a password to its user.
  if (record.host.empty()) {
    record.host = second.host;
    record.reader = second.reader;
    if (!second.port.empty()) record.port = second.port;
  } else if (record.port.empty() && (second.host.empty() || second.host == record.host)) {
    record.port = second.port;
  }
  if (record.password.empty() && !second.password.empty()) {
    record.password = second.password;
    if (!second.user.empty()) record.user = second.user;
  } else if (record.user.empty()) {
    record.user = second.user;
  }
  if (record.dbname.empty()) record.dbname = second.dbname;
  if (record.secret.empty()) record.secret = second.secret;
  if (record.origin.empty()) {
    record.origin = second.origin;
  } else if (!second.origin.empty()) {
    record.origin += "; and " + second.origin;
  }
  return record;
}

ConnectionOptions connection_options(const ConnectionRecord& record, bool needs_password) {
  std::vector<std::string_view> missing;
  if (record.host.empty()) missing.push_back("host");
  if (record.user.empty()) missing.push_back("username");
  if (record.password.empty() && needs_password) missing.push_back("password");
  // libpq would take the user's name for it.
  if (record.dbname.empty()) missing.push_back("dbname");
  if (!missing.empty()) {
    throw Error{Fault::kConfiguration,
                fmt::format("there is no {} in {}", fmt::join(missing, ", no "), record.origin),
                kHint};
  }
  ConnectionOptions options = {{"host", record.host},
                               {"port", record.port.empty() ? "5432" : record.port},
                               {"user", record.user},
                               {"dbname", record.dbname}};
  if (needs_password) options["password"] = record.password;
  return options;
}

}  // namespace drift::sql
