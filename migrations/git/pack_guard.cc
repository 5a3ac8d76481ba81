#include "migrations/git/pack_guard.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>

#include "drift/base/error.h"

namespace drift::migrations {
namespace {

constexpr std::size_t kHeader = 12;
constexpr std::size_t kChecksum = 20;
constexpr std::size_t kId = 20;

[[noreturn]] void refuse(std::string what) {
  throw Error{Fault::kRepositoryUnreadable, std::move(what)};
}

// Seven bits a byte, the lowest first, as the sizes at the beginning of a delta.
class Number {
 public:
  // Whether the number has ended with this byte.
  bool take(std::uint8_t byte) {
    if (shift_ > 56) refuse("the size of an object has too many digits");
    value_ |= std::uint64_t{byte & 0x7fu} << shift_;
    shift_ += 7;
    return (byte & 0x80u) == 0;
  }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0;
  unsigned shift_ = 0;
};

}  // namespace

struct PackGuard::Impl {
  enum class State { kHeader, kObject, kSize, kOffset, kBase, kData, kChecksum, kEnd };
  enum Type { kCommit = 1, kTree = 2, kBlob = 3, kTag = 4, kOffsetDelta = 6, kIdDelta = 7 };

  explicit Impl(const PackLimits& of) : limits(of) {
    if (inflateInit(&stream) != Z_OK) throw std::bad_alloc();
  }
  ~Impl() { inflateEnd(&stream); }

  bool is_delta() const { return type == kOffsetDelta || type == kIdDelta; }

  void take(std::string_view bytes) {
    while (!bytes.empty()) {
      if (state == State::kData) {
        bytes.remove_prefix(inflate_some(bytes));
        continue;
      }
      const auto byte = static_cast<std::uint8_t>(bytes.front());
      bytes.remove_prefix(1);
      take_byte(byte);
    }
  }

  void take_byte(std::uint8_t byte) {
    switch (state) {
      case State::kHeader:
        header[count++] = byte;
        if (count == kHeader) begin();
        return;
      case State::kObject:
        type = (byte >> 4) & 7;
        size = byte & 15u;
        shift = 4;
        if (type == 0 || type == 5) refuse(fmt::format("there is an object of the type {}", type));
        if ((byte & 0x80u) != 0) {
          state = State::kSize;
        } else {
          end_of_size();
        }
        return;
      case State::kSize:
        if (shift > 57) refuse("the size of an object has too many digits");
        size |= std::uint64_t{byte & 0x7fu} << shift;
        shift += 7;
        if ((byte & 0x80u) == 0) end_of_size();
        return;
      case State::kOffset:
        if (++count > 10) refuse("the place of an object has too many digits");
        if ((byte & 0x80u) == 0) begin_data();
        return;
      case State::kBase:
        if (++count == kId) begin_data();
        return;
      case State::kChecksum:
        if (++count == kChecksum) state = State::kEnd;
        return;
      case State::kData: return;
      case State::kEnd: refuse("something follows its checksum");
    }
  }

  void begin() {
    const std::string_view magic(reinterpret_cast<const char*>(header.data()), 4);
    const auto number = [&](std::size_t at) {
      return std::uint32_t{header[at]} << 24 | std::uint32_t{header[at + 1]} << 16 |
             std::uint32_t{header[at + 2]} << 8 | std::uint32_t{header[at + 3]};
    };
    const std::uint32_t version = number(4);
    if (magic != "PACK" || (version != 2 && version != 3)) refuse("it does not begin as a pack");
    objects = left = number(8);
    if (objects > limits.most_objects) {
      refuse(fmt::format("it has {} objects, more than the {} that are taken", objects,
                         limits.most_objects));
    }
    next_object();
  }

  void next_object() {
    count = 0;
    state = left == 0 ? State::kChecksum : State::kObject;
  }

  void end_of_size() {
    count = 0;
    // What a delta is made of is smaller than the largest thing that it may make.
    const std::uint64_t most = is_delta() ? limits.most_from_delta : limits.most_stored;
    if (size > most) refuse_size(size, most);
    state = type == kOffsetDelta ? State::kOffset : State::kBase;
    if (!is_delta()) begin_data();
  }

  void begin_data() {
    inflateReset(&stream);
    inflated = 0;
    base_size = result_size = Number();
    sizes_read = is_delta() ? 0 : 2;
    state = State::kData;
  }

  // Takes what belongs to the object; the number of bytes that did.
  std::size_t inflate_some(std::string_view bytes) {
    std::array<unsigned char, 16384> out;
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(std::min<std::size_t>(bytes.size(), 1u << 30));
    const uInt given = stream.avail_in;
    int code = Z_OK;
    do {
      stream.next_out = out.data();
      stream.avail_out = out.size();
      code = inflate(&stream, Z_NO_FLUSH);
      if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) {
        refuse("an object is not compressed as it should be");
      }
      const std::size_t made = out.size() - stream.avail_out;
      read_delta_sizes({out.data(), made});
      inflated += made;
      if (inflated > size) refuse("an object is longer than it says");
    } while (code == Z_OK && (stream.avail_in > 0 || stream.avail_out == 0));
    if (code == Z_STREAM_END) end_object();
    return given - stream.avail_in;
  }

  struct Bytes {
    const unsigned char* data;
    std::size_t size;
  };
  void read_delta_sizes(Bytes made) {
    for (std::size_t i = 0; i < made.size && sizes_read < 2; ++i) {
      if (!(sizes_read == 0 ? base_size : result_size).take(made.data[i])) continue;
      const std::uint64_t value = (sizes_read == 0 ? base_size : result_size).value();
      ++sizes_read;
      if (value > limits.most_from_delta) refuse_size(value, limits.most_from_delta);
    }
  }

  void end_object() {
    if (inflated != size || sizes_read != 2) refuse("an object is shorter than it says");
    --left;
    next_object();
  }

  [[noreturn]] static void refuse_size(std::uint64_t is, std::uint64_t most) {
    refuse(fmt::format("an object of it has {} bytes, more than the {} that are taken", is, most));
  }

  PackLimits limits;
  State state = State::kHeader;
  z_stream stream{};
  std::array<std::uint8_t, kHeader> header{};
  std::size_t count = 0;  // bytes read of what `state` names
  std::uint32_t objects = 0, left = 0;
  int type = 0;
  std::uint64_t size = 0, inflated = 0;
  unsigned shift = 0;
  Number base_size, result_size;
  int sizes_read = 0;
};

PackGuard::PackGuard(const PackLimits& limits) : impl_(std::make_unique<Impl>(limits)) {}
PackGuard::~PackGuard() = default;

void PackGuard::take(std::string_view bytes) { impl_->take(bytes); }
bool PackGuard::whole() const { return impl_->state == Impl::State::kEnd; }
std::uint32_t PackGuard::objects() const { return impl_->objects; }

}  // namespace drift::migrations
