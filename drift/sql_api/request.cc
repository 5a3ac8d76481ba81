#include "drift/sql_api/request.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>
#include <vector>

#include "drift/base/error.h"
#include "drift/base/text.h"
#include "drift/sql/sql_text.h"

namespace drift::sql_api {
namespace {

using sql::JsonMember;
using sql::JsonValue;
using Kind = JsonValue::Kind;

// A bit for each action, so that a key can say which ones it goes with.
constexpr unsigned bit(Action action) { return 1U << static_cast<unsigned>(action); }

struct NamedAction {
  std::string_view name;
  Action action;
};
constexpr std::array<NamedAction, 9> kActions = {{
    {"query", Action::kQuery},
    {"mutate", Action::kMutate},
    {"tables", Action::kTables},
    {"schema", Action::kSchema},
    {"count", Action::kCount},
    {"version", Action::kVersion},
    {"snapshot", Action::kSnapshot},
    {"health", Action::kHealth},
    {"dry_run", Action::kDryRun},
}};
constexpr std::array<NamedAction, 4> kOperations = {{
    {"execute_query", Action::kExecuteQuery},
    {"execute_query_one", Action::kExecuteQueryOne},
    {"execute_many", Action::kExecuteMany},
    {"health_check", Action::kHealthCheck},
}};

constexpr unsigned kInsert = bit(Action::kInsert);
constexpr unsigned kAll = (kInsert << 1U) - 1;  // it is the last of them
// Of the whole catalog; "table" names the version table.
constexpr unsigned kCatalog = bit(Action::kSnapshot) | bit(Action::kHealth);
constexpr unsigned kOneTable = bit(Action::kSchema) | bit(Action::kCount);
constexpr unsigned kPaged = bit(Action::kQuery) | bit(Action::kExecuteQuery);
constexpr unsigned kWithRows = kPaged | bit(Action::kExecuteQueryOne) | bit(Action::kMutate);
constexpr unsigned kOperation = bit(Action::kExecuteQuery) | bit(Action::kExecuteQueryOne) |
                                bit(Action::kExecuteMany) | bit(Action::kHealthCheck);
constexpr unsigned kWithSql = kWithRows | bit(Action::kExecuteMany);
// Its statement has a key of its own: a function that knows no dry run must not take it for a
// change and make it.
constexpr unsigned kTried = bit(Action::kDryRun);

struct Key {
  std::string_view name;
  unsigned actions;  // that it goes with
};
constexpr std::array<Key, 21> kKeys = {{
    {"action", kAll},
    {"operation", kAll},
    {"query", kWithSql},
    {"sql", kWithSql},
    {"statement", kTried},
    {"params", kWithSql | kTried},
    {"params_list", bit(Action::kExecuteMany)},
    {"return_dict", kOperation},
    {"data", kInsert},
    {"table", kInsert | kOneTable | kCatalog},
    {"schema", kInsert | kOneTable | bit(Action::kTables) | kCatalog},
    {"rows", kWithRows},
    {"max_rows", kPaged},
    {"cursor", kPaged},
    {"timeout_ms", kAll & ~kCatalog},
    {"actor", kAll},
    {"idempotency_key", kInsert | (kWithSql & ~bit(Action::kQuery))},
    {"read_only", kAll},
    {"row_security", kInsert | kWithSql | kTried | bit(Action::kCount)},
    {"page", bit(Action::kSnapshot)},
    {"digest", bit(Action::kSnapshot)},
}};

[[noreturn]] void refuse(const std::string& message, const std::string& hint = {}) {
  throw Error{Fault::kUsage, message, hint};
}

constexpr const char* kSeeDocs = "docs/sql-api.md describes every request";

std::string shown(std::string_view name) { return "\"" + sql::one_line(name, 40) + "\""; }

class RequestReader {
 public:
  RequestReader(const JsonValue& object, Envelope served) : object_(object) {
    const bool proxy = served == Envelope::kProxy || object.find("params_list") != nullptr ||
                       object.find("return_dict") != nullptr;
    of_proxy_ = proxy && object.find_set("operation") != nullptr;
    if (of_proxy_ || is_insert()) request_.envelope = Envelope::kProxy;
  }

  Envelope envelope() const { return request_.envelope; }

