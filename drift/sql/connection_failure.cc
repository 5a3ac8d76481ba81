#include "drift/sql/connection_failure.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <vector>

#include "drift/base/text.h"
#include "drift/sql/sql_text.h"

namespace drift::sql {
namespace {

// One try at one address. libpq tries every address of every host and strings the failures
// together.
struct Attempt {
  std::string host;
  std::string sqlstate;
  std::string message;
};

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// "FATAL:  28P01: text" or "FATAL:  text"; the severity is in the server's language.
void take_server_message(std::string_view text, Attempt& attempt) {
  const std::size_t severity = text.find(":  ");
  if (severity != std::string_view::npos && !contains(text.substr(0, severity), " ")) {
    text.remove_prefix(severity + 3);
    if (text.size() > 7 && is_sqlstate(text.substr(0, 5)) && text.substr(5, 2) == ": ") {
      attempt.sqlstate = std::string(text.substr(0, 5));
      text.remove_prefix(7);
    }
  }
  std::string message = one_line(text);
  // libpq's "Connection refused" reads on from a colon; "SSL error" keeps its capitals. A server's
  // words may be German nouns.
  if (attempt.sqlstate.empty() && message.size() > 1 &&
      std::isupper(static_cast<unsigned char>(message[0])) != 0 &&
      std::islower(static_cast<unsigned char>(message[1])) != 0) {
    message[0] = ascii_lower(message[0]);
  }
  while (!message.empty() && message.back() == '.') message.pop_back();
  attempt.message = message;
}

// The host of `connection to server at "db" (10.0.0.1), port 5432 failed: ...`.
std::string attempted_host(std::string_view prefix) {
  const std::size_t open = prefix.find('"');
  const std::size_t close = prefix.find('"', open + 1);
  if (open == std::string_view::npos || close == std::string_view::npos) return {};
  std::string host(prefix.substr(open + 1, close - open - 1));
  const std::size_t port = prefix.rfind("port ");
  if (port != std::string_view::npos && port > close) {
    host += fmt::format(":{}", prefix.substr(port + 5));
  }
  return host;
}

std::vector<Attempt> attempts(std::string_view text) {
  constexpr std::array<std::string_view, 5> kContinuations = {
      "LOCATION:", "DETAIL:", "HINT:", "Either provide the file", "\t"};
  std::vector<Attempt> found;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const bool continues = std::any_of(kContinuations.begin(), kContinuations.end(),
                                       [&](auto start) { return line.starts_with(start); });
    if (line.empty() || continues) continue;
    Attempt attempt;
    const std::size_t failed = line.find(" failed: ");
    if (line.starts_with("connection to server ") && failed != std::string_view::npos) {
      attempt.host = attempted_host(line.substr(0, failed));
      line.remove_prefix(failed + 9);
    } else if (!found.empty() && !found.back().sqlstate.empty()) {
      continue;  // a server's message of several lines; its first line says enough
    }
    take_server_message(line, attempt);
    found.push_back(std::move(attempt));
  }
  return found;
}

// What a SQLSTATE means here. https://www.postgresql.org/docs/15/errcodes-appendix.html
struct Meaning {
  std::string_view sqlstate;  // or the class that it begins with
  Fault fault;
  bool retryable;
  std::string_view hint;
};
constexpr std::array<Meaning, 9> kMeanings = {{
    {"28P01", Fault::kDatabaseAuthenticationFailed, false,
     "check the user and the password in the URL, PGPASSWORD or ~/.pgpass"},
    {"28", Fault::kDatabaseAuthenticationFailed, false,
     "check the user, and the server's pg_hba.conf for this user, database and address"},
    {"3D000", Fault::kConnectionFailed, false, "check the database name in the URL"},
    {"42501", Fault::kPermissionDenied, false,
     "GRANT CONNECT on the database to this role: reading needs no more than CONNECT, USAGE on "
     "the schema and SELECT on the version table"},
    {"53300", Fault::kConnectionFailed, true,
     "the server has no free connection; run again later, or connect through a pooler"},
    {"57P03", Fault::kConnectionFailed, true,
     "the server is starting up, shutting down or recovering; run again later"},
    {"57P", Fault::kConnectionFailed, true, "the server is shutting down; run again later"},
    {"08P01", Fault::kConnectionFailed, false,
     "this is how PgBouncer refuses: see its own log for the cause"},
    {"", Fault::kConnectionFailed, false, ""},
}};

const Meaning& meaning_of(std::string_view sqlstate) {
  return *std::find_if(kMeanings.begin(), kMeanings.end(), [&](const Meaning& meaning) {
    return sqlstate.starts_with(meaning.sqlstate);
  });
}

// libpq's own sentences. They are in English: this program never calls setlocale.
bool speaks_of_tls(std::string_view message) {
  return contains(message, "SSL") || contains(message, "certificate") || contains(message, "TLS");
}

std::string tls_hint(std::string_view message) {
  if (contains(message, "does not support SSL")) {
    return "turn on ssl at the server; only where nobody can listen in, add sslmode=disable to the "
           "URL";
  }
  if (contains(message, "does not match host name")) {
    return "connect by a name that the certificate holds; hostaddr= can give the address beside it";
  }
  if (contains(message, "root certificate")) {
    return "give a readable PEM file of the certificate authority as sslrootcert=FILE in the URL";
  }
  if (contains(message, "certificate verify failed")) {
    return "give the certificate authority that signed the server's certificate as "
           "sslrootcert=FILE in the URL; for Amazon RDS and Aurora that is the downloaded "
           "global-bundle.pem";
  }
  return "check the server's TLS set-up and the sslrootcert and sslmode in the URL";
}

// The attempt that tells most: a server that answered knows more than one that did not.
const Attempt& most_telling(const std::vector<Attempt>& tried) {
  const auto answered = std::find_if(tried.rbegin(), tried.rend(),
                                     [](const Attempt& a) { return !a.sqlstate.empty(); });
  if (answered != tried.rend()) return *answered;
  const auto tls = std::find_if(tried.rbegin(), tried.rend(),
                                [](const Attempt& a) { return speaks_of_tls(a.message); });
  return tls != tried.rend() ? *tls : tried.back();
}

}  // namespace

