#include <openssl/evp.h>

#include <algorithm>
#include <memory>

#include "edge/bytes/assert.h"
#include "edge/event/event.h"

namespace tidemark {

Digest extend_digest(const Digest& before, std::string_view event) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> hash{};
  // SHA-256 over memory fails only when there is no memory left or no such algorithm: nothing to go on with.
  const bool done = context != nullptr && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1 &&
                    EVP_DigestUpdate(context.get(), before.data(), before.size()) == 1 &&
                    EVP_DigestUpdate(context.get(), event.data(), event.size()) == 1 &&
                    EVP_DigestFinal_ex(context.get(), hash.data(), nullptr) == 1;
  TIDEMARK_ASSERT(done);
  Digest after{};
  std::copy_n(hash.begin(), after.size(), after.begin());
  return after;
}

}  // namespace tidemark
