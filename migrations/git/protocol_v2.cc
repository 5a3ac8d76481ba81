#include "migrations/git/protocol_v2.h"

#include <fmt/format.h>

#include <algorithm>

#include "drift/base/error.h"
#include "drift/base/text.h"
#include "migrations/git/pkt_line.h"

namespace drift::migrations {
namespace {

// The next word of `line`, taken off it.
std::string_view next_word(std::string_view& line) {
  const std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(std::min(word.size() + 1, line.size()));
  return word;
}

std::string command(std::string_view name, const Capabilities& server) {
  std::string text = packet(fmt::format("command={}\n", name));
  text += packet("agent=schema-drift/" SCHEMA_DRIFT_VERSION "\n");
  text += packet(fmt::format("object-format={}\n", server.object_format));
  text += kDelimiterPacket;
  return text;
}

}  // namespace

void read_capability(std::string_view line, Capabilities& capabilities) {
  line = without_break(line);
  const std::string_view key = line.substr(0, line.find('='));
  std::string_view value = line.substr(std::min(key.size() + 1, line.size()));
  if (key == "ls-refs") capabilities.lists_refs = true;
  if (key == "object-format") capabilities.object_format = value;
  if (key != "fetch") return;
  capabilities.fetches = true;
  while (!value.empty()) {
    const std::string_view feature = next_word(value);
    if (feature == "shallow") capabilities.shallow = true;
    if (feature == "filter") capabilities.filter = true;
  }
}

RemoteRef read_ref(std::string_view line) {
  line = without_break(line);
  RemoteRef ref;
  const std::string_view id = next_word(line);
  ref.id = id_from_hex(id);
  ref.name = next_word(line);
  if ((!ref.id && id != "unborn") || ref.name.empty()) {
    throw Error{Fault::kRemoteUnreachable, "its list of refs is not one of git's"};
  }
  constexpr std::string_view kPeeled = "peeled:", kSymref = "symref-target:";
  while (!line.empty()) {
    const std::string_view attribute = next_word(line);
    if (attribute.starts_with(kPeeled)) ref.peeled = id_from_hex(attribute.substr(kPeeled.size()));
    if (attribute.starts_with(kSymref)) ref.symref = attribute.substr(kSymref.size());
  }
  return ref;
}

std::string ref_request(const Capabilities& server, const std::vector<std::string>& prefixes) {
  std::string text = command("ls-refs", server) + packet("peel\n") + packet("symrefs\n");
  for (const std::string& prefix : prefixes) text += packet("ref-prefix " + prefix + '\n');
  text += kFlushPacket;
  return text;
}

std::string fetch_request(const Capabilities& server, const FetchRequest& request) {
  std::string text = command("fetch", server);
  const auto add_ids = [&](const char* word, const std::vector<ObjectId>& ids) {
    for (const ObjectId& id : ids) text += packet(fmt::format("{} {}\n", word, hex_of(id)));
  };
  // No thin packs: what comes must stand for itself.
  text += packet("no-progress\n") + packet("ofs-delta\n");
  add_ids("want", request.wants);
  add_ids("shallow", request.shallow);
  if (request.depth) text += packet(fmt::format("deepen {}\n", *request.depth));
  if (request.since) text += packet(fmt::format("deepen-since {}\n", *request.since));
  if (request.without_blobs) text += packet("filter blob:none\n");
  add_ids("have", request.haves);
  text += packet("done\n");
  text += kFlushPacket;
  return text;
}

std::optional<ObjectId> id_from_hex(std::string_view hex) {
  ObjectId id{};
  if (hex.size() != 2 * id.size()) return std::nullopt;
  for (std::size_t i = 0; i < id.size(); ++i) {
    const int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    id[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return id;
}

}  // namespace drift::migrations
