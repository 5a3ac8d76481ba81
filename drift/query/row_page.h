// Rows that are printed, wherever they come from.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "drift/sql/api_client_answer.h"
#include "drift/sql/postgres.h"
#include "drift/sql_api/value_type.h"

namespace drift::query {

class RowPage {
 public:
  virtual ~RowPage() = default;
  virtual const std::vector<std::string>& columns() const = 0;
  virtual std::size_t rows() const = 0;
  // Whether the column holds numbers, which people read by their right end.
  virtual bool is_number(std::size_t column) const = 0;
  virtual bool is_null(std::size_t row, std::size_t column) const = 0;
  // As psql shows it: t and f, numbers as they were written, strings as they are; lists and objects
  // as JSON. Requires that it is not null.
  virtual void append_plain(std::string& out, std::size_t row, std::size_t column) const = 0;
  virtual void append_json(std::string& out, std::size_t row, std::size_t column) const = 0;
};

// The rows of an answer of the SQL API, which must outlive it.
class AnswerPage : public RowPage {
 public:
  explicit AnswerPage(const sql::ApiAnswer& answer) : answer_(answer) {}
  const std::vector<std::string>& columns() const override { return answer_.columns; }
  std::size_t rows() const override { return answer_.rows.size(); }
  bool is_number(std::size_t column) const override;
  bool is_null(std::size_t row, std::size_t column) const override;
  void append_plain(std::string& out, std::size_t row, std::size_t column) const override;
  void append_json(std::string& out, std::size_t row, std::size_t column) const override;

 private:
  const sql::ApiAnswer& answer_;
};

// Rows as they come from a connection, gathered until they are printed.
class CellPage : public RowPage {
 public:
  void begin(const std::vector<sql::Column>& columns, std::vector<sql_api::ValueType> types);
  void add(const std::vector<sql::Cell>& row);
  // Keeps the columns.
  void clear();
  std::size_t bytes() const { return text_.size() + 8 * ends_.size(); }

  const std::vector<std::string>& columns() const override { return names_; }
  std::size_t rows() const override { return rows_; }
  bool is_number(std::size_t column) const override;
  bool is_null(std::size_t row, std::size_t column) const override;
  void append_plain(std::string& out, std::size_t row, std::size_t column) const override;
  void append_json(std::string& out, std::size_t row, std::size_t column) const override;

 private:
  std::string_view cell(std::size_t row, std::size_t column) const;

  std::vector<std::string> names_;
  std::vector<sql_api::ValueType> types_;
  std::string text_;               // of all values, one behind the other
  std::vector<std::size_t> ends_;  // where each ends in it
  std::vector<bool> nulls_;
  std::size_t rows_ = 0;
};

}  // namespace drift::query
