#include "migrations/git/pack_guard.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <fstream>
#include <sstream>
#include <string>

#include "tests/migrations/temporary_repository.h"
#include "tests/thrown_by.h"

namespace drift::migrations {
namespace {

std::string header(std::uint32_t objects) {
  std::string bytes("PACK\0\0\0\2", 8);
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(objects >> shift);
  return bytes;
}

std::string compressed(const std::string& contents) {
  std::string bytes(compressBound(contents.size()), '\0');
  uLongf size = bytes.size();
  compress(reinterpret_cast<Bytef*>(bytes.data()), &size,
           reinterpret_cast<const Bytef*>(contents.data()), contents.size());
  bytes.resize(size);
  return bytes;
}

std::string number(std::uint64_t value) {
  std::string bytes;
  for (; value > 0x7f; value >>= 7) bytes += static_cast<char>(0x80 | (value & 0x7f));
  return bytes + static_cast<char>(value);
}

// `type`: 3 is a blob, 7 a delta against the object of an id.
std::string object(int type, std::uint64_t size, const std::string& contents) {
  std::string bytes(1, static_cast<char>(type << 4 | (size & 15)));
  if (size >>= 4; size > 0) {
    bytes[0] = static_cast<char>(bytes[0] | 0x80);
    bytes += number(size);
  }
  if (type == 7) bytes += std::string(20, '\1');
  return bytes + compressed(contents);
}

const std::string kChecksum(20, 'x');

void take(const std::string& pack, const PackLimits& limits = {}, std::size_t piece = 1 << 20) {
  PackGuard guard(limits);
  for (std::size_t at = 0; at < pack.size(); at += piece) guard.take(pack.substr(at, piece));
  if (!guard.whole()) throw Error{Fault::kInternal, "not whole"};
}

void expect_refused(const std::string& pack, const std::string& message,
                    const PackLimits& limits = {}) {
  expect_error(thrown_by([&] { take(pack, limits); }), Fault::kRepositoryUnreadable, message, "");
}

TEST(PackGuard, ARealPackPassesInPiecesOfAnySizeAndNoPartOfItIsWhole) {
  TemporaryRepository repository;
  std::string text = "a line that is in every version\n";
  for (int i = 0; i < 20; ++i) {
    text += std::to_string(i * i) + " is a square\n";
    repository.write("a.txt", text);
    repository.commit();
  }
  repository.git("repack -q -a -d");  // with deltas, by offset
  const std::string name = repository.shell("ls .git/objects/pack/*.pack");
  std::ifstream file(repository.path(name), std::ios::binary);
  std::stringstream bytes;
  bytes << file.rdbuf();
  const std::string pack = bytes.str();
  for (const std::size_t piece : {1u, 2u, 7u, 100u, 1u << 20})
    EXPECT_NO_THROW(take(pack, {}, piece));
  for (std::size_t size = 0; size < pack.size(); size += 13) {
    EXPECT_THROW(take(pack.substr(0, size)), Error) << size;
  }
  expect_refused(pack + "x", "something follows its checksum");
}

TEST(PackGuard, ADeltaThatStandsForVeryMuchIsRefusedBeforeItIsPutTogether) {
  PackLimits limits;
  limits.most_from_delta = 1000;
  const auto pack = [](std::uint64_t result) {
    const std::string delta = number(10) + number(result) + "\x90";
    return header(1) + object(7, delta.size(), delta) + kChecksum;
  };
  EXPECT_NO_THROW(take(pack(1000), limits));
  expect_refused(pack(1001), "an object of it has 1001 bytes, more than the 1000 that are taken",
                 limits);
  expect_refused(pack(std::uint64_t{1} << 40),
                 "an object of it has 1099511627776 bytes, more than the 536870912 that are taken");
  const std::string endless = std::string(20, '\x80') + "\1";
  expect_refused(header(1) + object(7, endless.size(), endless) + kChecksum,
                 "the size of an object has too many digits");
}

TEST(PackGuard, AnObjectIsWhatItSaysItIs) {
  EXPECT_NO_THROW(take(header(1) + object(3, 5, "hello") + kChecksum));
  EXPECT_NO_THROW(take(header(1) + object(3, 0, "") + kChecksum));
  EXPECT_NO_THROW(take(header(0) + kChecksum));
  expect_refused(header(1) + object(3, 4, "hello") + kChecksum, "an object is longer than it says");
  expect_refused(header(1) + object(3, 6, "hello") + kChecksum,
                 "an object is shorter than it says");
  // A few kilobytes that would be a gigabyte.
  expect_refused(header(1) + object(3, 100, std::string(10 << 20, 'x')) + kChecksum,
                 "an object is longer than it says");
  PackLimits limits;
  limits.most_stored = 100;
  expect_refused(header(1) + object(3, 101, std::string(101, 'x')) + kChecksum,
                 "an object of it has 101 bytes, more than the 100 that are taken", limits);
}

TEST(PackGuard, WhatIsNoPackIsRefused) {
  expect_refused("<html><body>", "it does not begin as a pack");
  expect_refused(header(1) + '\x50', "there is an object of the type 5");
  expect_refused(header(1) + '\x05', "there is an object of the type 0");
  expect_refused(header(1) + std::string(12, '\xff'), "the size of an object has too many digits");
  expect_refused(header(1) + '\x35' + "no zlib stream at all",
                 "an object is not compressed as it should be");
  expect_refused(header(50'000'001),
                 "it has 50000001 objects, more than the 50000000 that are taken");
}

}  // namespace
}  // namespace drift::migrations
