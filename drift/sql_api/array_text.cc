#include "drift/sql_api/array_text.h"

#include <string>

namespace drift::sql_api {
namespace {

// MAXDIM of PostgreSQL.
constexpr int kMostDimensions = 6;

class ArrayReader {
 public:
  ArrayReader(std::string_view text, char delimiter, const std::function<void(char)>& mark,
              const std::function<void(std::optional<std::string_view>)>& element)
      : text_(text), delimiter_(delimiter), mark_(mark), element_(element) {}

  bool read() {
    if (!text_.empty() && text_.front() == '[') {
      const std::size_t equals = text_.find('=');
      if (equals == std::string_view::npos) return false;
      at_ = equals + 1;
    }
    return dimension(1) && at_ == text_.size();
  }

 private:
  bool take(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool dimension(int depth) {
    if (depth > kMostDimensions || !take('{')) return false;
    mark_('[');
    if (!take('}')) {
      do {
        if (!one(depth)) return false;
      } while (next());
      if (!take('}')) return false;
    }
    mark_(']');
    return true;
  }
  bool next() {
    if (!take(delimiter_)) return false;
    mark_(',');
    return true;
  }

  bool one(int depth) {
    if (at_ < text_.size() && text_[at_] == '{') return dimension(depth + 1);
    if (take('"')) return quoted();
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] != delimiter_ && text_[at_] != '}') {
      // array_out quotes an element with a backslash in it.
      if (text_[at_] == '\\' || text_[at_] == '"') return false;
      ++at_;
    }
    const std::string_view bare = text_.substr(begin, at_ - begin);
    if (bare.empty()) return false;
    // A text that is the word NULL comes in quotes.
    if (bare == "NULL") {
      element_(std::nullopt);
    } else {
      element_(bare);
    }
    return true;
  }

  bool quoted() {
    unquoted_.clear();
    while (at_ < text_.size()) {
      char c = text_[at_++];
      if (c == '"') {
        element_(unquoted_);
        return true;
      }
      if (c == '\\') {
        if (at_ == text_.size()) return false;
        c = text_[at_++];
      }
      unquoted_ += c;
    }
    return false;
  }

  std::string_view text_;
  char delimiter_;
  const std::function<void(char)>& mark_;
  const std::function<void(std::optional<std::string_view>)>& element_;
  std::size_t at_ = 0;
  std::string unquoted_;
};

}  // namespace

bool read_array(std::string_view text, char delimiter, const std::function<void(char)>& mark,
                const std::function<void(std::optional<std::string_view>)>& element) {
  return ArrayReader(text, delimiter, mark, element).read();
}

}  // namespace drift::sql_api
