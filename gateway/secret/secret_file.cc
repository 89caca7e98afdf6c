#include "gateway/secret/secret_file.h"

#include <fmt/format.h>

#include <algorithm>
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
constexpr std::size_t kLineEnd = 2;

/// As much of it as a secret may have, and one byte more than that with its line end.
Result<std::string, SecretFileError> read_beginning(std::string_view key, const std::string& path,
                                                    std::string_view remedy) {
  const auto unreadable = [&] {
    return fail(SecretFileError::unreadable, unusable_file(key, path, std::strerror(errno), remedy));
  };
  const std::unique_ptr<std::FILE, FileCloser> file(std::fopen(path.c_str(), "rbe"));
  if (!file) return unreadable();
  std::string content(kLongest + kLineEnd + 1, '\0');
  content.resize(std::fread(content.data(), 1, content.size(), file.get()));
  // A folder can be opened; it is only here that it cannot be read.
  if (std::ferror(file.get()) != 0) return unreadable();
  return content;
}

}  // namespace

std::string unusable_file(std::string_view key, std::string_view path, std::string_view why, std::string_view remedy) {
  return fmt::format("{} = \"{}\": {}; {}", key, path, why, remedy);
}

Result<std::string, SecretFileError> read_password(std::string_view key, const std::string& path) {
  constexpr std::string_view kRemedy = "put the password into this file, readable for this user, or name another file";
  auto content = read_beginning(key, path, kRemedy);
  if (!content) return content;
  if (content->ends_with('\n')) content->pop_back();
  if (content->ends_with('\r')) content->pop_back();
  if (content->size() > kLongest) {
    return fail(SecretFileError::too_long,
                unusable_file(key, path, "it is longer than the 65,535 bytes MQTT can carry", kRemedy));
  }
  return content;
}

Result<std::string, SecretFileError> read_token(std::string_view key, const std::string& path) {
  constexpr std::string_view kRemedy =
      "put the secret into this file's first line, readable for this user, or name another file";
  auto content = read_beginning(key, path, kRemedy);
  if (!content) return content;
  content->resize(std::min(content->find('\n'), content->size()));
  if (content->ends_with('\r')) content->pop_back();
  if (content->empty())
    return fail(SecretFileError::empty, unusable_file(key, path, "its first line is empty", kRemedy));
  if (content->size() > kLongest) {
    return fail(SecretFileError::too_long,
                unusable_file(key, path, "its first line is longer than 65,535 bytes", kRemedy));
  }
  return content;
}

}  // namespace tidemark
