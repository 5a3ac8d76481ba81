// Production, read on threads that may be left behind: its version rows, then its schema.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include "drift/check/check.h"
#include "drift/check/impact_reading.h"
#include "drift/check/schema_reading.h"
#include "drift/check/side.h"

namespace drift::check {

// The schema is read over the same connection, or through the same function, once the rows are
// there, on a thread and in a time of its own: whatever hangs or fails there costs what is said of
// the schema, never the rows.
class ProductionSide {
 public:
  // Throws what std::thread throws.
  ProductionSide(const Target& target, const Run& run, const std::shared_ptr<const Stop>& stop,
                 TimePoint now);

  // Of the version rows: throws as Side::wait. Call once, before the next.
  Production wait(const Stop& stop);
  // Of the schema.
  SchemaAnswer wait_for_schema();

  // Asks for the sizes of tables, over the same connection, or over another one where that was let
  // go; after wait_for_schema. Where the connection is of no more use, the answer says so.
  TablesReader tables_reader(std::shared_ptr<const Stop> stop);
  // Closes the connection.
  void let_go();

  std::chrono::milliseconds duration() const { return rows_.duration(); }
  std::chrono::milliseconds schema_duration() const { return schema_duration_; }

 private:
  // What the first thread hands over.
  struct Read {
    Production production;
    SchemaQuestion question;
    std::optional<SchemaAnswer> answer;  // known without asking
    std::shared_ptr<const Stop> stop;    // of what follows
    std::optional<Side<SchemaAnswer>> schema;
    bool is_function = false;
    // Kept for the sizes of tables; null of a function.
    std::shared_ptr<sql::Connection> connection;
    std::function<std::unique_ptr<sql::SqlSource>(const Stop&)> open;
  };

  // Owns what it reads through.
  using SchemaReader = std::function<SchemaAnswer(const SchemaQuestion&, const Stop&)>;
  static void read_on(Read& read, const std::shared_ptr<const Stop>& bound,
                      const std::shared_ptr<const Stop>& whole, SchemaReader reader);

  Side<Read> rows_;
  std::optional<Read> read_;
  bool kept_ = true;
  std::chrono::milliseconds schema_duration_{0};
};

}  // namespace drift::check
