#include "gateway/mqtt/secrets.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace tidemark {
namespace {

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

constexpr std::size_t kLongest = 65'535;

}  // namespace

Result<std::string, SecretError> read_secret(const std::string& path) {
  const std::unique_ptr<std::FILE, FileCloser> file(std::fopen(path.c_str(), "rbe"));
  if (!file) return fail(SecretError::unreadable, fmt::format("cannot open {}: {}", path, std::strerror(errno)));
  std::string content(kLongest + 3, '\0');
  content.resize(std::fread(content.data(), 1, content.size(), file.get()));
  if (std::ferror(file.get()) != 0) {
    return fail(SecretError::unreadable, fmt::format("cannot read {}: {}", path, std::strerror(errno)));
  }
  if (content.ends_with('\n')) content.pop_back();
  if (content.ends_with('\r')) content.pop_back();
  if (content.size() > kLongest) {
    return fail(SecretError::unreadable, fmt::format("{} is longer than the 65,535 bytes MQTT can carry", path));
  }
  return content;
}

Result<std::string, SecretError> one_time_secret() {
  std::array<unsigned char, 16> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    return fail(SecretError::no_random, "the system gives no random numbers");
  }
  std::string secret;
  for (const unsigned char byte : bytes) secret += fmt::format("{:02x}", byte);
  return secret;
}

bool same_secret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace tidemark
