#include <fmt/format.h>

#include <memory>
#include <new>
#include <string>
#include <vector>

#include "drift/aws/sigv4.h"
#include "drift/base/error.h"
#include "drift/sql/connection_plan.h"
#include "drift/sql/libpq.h"
#include "drift/sql/postgres.h"
#include "drift/sql/sql_text.h"

namespace drift::sql {
namespace {

ConnectionOptions as_map(const PQconninfoOption* option) {
  ConnectionOptions found;
  for (; option != nullptr && option->keyword != nullptr; ++option) {
    if (option->val != nullptr && *option->val != '\0') found[option->keyword] = option->val;
  }
  return found;
}

}  // namespace

libpq::Handle libpq::start(const ConnectionOptions& options) {
  std::vector<const char*> keywords;
  std::vector<const char*> values;
  for (const auto& [keyword, value] : options) {
    keywords.push_back(keyword.c_str());
    values.push_back(value.c_str());
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  // expand_dbname = 0: the database's name is a name, whatever it looks like.
  Handle connection(PQconnectStartParams(keywords.data(), values.data(), 0));
  if (!connection) throw std::bad_alloc();
  return connection;
}

ConnectionOptions url_options(const std::string& url) {
  check_database_url(url);
  char* complaint = nullptr;
  const std::unique_ptr<PQconninfoOption, libpq::Finish> options(
      PQconninfoParse(url.c_str(), &complaint));
  const std::unique_ptr<char, libpq::Finish> owned(complaint);
  if (!options) {
    throw Error{Fault::kUsage,
                "the database URL is malformed: " +
                    parse_failure_reason(complaint == nullptr ? "" : complaint),
                "write postgresql://USER@HOST:PORT/DATABASE with special characters "
                "percent-encoded"};
  }
  return as_map(options.get());
}

// libpq tells them only of a connection, so this is one that an impossible value keeps from being
// tried at all.
ConnectionOptions completed_options(const ConnectionOptions& asked) {
  ConnectionOptions options = asked;
  const std::string impossible = "none";
  options["channel_binding"] = impossible;
  options["password"] = "unused";  // else ~/.pgpass is read twice, and complained of twice
  const libpq::Handle never = libpq::start(options);
  const std::string complaint = PQerrorMessage(never.get());
  if (complaint.find("channel_binding") == std::string::npos) {
    throw Error{Fault::kUsage, "the database URL cannot be used: " + one_line(complaint),
                "check the options in the database URL and in PG* variables"};
  }
  const std::unique_ptr<PQconninfoOption, libpq::Finish> known(PQconninfo(never.get()));
  ConnectionOptions all = as_map(known.get());
  if (value_of(all, "host").empty() && value_of(all, "hostaddr").empty()) {
    all["host"] = PQhost(never.get());
  }
  if (value_of(all, "dbname").empty()) all["dbname"] = value_of(all, "user");
  return all;
}

std::string url_of_environment() {
  const ConnectionOptions all = completed_options({});
  const auto encoded = [&](const char* name) {
    return aws::uri_encoded(value_of(all, name), /*keep_slash=*/false);
  };
  const std::string host = value_of(all, "host");
  const std::string user = encoded("user");
  std::string url = "postgresql://" + (user.empty() ? "" : user + "@");
  // A list of hosts, a socket's folder and an IPv6 address have their place behind the "?" alone.
  const bool plain = !host.empty() && host.find_first_of("/,:@%") == std::string::npos &&
                     value_of(all, "port").find(',') == std::string::npos;
  if (plain) url += host + ":" + value_of(all, "port");
  url += "/" + encoded("dbname");
  if (plain) return url;
  url += "?port=" + encoded("port");
  for (const char* name : {"host", "hostaddr"}) {
    if (!value_of(all, name).empty()) url += fmt::format("&{}={}", name, encoded(name));
  }
  return url;
}

std::string database_name(const std::string& url) { return value_of(url_options(url), "dbname"); }

}  // namespace drift::sql
