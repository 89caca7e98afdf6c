#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <string>

#include "edge/bytes/byte_reader.h"
#include "edge/bytes/byte_writer.h"
#include "edge/bytes/crc32c.h"

using namespace tidemark;
using namespace std::string_view_literals;

TEST_CASE("fixed integers are little-endian on every machine") {
  ByteWriter out;
  out.u8(0x01);
  out.u16(0x0203);
  out.u32(0x04050607);
  out.u64(0x08090a0b0c0d0e0f);
  out.i64(-2);
  CHECK(out.view() == "\x01\x03\x02\x07\x06\x05\x04\x0f\x0e\x0d\x0c\x0b\x0a\x09\x08\xfe\xff\xff\xff\xff\xff\xff\xff"sv);
  ByteReader in(out.view());
  CHECK(in.u8() == 0x01);
  CHECK(in.u16() == 0x0203);
  CHECK(in.u32() == 0x04050607);
  CHECK(in.u64() == 0x08090a0b0c0d0e0f);
  CHECK(in.i64() == -2);
  CHECK(in.ok());
  CHECK(in.at_end());
}

TEST_CASE("varints survive at every length") {
  for (unsigned bit = 0; bit < 64; ++bit) {
    for (const std::uint64_t value :
         {std::uint64_t{1} << bit, (std::uint64_t{1} << bit) - 1, ~(std::uint64_t{1} << bit)}) {
      ByteWriter out;
      out.varint(value);
      out.svarint(static_cast<std::int64_t>(value));
      ByteReader in(out.view());
      CHECK(in.varint() == value);
      CHECK(in.svarint() == static_cast<std::int64_t>(value));
      CHECK(in.ok());
      CHECK(in.at_end());
    }
  }
}

TEST_CASE("small magnitudes of either sign take one byte") {
  for (const std::int64_t value : {0, 1, -1, 63, -64}) {
    ByteWriter out;
    out.svarint(value);
    CHECK(out.size() == 1);
  }
}

TEST_CASE("a varint of more than 64 bits is malformed") {
  for (const std::string_view bytes :
       {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"sv, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"sv}) {
    ByteReader in(bytes);
    CHECK(in.varint() == 0);
    CHECK_FALSE(in.ok());
  }
  ByteReader largest("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"sv);
  CHECK(largest.varint() == std::numeric_limits<std::uint64_t>::max());
  CHECK(largest.ok());
}

TEST_CASE("after one read past the end everything reads as nothing") {
  ByteReader in("\x01\x02\x03"sv);
  CHECK(in.u16() == 0x0201);
  CHECK(in.u16() == 0);
  CHECK_FALSE(in.ok());
  CHECK(in.u8() == 0);
  CHECK(in.raw(1).empty());
}

TEST_CASE("a length beyond the input damages the reader, however great") {
  ByteWriter out;
  out.varint(std::numeric_limits<std::uint64_t>::max());
  ByteReader in(out.view());
  CHECK(in.bytes().empty());
  CHECK_FALSE(in.ok());
}

TEST_CASE("bytes keep zeros and high bits") {
  ByteWriter out;
  out.bytes("\x00\xff\x80"sv);
  ByteReader in(out.view());
  CHECK(in.bytes() == "\x00\xff\x80"sv);
  CHECK(in.at_end());
}

TEST_CASE("CRC-32C of the published vectors (RFC 3720, appendix B.4)") {
  CHECK(crc32c("") == 0);
  CHECK(crc32c("123456789") == 0xE3069283);
  CHECK(crc32c(std::string(32, '\0')) == 0x8A9136AA);
  CHECK(crc32c(std::string(32, '\xff')) == 0x62A8AB43);
  std::string ascending;
  for (int i = 0; i < 32; ++i) ascending.push_back(static_cast<char>(i));
  CHECK(crc32c(ascending) == 0x46DD794E);
}
