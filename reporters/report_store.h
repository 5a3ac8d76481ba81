// The place where reports lie, as named texts; the archive knows what the names mean.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "drift/aws/client.h"
#include "reporters/report_sink.h"

namespace drift {
class Stop;
}

namespace drift::reporters {

class ReportStore {
 public:
  virtual ~ReportStore() = default;

  // The names directly below `folder` ("" or "2026/" or "2026/11/") that have names below them,
  // without the slash, sorted.
  virtual std::vector<std::string> folders(const std::string& folder, const Stop& stop) = 0;

  // Every name below `folder`, however deep, relative to the place, in no order.
  virtual std::vector<std::string> files(const std::string& folder, const Stop& stop) = 0;

  // The text of that name; nothing where there is none.
  virtual std::optional<std::string> read(const std::string& name, const Stop& stop) = 0;

  // Keeps `text` under a name that must be new, or (`replace`) in the place of what has it.
  virtual void write(const std::string& name, const std::string& text, bool replace,
                     const Stop& stop) = 0;

  // Where `name` lies, for people.
  virtual std::string place(const std::string& name) const = 0;
};

// All throw Error; `url` as for make_report_sink.
std::unique_ptr<ReportStore> make_report_store(const std::string& url, const ReportOptions& options,
                                               const aws::SessionSource& session);

// No report is larger: 100,000 pending revisions are under 40 MiB.
inline constexpr std::size_t kMaxReportBytes = 64U << 20U;

}  // namespace drift::reporters
