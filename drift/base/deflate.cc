#include "drift/base/deflate.h"

#include <zlib.h>

#include <algorithm>
#include <memory>

#include "drift/base/error.h"

namespace drift {
namespace {

constexpr std::size_t kChunk = 1U << 20U;

}  // namespace

std::string deflated(std::string_view text) {
  uLongf size = compressBound(static_cast<uLong>(text.size()));
  std::string bytes(size, '\0');
  const int done = compress2(reinterpret_cast<Bytef*>(bytes.data()), &size,
                             reinterpret_cast<const Bytef*>(text.data()),
                             static_cast<uLong>(text.size()), Z_DEFAULT_COMPRESSION);
  if (done != Z_OK) throw Error{Fault::kInternal, "a text could not be made smaller"};
  bytes.resize(size);
  return bytes;
}

std::optional<std::string> inflated(std::string_view bytes, std::size_t most) {
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) return {};
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, inflateEnd);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string text;
  int state = Z_OK;
  while (state == Z_OK) {
    const std::size_t before = text.size();
    // One byte more than is allowed tells that there is too much.
    text.resize(before + std::min(kChunk, most + 1 - before));
    stream.next_out = reinterpret_cast<Bytef*>(text.data() + before);
    stream.avail_out = static_cast<uInt>(text.size() - before);
    state = inflate(&stream, Z_NO_FLUSH);
    text.resize(text.size() - stream.avail_out);
    if (text.size() > most) return {};
    if (state == Z_OK && stream.avail_in == 0 && text.size() == before) return {};
  }
  if (state != Z_STREAM_END || stream.avail_in != 0) return {};
  return text;
}

}  // namespace drift
