#include "migrations/git/upload_pack.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "drift/base/error.h"
#include "drift/base/surroundings.h"
#include "drift/http/private_authority.h"
#include "migrations/git/fetch_answer.h"
#include "migrations/git/pkt_line.h"

namespace drift::migrations {
namespace {

constexpr const char* kDoing = "reading the remote repository";
constexpr std::size_t kPiece = 64 * 1024;
// A server's capabilities are a few hundred bytes.
constexpr std::size_t kMostCapabilityBytes = 64 * 1024;

// Whom an https:// remote is verified by: GIT_SSL_CAINFO and GIT_SSL_CAPATH, as git reads them,
// else as everything here is.
CaLocations git_authorities() {
  CaLocations where{environment_or_empty("GIT_SSL_CAINFO"), environment_or_empty("GIT_SSL_CAPATH")};
  if (where.file.empty() && where.folder.empty()) where = usual_authorities();
  if (where.file.empty() && where.folder.empty()) throw no_certificates();
  return where;
}

// Reads a capability advertisement until it is clear which version it is of.
class Greeting {
 public:
  enum class Version { kUnknown, kOlder, kTwo };

  // What is no packet is for libgit2 to name.
  Version take(std::string_view bytes) {
    try {
      packets_.take(bytes);
    } catch (const Error&) {
      if (version_ == Version::kTwo) throw;
      version_ = Version::kOlder;
    }
    return version_;
  }
  bool whole() const { return whole_; }
  const Capabilities& capabilities() const { return capabilities_; }

 private:
  void hear(const Packet& packet) {
    if (version_ == Version::kOlder || whole_) return;
    if (packet.kind != Packet::Kind::kData) {
      whole_ = version_ == Version::kTwo;
      return;
    }
    if (version_ == Version::kTwo) {
      read_capability(packet.data, capabilities_);
      return;
    }
    // Servers may say what they are before they say how they speak.
    const std::string_view line = without_break(packet.data);
    if (line == "version 2") {
      version_ = Version::kTwo;
    } else if (line != "# service=git-upload-pack") {
      version_ = Version::kOlder;
    }
  }

  PacketReader packets_{[this](const Packet& packet) { hear(packet); }};
  Version version_ = Version::kUnknown;
  bool whole_ = false;
  Capabilities capabilities_;
};

}  // namespace

UploadPack::UploadPack(const RepositoryLocation& location, const RemoteAccess& access,
                       const Stop& stop)
    : location_(location),
      stop_(stop),
      credentials_(https_credentials(location, access.token)),
      reception_(location_, credentials_, access.max_fetch_bytes, access.received),
      http_(git_authorities()),
      https_(location_, credentials_, http_, reception_, stop_),
      buffer_(kPiece, '\0') {}

// Puts into words what HTTP could not do, and names the remote where a reader of its answers only
// says what is wrong with them.
template <typename Body>
auto UploadPack::guarded(Body body) {
  try {
    return body();
  } catch (const HttpError& error) {
    stop_.check(kDoing);
    throw https_failure(location_, error, http_.authorities());
  } catch (const Error& error) {
    stop_.check(kDoing);
    if (error.fault == Fault::kRemoteUnreachable && error.hint.empty()) {
      throw bad_answer(location_, error.what(), false);
    }
    throw;
  }
}

bool UploadPack::next(HttpStream& answer, std::string_view& bytes) {
  bytes = std::string_view(buffer_).substr(0, answer.read(buffer_.data(), buffer_.size()));
  if (!reception_.take(bytes)) throw *reception_.failure();
  return !bytes.empty();
}

std::optional<Capabilities> UploadPack::greet() {
  return guarded([&]() -> std::optional<Capabilities> {
    HttpStream answer = https_.advertisement(/*version_2=*/true);
    reception_.begin(GitReception::Part::kRefs);
    Greeting greeting;
    std::string read;
    for (std::string_view bytes; next(answer, bytes);) {
      read += bytes;
      const auto version = greeting.take(bytes);
      if (version == Greeting::Version::kOlder) break;
      if (read.size() > kMostCapabilityBytes) {
        throw bad_answer(location_, "its server says too much of what it can do", false);
      }
    }
    if (!greeting.whole()) {
      https_.hand_over(std::move(read), std::move(answer));
      return std::nullopt;
    }
    server_ = greeting.capabilities();
    return server_;
  });
}

std::vector<RemoteRef> UploadPack::refs(const std::vector<std::string>& prefixes) {
  return guarded([&] {
    HttpStream answer = https_.pack(ref_request(server_, prefixes), /*version_2=*/true);
    reception_.begin(GitReception::Part::kRefs);
    std::vector<RemoteRef> refs;
    bool whole = false;
    PacketReader packets([&](const Packet& packet) {
      if (whole) return;
      if (packet.kind != Packet::Kind::kData) {
        whole = packet.kind == Packet::Kind::kFlush;
        return;
      }
      if (packet.data.starts_with("ERR ")) return;  // the reception has heard it
      RemoteRef ref = read_ref(packet.data);
      // A server may leave prefixes aside, and names may be anything.
      const bool asked = prefixes.empty() || std::any_of(prefixes.begin(), prefixes.end(),
                                                         [&](const std::string& prefix) {
                                                           return ref.name.starts_with(prefix);
                                                         });
      int valid = 0;
      if (asked && git_reference_name_is_valid(&valid, ref.name.c_str()) == 0 && valid == 1) {
        refs.push_back(std::move(ref));
      }
    });
    for (std::string_view bytes; next(answer, bytes);) packets.take(bytes);
    if (const std::string fatal = reception_.fatal(); !fatal.empty()) {
      throw remote_failure(location_, credentials_, "its server says: " + fatal);
    }
    if (!whole) throw bad_answer(location_, "the list of its refs has no end", true);
    return refs;
  });
}

UploadPack::Outcome UploadPack::fetch(const FetchRequest& request, std::uint64_t most_bytes,
                                      const std::function<void(std::string_view)>& pack) {
  return guarded([&] {
    HttpStream http = https_.pack(fetch_request(server_, request), /*version_2=*/true);
    reception_.begin(GitReception::Part::kPack);
    FetchAnswer answer(pack);
    Outcome outcome;
    std::uint64_t taken = 0;
    for (std::string_view bytes; next(http, bytes);) {
      taken += bytes.size();
      if (taken > most_bytes) {
        outcome.end = Outcome::End::kOverBudget;
        return outcome;
      }
      answer.take(bytes);
      stop_.check(kDoing);
    }
    if (!answer.refusal().empty()) {
      outcome.end = Outcome::End::kRefused;
      outcome.refusal = reception_.fatal();
      return outcome;
    }
    if (!answer.whole()) {
      throw bad_answer(location_, "its server hung up in the middle of a pack", true);
    }
    outcome.shallow = answer.shallow();
    outcome.unshallow = answer.unshallow();
    return outcome;
  });
}

}  // namespace drift::migrations