Error connection_error(const ConnectionFailure& failure) {
  std::vector<Attempt> tried = attempts(failure.text);
  if (tried.empty()) tried.push_back({"", "", "libpq gives no reason"});

  std::vector<std::string> reasons;
  for (Attempt& attempt : tried) {
    if (failure.needs_password && contains(attempt.message, "no password supplied")) {
      attempt.message = fmt::format("the server asks for the password of {} and none was given",
                                    display_identifier(failure.user));
    }
    const bool told_with_host = failure.several_hosts && !attempt.host.empty();
    std::string reason =
        told_with_host ? fmt::format("{}: {}", attempt.host, attempt.message) : attempt.message;
    // localhost is tried as ::1 and 127.0.0.1: the same words twice say nothing more.
    if (std::find(reasons.begin(), reasons.end(), reason) == reasons.end()) {
      reasons.push_back(std::move(reason));
    }
  }
  const std::string message =
      fmt::format("cannot connect to {}: {}", failure.where, fmt::join(reasons, "; "));

  const Attempt& told = most_telling(tried);
  if (failure.needs_password) {
    return {Fault::kDatabaseAuthenticationFailed, message,
            "give the password by PGPASSWORD, ~/.pgpass or the URL"};
  }
  // PgBouncer gives all its refusals one SQLSTATE, and has no translations.
  if (told.sqlstate == "08P01" && contains(told.message, "authentication failed")) {
    return {Fault::kDatabaseAuthenticationFailed, message,
            "check the user and the password, and PgBouncer's auth_file and auth_query"};
  }
  if (!told.sqlstate.empty()) {
    const Meaning& meaning = meaning_of(told.sqlstate);
    return {meaning.fault, message, std::string(meaning.hint), meaning.retryable};
  }
  if (speaks_of_tls(told.message) || failure.in_tls_handshake) {
    return {Fault::kTlsFailed, message, tls_hint(told.message)};
  }
  if (told.message.starts_with("session is ") || told.message.starts_with("server is ")) {
    return {Fault::kConnectionFailed, message,
            "none of the hosts is what target_session_attrs in the URL asks for", true};
  }
  if (told.message.starts_with("invalid ")) {
    return {Fault::kUsage, message, "check the options in the database URL and in PG* variables"};
  }
  if (contains(told.message, "could not translate host name")) {
    return {Fault::kConnectionFailed, message,
            "check the host name in the URL, and name resolution", true};
  }
  if (told.message == "connection timed out") {
    return {Fault::kTimedOut, message,
            "check the host and port in the URL, and that a firewall or security group lets this "
            "machine in; connect_timeout= in the URL waits longer",
            true};
  }
  return {
      Fault::kConnectionFailed, message,
      "check the host and port in the URL, that the server runs, and that a firewall or security "
      "group lets this machine in",
      true};
}

}  // namespace drift::sql
