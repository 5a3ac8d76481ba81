#include "drift/shell/history_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "drift/base/descriptor.h"
#include "drift/base/error.h"
#include "drift/base/likely_secrets.h"
#include "drift/base/output.h"
#include "drift/base/text.h"
#include "drift/base/trusted_folder.h"

namespace drift::shell {
namespace {

constexpr const char* kName = "query_history";
constexpr std::size_t kMostLines = 1'000;
constexpr std::size_t kMostBytes = 4u << 20;

// The file begins anew with its newest lines once it is so long.
constexpr std::size_t kLong = 1u << 20;

// Why it cannot be used, or "".
std::string shorten(const TrustedFolder& folder) {
  const auto read = folder.read(kName, kMostBytes);
  if (const auto* why = std::get_if<Untrusted>(&read)) return why->missing() ? "" : why->reason;
  const std::string& text = std::get<std::string>(read);
  if (text.size() < kLong) return "";
  const std::string name = std::string(kName) + "." + std::to_string(::getpid());
  const Descriptor file{::openat(folder.fd(), name.c_str(),
                                 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
  if (file.get() < 0) return std::strerror(errno);
  const std::size_t newest = text.find('\n', text.size() - kLong / 2);
  write_fully(file.get(), std::string_view(text).substr(std::min(newest, text.size() - 1) + 1));
  const bool renamed = ::renameat(folder.fd(), name.c_str(), folder.fd(), kName) == 0;
  return renamed ? "" : std::strerror(errno);
}

}  // namespace

bool may_be_kept(const std::vector<std::string>& lines) {
  const std::string text = joined(lines, "\n");
  if (trimmed(text).empty() || text.find('\0') != std::string::npos) return false;
  return !text.starts_with("\\set") && without_likely_secrets(text) == text;
}

std::vector<std::string> HistoryFile::lines() const {
  if (folder_.empty()) return {};
  const auto opened = TrustedFolder::open(folder_, TrustedFolder::Kind::kOwn);
  const auto* folder = std::get_if<TrustedFolder>(&opened);
  if (folder == nullptr) return {};
  const auto read = folder->read(kName, kMostBytes);
  const auto* text = std::get_if<std::string>(&read);
  if (text == nullptr) return {};
  std::vector<std::string> lines;
  for (const std::string_view line : split(*text, '\n')) {
    if (!line.empty()) lines.emplace_back(line);
  }
  if (lines.size() > kMostLines) {
    lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(kMostLines));
  }
  return lines;
}

std::string HistoryFile::add(const std::vector<std::string>& lines) const {
  if (folder_.empty() || !may_be_kept(lines)) return "";
  const auto made = TrustedFolder::make(folder_, TrustedFolder::Kind::kOwn, 0700);
  if (const auto* why = std::get_if<Untrusted>(&made)) return folder_ + ": " + why->reason;
  const auto& folder = std::get<TrustedFolder>(made);
  try {
    const std::string why = shorten(folder);
    if (!why.empty()) return folder_ + "/" + kName + ": " + why;
    const Descriptor file{
        ::openat(folder.fd(), kName, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (file.get() < 0 || ::fchmod(file.get(), 0600) != 0) {
      return folder_ + "/" + kName + ": " + std::strerror(errno);
    }
    // In one write: another session may add to it.
    write_fully(file.get(), joined(lines, "\n") + "\n");
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace drift::shell
