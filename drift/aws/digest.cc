#include "drift/aws/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <array>
#include <cstdint>

#include "drift/base/error.h"

namespace drift::aws {
namespace {

std::string text_of(const unsigned char* bytes, unsigned int size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

}  // namespace

std::string sha256(std::string_view data) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  if (EVP_Digest(data.data(), data.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
    throw Error{Fault::kInternal, "OpenSSL could not compute a SHA-256 digest"};
  }
  return text_of(digest.data(), size);
}

std::string sha256_hex(std::string_view data) { return hex_encoded(sha256(data)); }

std::string hmac_sha256(std::string_view key, std::string_view data) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  // OpenSSL takes a null key for "the key of the call before", so an empty one needs an address.
  const char* key_bytes = key.empty() ? "" : key.data();
  if (HMAC(EVP_sha256(), key_bytes, static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(data.data()), data.size(), digest.data(),
           &size) == nullptr) {
    throw Error{Fault::kInternal, "OpenSSL could not compute an HMAC"};
  }
  return text_of(digest.data(), size);
}

std::string hex_encoded(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    text += kDigits[value >> 4];
    text += kDigits[value & 15];
  }
  return text;
}

std::string random_hex(int bytes) {
  std::string buffer(static_cast<std::size_t>(bytes), '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(buffer.data()), bytes) != 1) {
    throw Error{Fault::kInternal, "OpenSSL gave no random bytes"};
  }
  return hex_encoded(buffer);
}

}  // namespace drift::aws
