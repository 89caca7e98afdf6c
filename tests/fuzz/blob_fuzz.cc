// Sealed bodies of the state file: any bytes as a body. The first byte is the length of the identity that follows. A
// body that opens is sealed and opened again.
#include <zstd.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "edge/bytes/assert.h"
#include "edge/bytes/byte_writer.h"
#include "edge/bytes/crc32c.h"
#include "edge/store/sealed_blob.h"
#include "tests/fuzz/seeds.h"

namespace tidemark::test {

std::vector<std::string> fuzz_seeds() {
  BlobSealer sealer;
  std::vector<std::string> seeds;
  for (const std::string& body : {std::string(), std::string("short"), std::string(2'000, 'x')}) {
    seeds.push_back(std::string("\x02id") + std::string(sealer.seal("id", body)));
  }
  return seeds;
}

}  // namespace tidemark::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidemark;
  if (size == 0 || size - 1 < data[0]) return 0;
  static BlobSealer sealer;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string_view identity = rest.substr(0, data[0]);
  const std::string_view sealed = rest.substr(data[0]);
  const auto check = [&](std::string_view blob) {
    const auto body = sealer.open(identity, blob);
    if (!body) return;
    const std::string again(sealer.seal(identity, *body));
    TIDEMARK_ASSERT(sealer.open(identity, again) == body);
  };
  check(sealed);
  // With the check mended, so that what lies behind it is reached too; but not what claims to be large, which is given
  // the room it claims.
  constexpr unsigned long long kMostClaimed = 1 << 20;
  if (sealed.size() < 5) return 0;
  std::string mended(sealed.substr(0, sealed.size() - 4));
  const unsigned long long claimed = ZSTD_getFrameContentSize(mended.data() + 1, mended.size() - 1);
  if (claimed > kMostClaimed && claimed < ZSTD_CONTENTSIZE_ERROR) return 0;
  ByteWriter sum;
  sum.u32(crc32c(std::string(identity) + mended));
  mended.append(sum.view());
  check(mended);
  return 0;
}