  Request read() {
    require_known_keys();
    request_.action = action();
    for (const JsonMember& member : object_.members) require_fitting(member);
    read_sql();
    if (const JsonValue* params = object_.find_set(params_key())) request_.params = *params;
    require_params();
    request_.table = text("table", kMaxNameCharacters);
    request_.schema = text("schema", kMaxNameCharacters);
    if (request_.action == Action::kInsert) read_insert();
    if ((bit(request_.action) & kOneTable) != 0 && request_.table.empty()) {
      refuse(fmt::format("{} needs the name of a table", action_name(request_.action)),
             "{\"action\": \"" + std::string(action_name(request_.action)) +
                 "\", \"table\": \"NAME\"}");
    }
    request_.rows = row_shape();
    request_.max_rows = number("max_rows", 1'000'000);
    request_.cursor = text("cursor", kMaxNameCharacters);
    if (!request_.cursor.empty() && !request_.max_rows) {
      refuse("\"cursor\" needs \"max_rows\"",
             "send the same request as before, with the cursor that its answer gave");
    }
    request_.digest = text("digest", kMaxNameCharacters);
    if (const auto page = number("page", 1000)) request_.page = *page;
    if (request_.page > 1 && request_.digest.empty()) {
      refuse("\"page\" needs \"digest\"", "send the digest that the first page's answer gave");
    }
    if (const auto timeout = number("timeout_ms", 900'000)) {
      request_.timeout = std::chrono::milliseconds{*timeout};
    }
    request_.actor = text("actor", kMaxNameCharacters);
    request_.idempotency_key = text("idempotency_key", kMaxNameCharacters);
    request_.read_only = flag("read_only");
    request_.row_security = flag("row_security");
    return std::move(request_);
  }

 private:
  bool is_insert() const {
    constexpr std::array<std::string_view, 4> kOthers = {"action", "operation", "query", "sql"};
    return object_.find_set("data") != nullptr &&
           std::none_of(kOthers.begin(), kOthers.end(),
                        [&](std::string_view key) { return object_.find_set(key) != nullptr; });
  }

  void require_known_keys() const {
    std::vector<std::string> known;
    for (const Key& key : kKeys) known.emplace_back(key.name);
    for (const JsonMember& member : object_.members) {
      if (std::find(known.begin(), known.end(), member.key) != known.end()) continue;
      if (member.key == "body" && member.value.is(Kind::kString)) {
        refuse("the request is one of API Gateway or of a function URL",
               "invoke the function itself: its answers go to no browser, and who may ask is "
               "decided by lambda:InvokeFunction");
      }
      const std::string near = nearest(member.key, known);
      refuse(fmt::format("unknown key {}", shown(member.key)),
             near.empty() ? kSeeDocs : fmt::format("did you mean \"{}\"?", near));
    }
  }

  Action action() const {
    const JsonValue* action = object_.find_set("action");
    const JsonValue* operation = object_.find_set("operation");
    if (action != nullptr && operation != nullptr) {
      refuse("the request names both an action and an operation", "send one of them");
    }
    if (action != nullptr) return named(*action, "action", kActions);
    if (operation != nullptr) return named(*operation, "operation", kOperations);
    // The two requests that name neither, as people have always sent them.
    const bool query = object_.find_set("query") != nullptr;
    const bool sql = object_.find_set("sql") != nullptr;
    if (is_insert()) return Action::kInsert;
    if (query && !sql) return Action::kQuery;
    if (sql && !query) return Action::kMutate;
    if (query) refuse("the request has both \"query\" and \"sql\"", "send one of them");
    refuse("the request says nothing to do",
           "send {\"query\": \"SELECT ...\"}, {\"sql\": \"INSERT ...\"}, or an \"action\"");
  }

  template <std::size_t kSize>
  static Action named(const JsonValue& value, std::string_view key,
                      const std::array<NamedAction, kSize>& all) {
    if (!value.is(Kind::kString)) wrong_kind(key, "a string", value);
    std::vector<std::string> names;
    for (const NamedAction& one : all) {
      if (value.text == one.name) return one.action;
      names.emplace_back(one.name);
    }
    const std::string near = nearest(value.text, names);
    refuse(fmt::format("unknown {} {}", key, shown(value.text)),
           near.empty() ? fmt::format("one of {}", fmt::join(names, ", "))
                        : fmt::format("did you mean \"{}\"?", near));
  }

  static bool is_empty(const JsonValue& value) {
    return (value.is(Kind::kList) || value.is(Kind::kObject)) && value.items.empty() &&
           value.members.empty();
  }

  // Clients of the proxy send every key with every operation, empty where it is for another one.
  bool is_left_empty(const JsonMember& member) const {
    const JsonValue& value = member.value;
    if (!of_proxy_ || value.is(Kind::kNull)) return of_proxy_;
    if (member.key == "return_dict") return value.is(Kind::kBool);
    if (member.key == "query") return value.is(Kind::kString) && value.text.empty();
    return (member.key == "params" || member.key == "params_list") && is_empty(value);
  }

  void require_fitting(const JsonMember& member) const {
    if (is_left_empty(member)) return;
    const std::string_view key = member.key;
    const bool of_pages = key == "rows" || key == "max_rows" || key == "cursor";
    if (of_pages && of_proxy_) {
      refuse(fmt::format("\"{}\" does not go with the proxy's envelope", key),
             "leave \"params_list\" and \"return_dict\" out for an answer with pages and types");
    }
    const auto* known =
        std::find_if(kKeys.begin(), kKeys.end(), [&](const Key& one) { return one.name == key; });
    if ((known->actions & bit(request_.action)) != 0) return;
    refuse(fmt::format("\"{}\" does not go with {}", key, action_name(request_.action)), kSeeDocs);
  }

  void read_sql() {
    if (request_.action == Action::kDryRun) {
      request_.sql = text("statement", kMaxSqlCharacters);
      require_sql("send it as \"statement\"");
    }
    if ((bit(request_.action) & kWithSql) == 0) return;
    if (object_.find_set("query") != nullptr && object_.find_set("sql") != nullptr) {
      refuse("the request has both \"query\" and \"sql\"", "send one of them");
    }
    request_.sql = text("query", kMaxSqlCharacters);
    if (request_.sql.empty()) request_.sql = text("sql", kMaxSqlCharacters);
    require_sql("send it as \"query\" or \"sql\"");
  }

  void require_sql(const char* hint) const {
    if (request_.sql.find_first_not_of(" \t\r\n") != std::string::npos) return;
    refuse(fmt::format("{} needs a statement", action_name(request_.action)), hint);
  }

  // The proxy's callers name the runs of execute_many by a key of their own.
  std::string_view params_key() const {
    const bool own = of_proxy_ && request_.action == Action::kExecuteMany &&
                     object_.find_set("params_list") != nullptr;
    return own ? "params_list" : "params";
  }

  // INSERT INTO of what "data" has, as a statement with its values in params.
  void read_insert() {
    const JsonValue& data = *object_.find_set("data");
    if (!data.is(Kind::kObject)) wrong_kind("data", "an object", data);
    if (request_.table.empty()) {
      refuse("an insert needs the name of a table",
             "{\"schema\": \"NAME\", \"table\": \"NAME\", \"data\": {\"COLUMN\": VALUE}}");
    }
    if (data.members.empty()) refuse("\"data\" has no column");
    std::string columns, places;
    request_.params.kind = Kind::kList;
    for (const JsonMember& member : data.members) {
      const bool first = request_.params.items.empty();
      request_.params.items.push_back(member.value);
      columns += (first ? "" : ", ") + name_in_sql(member.key);
      places += fmt::format("{}${}", first ? "" : ", ", request_.params.items.size());
    }
    const std::string schema = request_.schema.empty() ? "" : name_in_sql(request_.schema) + ".";
    request_.sql = fmt::format("INSERT INTO {}{} ({}) VALUES ({})", schema,
                               name_in_sql(request_.table), columns, places);
  }

  // Exactly this name: a longer one would be cut, and could then be another's.
  static std::string name_in_sql(const std::string& name) {
    constexpr std::size_t kMostBytes = 63;
    if (name.empty() || name.size() > kMostBytes) {
      refuse(fmt::format("{} is not a name: PostgreSQL's have 1 to {} bytes", shown(name),
                         kMostBytes));
    }
    return sql::quoted_identifier(name);
  }

  void require_params() const {
    if (request_.action == Action::kInsert) return;
    const JsonValue* other = object_.find_set("params");
    if (params_key() == "params_list" && other != nullptr && !is_empty(*other)) {
      refuse("the request has both \"params\" and \"params_list\"", "send one of them");
    }
    const JsonValue& params = request_.params;
    if (request_.action == Action::kExecuteMany) {
      if (!params.is(Kind::kList)) {
        if (params_key() == "params_list")
          wrong_kind("params_list", "a list of lists or objects", params);
        refuse("execute_many needs \"params\", a list with the parameters of each run");
      }
      // psycopg's executemany does nothing then.
      if (params.items.empty() && !of_proxy_) {
        refuse("execute_many needs the parameters of one run at least");
      }
      for (const JsonValue& run : params.items) {
        if (run.is(Kind::kList) || run.is(Kind::kObject)) continue;
        wrong_kind("params", "a list of lists or objects, one for each run", run);
      }
      return;
    }
    if (params.is(Kind::kNull) || params.is(Kind::kList) || params.is(Kind::kObject)) return;
    wrong_kind("params", "a list or an object", params);
  }

  RowShape row_shape() const {
    // The second team's clients look values up by name, those of the first by place.
    const bool by_name = request_.action == Action::kExecuteQuery ||
                         request_.action == Action::kExecuteQueryOne ||
                         request_.action == Action::kExecuteMany;
    if (of_proxy_) {
      return flag("return_dict") ? RowShape::kObjects : RowShape::kLists;
    }
    const JsonValue* value = object_.find_set("rows");
    if (value == nullptr) return by_name ? RowShape::kObjects : RowShape::kLists;
    if (value->is(Kind::kString) && value->text == "lists") return RowShape::kLists;
    if (value->is(Kind::kString) && value->text == "objects") return RowShape::kObjects;
    refuse("\"rows\" is neither \"lists\" nor \"objects\"");
  }

  std::string text(std::string_view key, std::size_t most) const {
    const JsonValue* value = object_.find_set(key);
    if (value == nullptr) return {};
    if (!value->is(Kind::kString)) wrong_kind(key, "a string", *value);
    if (characters(value->text) > most) {
      refuse(fmt::format("\"{}\" is longer than {} characters", key, most));
    }
    return value->text;
  }

  std::optional<std::size_t> number(std::string_view key, std::size_t most) const {
    const JsonValue* value = object_.find_set(key);
    if (value == nullptr) return {};
    // JSON has one kind of number: 10.0 and 1e1 are 10. What is allowed is exact as a double.
    double number = 0;
    const char* end = value->text.data() + value->text.size();
    const auto [rest, failure] = std::from_chars(value->text.data(), end, number);
    if (!value->is(Kind::kNumber) || failure != std::errc{} || rest != end || number < 1 ||
        number > static_cast<double>(most) || number != std::floor(number)) {
      refuse(fmt::format("\"{}\" is not a whole number from 1 to {}", key, most));
    }
    return static_cast<std::size_t>(number);
  }

  bool flag(std::string_view key) const {
    const JsonValue* value = object_.find_set(key);
    if (value == nullptr) return false;
    if (!value->is(Kind::kBool)) wrong_kind(key, "true or false", *value);
    return value->text == "true";
  }

  [[noreturn]] static void wrong_kind(std::string_view key, std::string_view wanted,
                                      const JsonValue& value) {
    refuse(fmt::format("\"{}\" is {}, not {}", key, sql::description_of(value), wanted));
  }

  const JsonValue& object_;
  bool of_proxy_ = false;  // an operation as the DB proxy's callers send it
  Request request_;
};

Error no_name() {
  return {Fault::kUsage, "invalid \"table\": not the name of a table",
          "write it as in SQL: users, public.users, \"Odd Name\""};
}

}  // namespace

std::string_view action_name(Action action) {
  for (const NamedAction& one : kActions) {
    if (one.action == action) return one.name;
  }
  for (const NamedAction& one : kOperations) {
    if (one.action == action) return one.name;
  }
  return action == Action::kInsert ? "insert" : "";
}

Request read_request(std::string_view payload, Envelope served, Envelope* answered) {
  if (answered != nullptr) *answered = served;
  if (payload.empty()) refuse("the request is empty", kSeeDocs);
  auto read = sql::read_json(payload);
  if (const auto* refusal = std::get_if<sql::JsonRefusal>(&read)) {
    refuse("the request " + refusal->reason, kSeeDocs);
  }
  const JsonValue value = std::get<JsonValue>(std::move(read));
  if (!value.is(Kind::kObject)) {
    refuse(fmt::format("the request is {}, not an object", sql::description_of(value)), kSeeDocs);
  }
  RequestReader reader(value, served);
  if (answered != nullptr) *answered = reader.envelope();
  return reader.read();
}

TableName table_name(std::string_view text, std::string_view schema) {
  std::vector<std::string> parts;
  bool quoted = false;
  std::size_t at = 0;
  do {
    std::string part;
    if (at < text.size() && text[at] == '"') {
      quoted = true;
      for (++at;; ++at) {
        if (at >= text.size()) throw no_name();
        if (text[at] == '"') {
          ++at;
          if (at >= text.size() || text[at] != '"') break;
        }
        part += text[at];
      }
    } else {
      while (at < text.size() && text[at] != '.' && text[at] != '"') {
        part += ascii_lower(text[at++]);
      }
    }
    if (part.empty()) throw no_name();
    parts.push_back(part);
  } while (at < text.size() && text[at++] == '.');
  if (at < text.size() || (!text.empty() && text.back() == '.') || parts.size() > 2)
    throw no_name();

  TableName name;
  name.table = parts.back();
  if (parts.size() == 2) name.schema = parts.front();
  if (parts.size() == 1 && !quoted) name.verbatim = text;
  if (schema.empty()) return name;
  if (parts.size() == 2 && name.schema != schema) {
    throw Error{Fault::kUsage, "\"table\" and \"schema\" name different schemas",
                "send one of them"};
  }
  name.schema = schema;
  return name;
}

}  // namespace drift::sql_api
