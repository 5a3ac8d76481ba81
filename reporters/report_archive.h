// The reports of the past, and what people said about them.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drift/base/clock.h"
#include "drift/report/stored_report.h"
#include "reporters/store.h"

namespace drift::reporters {

struct ReportFilter {
  std::string target;  // "" takes all
  std::optional<TimePoint> since, until;
  std::optional<std::size_t> limit;
};

struct ArchivedReport {
  report::ReportName name;
  std::string place;  // for people
};

// Reports in a store, by the names of drift/report/report_path.h; what has another name is passed
// over. Besides what is said, all throw as Store.
class ReportArchive {
 public:
  explicit ReportArchive(std::unique_ptr<Store> store) : store_(std::move(store)) {}

  // Stores `json` under `name`, where nothing is ever overwritten, and with `latest` makes it the
  // target's latest; in a folder it never replaces one with a higher number. Storing the same
  // report again is no error.
  // Returns where it is, for people. Throws Error{kReportNotStored}.
  std::string store(const report::ReportName& name, const std::string& json, bool latest,
                    const Stop& stop);

  // The reports that `filter` takes, newest first, until `take` returns false. Of a run that stored
  // a second report because an alert failed, that second one alone. Holds no more than the names of
  // one day. Returns whether there are more than the limit.
  bool each_name(const ReportFilter& filter, const Stop& stop,
                 const std::function<bool(const ArchivedReport&)>& take);

  // The same with the report's text, some read ahead at a time; nothing where it is gone meanwhile,
  // and where it cannot be read, why.
  struct Text {
    std::optional<std::string> json;
    std::string unreadable_because;
  };
  bool each(const ReportFilter& filter, const Stop& stop,
            const std::function<bool(const ArchivedReport&, const Text&)>& take);

  // Every dated file of a report's name, records too, newest day first, in no order within a day;
  // of what was pruned also the later records.
  struct DatedFile {
    report::ReportName name;
    std::string path;           // within the place
    bool in_its_folder = true;  // that of its own date
  };
  void each_file(const ReportFilter& filter, const Stop& stop,
                 const std::function<void(const DatedFile&, const Text&)>& take);

  // Of every target that has a latest report, sorted.
  std::vector<std::string> targets(const Stop& stop);

  // Where a report lies, for people.
  std::string place(const report::ReportName& name) const;

  // The text of a report; nothing where it is gone.
  std::optional<std::string> read(const report::ReportName& name, const Stop& stop);
  std::optional<std::string> latest(const std::string& target, const Stop& stop);

  // What was seen and told before, by report::seen_key() and told_key(). The texts; nothing where
  // there is none.
  std::optional<std::string> seen(const std::string& target, const std::string& key,
                                  const Stop& stop);
  std::optional<std::string> told(const std::string& target, const std::string& key,
                                  const Stop& stop);
  void keep_seen(const std::string& target, const std::string& key, const std::string& json,
                 const Stop& stop);
  void keep_told(const std::string& target, const std::string& key, const std::string& json,
                 const Stop& stop);

  // Of every target for which somebody acknowledged something, sorted; ended or not.
  std::vector<std::string> acknowledged(const Stop& stop);
  // The target's last acknowledgement; nothing where there is none, or none that can be read.
  std::optional<report::Acknowledgement> acknowledgement(const std::string& target,
                                                         const Stop& stop);
  // Stores it as the target's last and, dated, for good. One that was withdrawn takes the place of
  // what it withdraws, so nothing has to be deleted. Returns where the dated one lies.
  std::string acknowledge(const std::string& target, const report::Acknowledgement& given,
                          const std::string& run_id, const Stop& stop);

 private:
  // The targets that have FOLDER/TARGET.json.
  std::vector<std::string> targets_in(std::string_view folder, const Stop& stop);
  // Of many, several at once: a store may be far away. In the order of `paths`.
  std::vector<Text> read(const std::vector<std::string>& paths, const Stop& stop);

  // Runs `write`, which writes to `path`; "`but`cannot store ..." where that fails.
  template <typename Write>
  void stored(const std::string& path, std::string_view but, Write write);

  std::unique_ptr<Store> store_;
};

// Gives the names of all files below the folder of each day within `since` and `until` to `take`,
// newest day first, until it returns false.
void each_day(Store& store, const ReportFilter& filter, const Stop& stop,
              const std::function<bool(const std::vector<std::string>& files)>& take);

}  // namespace drift::reporters
