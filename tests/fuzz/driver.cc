// Runs a fuzz target without libFuzzer: its seeds, files that are named, and then seeded mutations of them. Finds what
// random damage finds; libFuzzer (preset `fuzz`) looks further, guided by coverage.
//
//   TARGET [--seconds S] [--runs N] [--seed N] [FILE|FOLDER...]
//
// Mutates for S seconds or N runs, whichever ends first (default: 2 seconds). The input at hand is written to
// fuzz-failure-TARGET when the target ends the process, and also when one input takes more than 30 seconds; given to
// the target as a file, it is run again alone.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/seeds.h"
#include "tests/support/seeded_random.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" [[gnu::weak]] void __sanitizer_set_death_callback(void (*callback)());

namespace {

using tidemark::test::SeededRandom;

constexpr std::size_t kMostBytes = 64 * 1024;
constexpr unsigned kHung_s = 30;

std::string at_hand;
std::string failure_path;

/// Only what may be called in a signal handler.
void keep_input() {
  const int file = ::open(failure_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (file < 0) return;
  if (::write(file, at_hand.data(), at_hand.size()) >= 0) {
    constexpr std::string_view kSaid = "fuzz: the input is kept in ";
    (void)!::write(STDERR_FILENO, kSaid.data(), kSaid.size());
    (void)!::write(STDERR_FILENO, failure_path.data(), failure_path.size());
    (void)!::write(STDERR_FILENO, "\n", 1);
  }
  ::close(file);
}

void on_signal(int number) {
  keep_input();
  ::signal(number, SIG_DFL);
  ::raise(number);
}

void run(std::string input) {
  at_hand = std::move(input);
  ::alarm(kHung_s);
  // In memory of its own size: a sanitizer then sees a read past its end.
  const std::vector<std::uint8_t> bytes(at_hand.begin(), at_hand.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

/// Numbers at which something changes: signs, widths, powers of ten.
std::uint64_t telling_number(SeededRandom& random) {
  const std::uint64_t near = std::uint64_t{1} << random.below(64);
  return near + random.below(3) - 1;
}

void mutate(std::string& input, const std::vector<std::string>& pool, SeededRandom& random) {
  const std::size_t at = random.below(input.size() + 1);
  const std::size_t length = std::min<std::size_t>(1 + random.below(1 + random.below(64)), input.size() - at);
  switch (random.below(9)) {
    case 0:
      if (at < input.size()) input[at] = static_cast<char>(input[at] ^ (1 << random.below(8)));
      break;
    case 1:
      if (at < input.size()) input[at] = static_cast<char>(random.below(256));
      break;
    case 2:
      input.erase(at, length);
      break;
    case 3:
      input.insert(at, std::string(1 + random.below(16), static_cast<char>(random.below(256))));
      break;
    case 4:
      input.insert(random.below(input.size() + 1), input.substr(at, length));
      break;
    case 5: {
      std::uint64_t number = telling_number(random);
      for (std::size_t i = at, end = std::min(input.size(), at + (std::size_t{1} << random.below(4))); i < end; ++i) {
        input[i] = static_cast<char>(number & 0xff);
        number >>= 8;
      }
      break;
    }
    case 6:
      input.insert(at, std::to_string(telling_number(random)));
      break;
    case 7:
      input.resize(at);
      break;
    default: {
      const std::string& other = pool[random.below(pool.size())];
      input = input.substr(0, at) + other.substr(random.below(other.size() + 1));
    }
  }
  if (input.size() > kMostBytes) input.resize(kMostBytes);
}

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void add_files(const std::string& name, std::vector<std::string>& pool) {
  if (!std::filesystem::is_directory(name)) return pool.push_back(content(name));
  for (const auto& entry : std::filesystem::recursive_directory_iterator(name)) {
    if (entry.is_regular_file()) pool.push_back(content(entry.path()));
  }
}

}  // namespace

int main(int count, char** words) {
  double seconds = 2;
  std::uint64_t runs = UINT64_MAX, seed = 1;
  std::vector<std::string> pool = tidemark::test::fuzz_seeds();
  const std::size_t own = pool.size();
  bool limited = false;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    if (i + 1 < count && word == "--seconds") {
      seconds = std::strtod(words[++i], nullptr);
      limited = true;
    } else if (i + 1 < count && word == "--runs") {
      runs = std::strtoull(words[++i], nullptr, 10);
      if (!limited) seconds = 1e9;
    } else if (i + 1 < count && word == "--seed") {
      seed = std::strtoull(words[++i], nullptr, 10);
    } else if (std::filesystem::exists(word)) {
      add_files(std::string(word), pool);
    } else {
      std::fprintf(stderr, "%s [--seconds S] [--runs N] [--seed N] [FILE|FOLDER...]\n", words[0]);
      return 2;
    }
  }
  failure_path = "fuzz-failure-" + std::filesystem::path(words[0]).filename().string();
  if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(keep_input);
  for (const int number : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGALRM}) ::signal(number, on_signal);

  run("");
  for (const std::string& input : pool) run(input);
  SeededRandom random(seed);
  const auto begin = std::chrono::steady_clock::now();
  const auto passed = [begin] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  std::uint64_t done = 0;
  while (done < runs && (done % 16 != 0 || passed() < seconds)) {
    std::string input = pool[random.below(pool.size())];
    for (std::uint64_t n = 1 + random.below(1 + random.below(16)); n > 0; --n) mutate(input, pool, random);
    run(std::move(input));
    ++done;
  }
  std::printf("%zu seeds, %zu files, %llu mutations in %.1f s (seed %llu): no failure\n", own, pool.size() - own,
              static_cast<unsigned long long>(done), passed(), static_cast<unsigned long long>(seed));
}
