#include "edge/store/sealed_blob.h"

#include "tests/unit/store/fixture.h"

namespace tidemark::test {
namespace {

TEST_CASE("a sealed body opens with its identity, and small where it can be small") {
  BlobSealer sealer;
  for (const std::string& body :
       {std::string(), std::string("x"), std::string(100'000, 'z'), noise(100'000, 1), noise(3, 2)}) {
    const std::string sealed(sealer.seal("row 1", body));
    CHECK(sealer.open("row 1", sealed) == body);
    CHECK(sealed.size() <= body.size() + 5);
    CHECK_FALSE(sealer.open("row 2", sealed));
  }
  CHECK(sealer.seal("", std::string(100'000, 'z')).size() < 100);
}

TEST_CASE("the framing is the one docs/formats/state.md shows") {
  BlobSealer sealer;
  // CRC-32C of "k", 0 and "abc".
  CHECK(std::string(sealer.seal("k", "abc")) == std::string("\0abc", 4) + "\x64\x8e\xf0\xb2");
}

TEST_CASE("no flipped bit and no cut goes unnoticed") {
  BlobSealer sealer;
  for (const std::string& body : {std::string("some plan"), std::string(300, 'z')}) {
    const std::string sealed(sealer.seal("row", body));
    for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
      std::string damaged = sealed;
      damaged[bit / 8] = static_cast<char>(static_cast<unsigned char>(damaged[bit / 8]) ^ (1u << (bit % 8)));
      CHECK_FALSE(sealer.open("row", damaged));
    }
    for (std::size_t size = 0; size < sealed.size(); ++size) {
      CHECK_FALSE(sealer.open("row", std::string_view(sealed).substr(0, size)));
    }
  }
}

}  // namespace
}  // namespace tidemark::test
