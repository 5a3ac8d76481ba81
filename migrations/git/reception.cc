#include "migrations/git/reception.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "drift/base/printable.h"
#include "migrations/git/remote.h"

namespace drift::migrations {
namespace {

constexpr std::size_t kMostKept = 1000;
constexpr std::size_t kMostShown = 300;

// "Counting objects:  50% (3/6)", "Total 6 (delta 0), reused 0 (delta 0), pack-reused 0"
bool is_progress(std::string_view line) {
  return line.find("% (") != std::string_view::npos || line.starts_with("Total ") ||
         line.ends_with(", done.") || line.find("objects: ") != std::string_view::npos;
}

}  // namespace

GitReception::GitReception(const RepositoryLocation& location,
                           const std::vector<RemoteCredential>& credentials,
                           std::uint64_t max_pack_bytes,
                           std::shared_ptr<std::atomic<std::uint64_t>> received)
    : location_(location),
      credentials_(credentials),
      max_pack_bytes_(max_pack_bytes),
      received_(std::move(received)) {}

void GitReception::begin(Part part) {
  part_ = part;
  in_packets_ = true;
  left_ = 0;
  digits_.clear();
  kept_.clear();
  fatal_.clear();  // of an answer that somebody has looked at
}

bool GitReception::take(std::string_view bytes) {
  if (failure_) return false;
  std::uint64_t& received = part_ == Part::kRefs ? ref_bytes_ : pack_bytes_;
  received += bytes.size();
  if (received_) *received_ += bytes.size();
  read(bytes);
  if (ref_bytes_ > kMostRefBytes) {
    refuse(fmt::format("more than {} MiB of refs", kMostRefBytes >> 20),
           "no repository has so many branches and tags: look at what answers there");
  } else if (pack_bytes_ > max_pack_bytes_) {
    refuse(fmt::format("more than {} bytes of objects", max_pack_bytes_),
           "where the history is that large, allow more with --max-fetch-bytes");
  } else if (text_bytes_ > kMostTextBytes) {
    refuse(fmt::format("more than {} MiB of messages", kMostTextBytes >> 20),
           "look at what answers there");
  }
  return !failure_;
}

void GitReception::refuse(const std::string& what, std::string hint) {
  failure_.emplace(Fault::kRemoteUnreachable,
                   fmt::format("{} cannot be read: its server sends {}", location_.url, what),
                   std::move(hint));
}

void GitReception::read(std::string_view bytes) {
  while (in_packets_ && !bytes.empty()) {
    if (left_ == 0) {
      const std::size_t count = std::min(4 - digits_.size(), bytes.size());
      digits_.append(bytes.substr(0, count));
      bytes.remove_prefix(count);
      if (digits_.size() < 4) return;
      unsigned length = 0;
      const auto [end, error] = std::from_chars(digits_.data(), digits_.data() + 4, length, 16);
      in_packets_ = error == std::errc{} && end == digits_.data() + 4 && length != 3;
      left_ = length > 4 ? length - 4 : 0;  // fewer than four are flush and the like
      digits_.clear();
      kept_.clear();
      continue;
    }
    const std::size_t count = std::min(left_, bytes.size());
    kept_.append(bytes.substr(0, std::min(count, kMostKept - kept_.size())));
    if (part_ == Part::kPack && kept_.front() == '\2') text_bytes_ += count;
    bytes.remove_prefix(count);
    left_ -= count;
    if (left_ == 0) end_packet();
  }
}

void GitReception::end_packet() {
  constexpr std::string_view kError = "ERR ";
  const std::string_view packet = kept_;
  if (packet.starts_with(kError)) {
    fatal_ = packet.substr(kError.size());
  } else if (part_ == Part::kPack && packet.front() == '\3') {
    fatal_.append(packet.substr(1, kMostKept - std::min(fatal_.size(), kMostKept)));
  } else if (part_ == Part::kPack && packet.front() == '\2') {
    heard(packet.substr(1));
  }
}

void GitReception::heard(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
    const std::string_view line = text.substr(0, end);
    if (line.find_first_not_of(' ') != std::string_view::npos && !is_progress(line)) said_ = line;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::string GitReception::shown(std::string text) const {
  text.resize(text.find_last_not_of("\r\n ") + 1);
  for (const RemoteCredential& credential : credentials_) {
    if (credential.password.empty()) continue;
    for (std::size_t at = 0; (at = text.find(credential.password, at)) != std::string::npos;) {
      text.replace(at, credential.password.size(), "***");
    }
  }
  return shortened(text, kMostShown);
}

}  // namespace drift::migrations
