#include "drift/check/production_side.h"

#include <exception>
#include <utility>
#include <variant>

#include "drift/base/stop.h"
#include "drift/sql/database.h"
#include "drift/sql/database_location.h"
#include "drift/sql/way.h"

namespace drift::check {
namespace {

Production production_of(sql::SqlSource& source, const production::VersionTableName& name,
                         const std::vector<std::string>& tenants) {
  if (!tenants.empty()) return production::read_tenants(source, name.table, tenants);
  return production::read_version_table(source, name);
}

// Of the version table in that schema where it was found, so that it is the same one that is read
// again.
void take_rows(SchemaQuestion& question, const Production& production) {
  if (const auto* table = std::get_if<production::VersionTable>(&production)) {
    if (table->exists) question.table.schema = table->schema;
    question.version_rows = table->rows;
  } else {
    question.tenants = true;
  }
}

}  // namespace

// Everything the thread uses is its own (see Side).
ProductionSide::ProductionSide(const Target& target, const Run& run,
                               const std::shared_ptr<const Stop>& stop, TimePoint now)
    : rows_([database = target.database, role = target.role, tenants = target.tenants,
             question = SchemaQuestion{target.name,
                                       target.schema_expected,
                                       target.schema_rules,
                                       target.version_table,
                                       {},
                                       false,
                                       true,
                                       now,
                                       run.aws},
             aws = run.aws, bound = stop, whole = run.stop, log = run.log] {
        const auto connected = [&](const std::string& where) {
          log->info("connected", {{"target", question.target}, {"database", where}});
        };
        Read read;
        read.question = question;
        sql::Way way = sql::find_way(database, aws->source(role), *bound, *log);
        const sql::DatabaseSettings& there = way.settings;
        read.open = [there, role, aws, log](const Stop& part) {
          return sql::open_database(there, aws->source(role), part, *log);
        };
        if (!way.connection) {
          read.is_function = true;
          const auto source = sql::open_function(there, aws->source(role), *bound);
          connected(source->description());
          read.production = production_of(*source, question.table, tenants);
          take_rows(read.question, read.production);
          read.question.own_api = source->may_be_own_api();
          read_on(
              read, bound, whole,
              [session = aws->source(role), function = sql::database_location(there.location).name](
                  const SchemaQuestion& asked, const Stop& time) {
                return read_schema_through(session, function, asked, time);
              });
          return read;
        }
        sql::OpenConnection opened = std::move(*way.connection);
        const std::shared_ptr<sql::Connection> connection = std::move(opened.connection);
        connected(connection->description());
        read.production =
            production_of(*sql::read_through(connection, std::move(opened.warnings), *bound),
                          question.table, tenants);
        take_rows(read.question, read.production);
        read.connection = connection;
        read_on(read, bound, whole, [connection](const SchemaQuestion& asked, const Stop& time) {
          return read_schema(*connection, asked, time);
        });
        return read;
      }) {}

// Half of what is left: the comparison and whoever waits for this one's place need the rest.
void ProductionSide::read_on(Read& read, const std::shared_ptr<const Stop>& bound,
                             const std::shared_ptr<const Stop>& whole, SchemaReader reader) {
  try {
    read.stop = std::make_shared<const Stop>(bound->remaining() / 2, *bound);
    read.schema.emplace([reader = std::move(reader), question = read.question, stop = read.stop,
                         bound, whole] { return reader(question, *stop); });
  } catch (const std::exception& error) {
    read.answer = unread_schema(
        read.question,
        Error{Fault::kInternal, fmt::format("cannot begin to read the schema: {}", error.what())});
  }
}

Production ProductionSide::wait(const Stop& stop) {
  read_ = rows_.wait(stop, "reading production");
  return std::move(read_->production);
}

SchemaAnswer ProductionSide::wait_for_schema() {
  if (read_->answer) return std::move(*read_->answer);
  try {
    SchemaAnswer answer = read_->schema->wait(*read_->stop, "reading the schema");
    schema_duration_ = read_->schema->duration();
    return answer;
  } catch (const Error& error) {
    // Whoever was left behind may still be using it.
    read_->connection.reset();
    return unread_schema(read_->question, error);
  }
}

TablesReader ProductionSide::tables_reader(std::shared_ptr<const Stop> stop) {
  if (!read_) return unread_tables("production was not read");
  if (read_->question.tenants) return unread_tables("each tenant has tables of its own");
  if (!kept_ || read_->is_function) return check::tables_reader(read_->open, std::move(stop));
  if (!read_->connection || !read_->connection->usable()) {
    return unread_tables("the connection did not survive the reading of the schema");
  }
  return check::tables_reader(
      [connection = read_->connection](const Stop& part) {
        return sql::read_through(connection, {}, part);
      },
      std::move(stop));
}

void ProductionSide::let_go() {
  kept_ = false;
  if (read_) read_->connection.reset();
}

}  // namespace drift::check
