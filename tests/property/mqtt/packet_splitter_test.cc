// The packet splitter against a generator that knows what it wrote: any packets in any pieces. Then the same streams
// damaged: whatever is made of them does not depend on the pieces, and memory stays bounded.
#include "gateway/mqtt/packet_splitter.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/seeded_random.h"
#include "tests/unit/mqtt/packet_builders.h"

namespace tidemark::mqtt {
namespace {

using test::SeededRandom;
using Step = PacketSplitter::Step;

/// Small, so that much is oversized.
constexpr std::uint64_t kMaxPayload = 500;

struct Written {
  std::string bytes;
  std::vector<std::string> items;
};

std::string describe(const Publish& p) {
  return std::string(p.topic) + "|" + std::string(p.payload) + "|" + std::to_string(p.payload_size) + "|" +
         std::to_string(p.packet_id) + "|" + std::to_string(p.subscription) + (p.duplicate ? "|dup" : "") +
         (p.retained ? "|retained" : "") + (p.oversized ? "|oversized" : "");
}

std::string letters(SeededRandom& random, std::size_t size) {
  std::string out(size, 'a');
  for (char& c : out) c = static_cast<char>('a' + random.below(26));
  return out;
}

/// Properties of a PUBLISH; `subscription`: what is to be found in them.
std::string properties(SeededRandom& random, std::uint32_t& subscription) {
  std::string out;
  std::uint64_t identifiers = 0;
  for (std::uint64_t left = random.below(5); left > 0; --left) {
    switch (random.below(4)) {
      case 0:
        out += "\x26" + test::text(letters(random, random.below(300))) + test::text(letters(random, 3));
        break;
      case 1:
        out += std::string("\x01", 1) + static_cast<char>(random.below(2));
        break;
      case 2:
        out += "\x09" + test::text(letters(random, random.below(20)));
        break;
      default: {
        // Of one to four bytes alike.
        const std::uint64_t most = (std::uint64_t{1} << (7 * (1 + random.below(4)))) - 1;
        const auto identifier = static_cast<std::uint32_t>(1 + random.below(most));
        out += test::subscription_identifier(identifier);
        subscription = ++identifiers == 1 ? identifier : 0;
      }
    }
  }
  return out;
}

void write_publish(SeededRandom& random, std::uint8_t level, Written& written) {
  const std::string topic = letters(random, 1 + random.below(40));
  // Now and then so much that it is skipped as it streams.
  const std::size_t size = random.chance(1, 12) ? 131'000 + random.below(100'000) : random.below(2 * kMaxPayload);
  const std::string payload = letters(random, size);
  const bool acknowledged = random.chance(2, 3);
  const test::PublishWords words{topic,
                                 payload,
                                 acknowledged ? 1u : 0u,
                                 acknowledged ? 1 + static_cast<unsigned>(random.below(65'535)) : 0u,
                                 acknowledged && random.chance(1, 4),
                                 random.chance(1, 4)};
  Publish expected;
  const std::string head = level == kLevel5 ? properties(random, expected.subscription) : std::string();
  written.bytes += test::publish(words, level, head);
  expected.topic = topic;
  expected.payload_size = payload.size();
  expected.oversized = payload.size() > kMaxPayload;
  expected.payload = std::string_view(payload).substr(0, expected.oversized ? kOversizedPrefix : payload.size());
  expected.packet_id = static_cast<std::uint16_t>(words.id);
  expected.duplicate = words.duplicate;
  expected.retained = words.retained;
  written.items.push_back(describe(expected));
}

Written write(SeededRandom& random, std::uint8_t level) {
  Written written;
  for (std::uint64_t left = 1 + random.below(20); left > 0; --left) {
    if (random.chance(3, 4)) {
      write_publish(random, level, written);
      continue;
    }
    const std::string other = random.chance(1, 2)
                                  ? test::packet(0xD0, "")
                                  : test::packet(0x90, test::u16(1) + letters(random, random.below(200)));
    written.bytes += other;
    written.items.push_back(other);
  }
  return written;
}

struct Found {
  std::vector<std::string> items;
  bool failed = false;
  std::size_t most_buffered = 0;
};

/// In pieces of at most `largest` bytes.
Found split(std::string_view stream, std::uint8_t level, SeededRandom& random, std::size_t largest) {
  PacketSplitter splitter(PacketSplitter::From::broker, kMaxPayload);
  splitter.speak(level);
  Found found;
  while (!stream.empty() && !found.failed) {
    const std::string_view piece = stream.substr(0, 1 + random.below(largest));
    stream.remove_prefix(piece.size());
    piece.copy(splitter.room(piece.size()).data(), piece.size());
    splitter.filled(piece.size());
    for (Step step = Step::more; (step = splitter.next()) != Step::more && !found.failed;) {
      if (step == Step::failed) found.failed = true;
      if (step == Step::packet) found.items.emplace_back(splitter.packet().bytes);
      if (step == Step::publish) found.items.push_back(describe(splitter.publish()));
    }
    found.most_buffered = std::max(found.most_buffered, splitter.buffered());
  }
  return found;
}

TEST_CASE("any packets in any pieces come out as they were written") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    SeededRandom random(seed);
    const std::uint8_t level = random.chance(1, 3) ? kLevel3_1_1 : kLevel5;
    const Written written = write(random, level);
    for (const std::size_t largest : {std::size_t{64 * 1024}, std::size_t{700}, written.bytes.size()}) {
      const Found found = split(written.bytes, level, random, largest);
      REQUIRE_FALSE(found.failed);
      REQUIRE(found.items == written.items);
    }
  }
}

TEST_CASE("what is made of damaged packets does not depend on the pieces, and memory stays bounded") {
  unsigned failed = 0;
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    CAPTURE(seed);
    SeededRandom random(seed);
    const std::uint8_t level = random.chance(1, 3) ? kLevel3_1_1 : kLevel5;
    std::string stream = write(random, level).bytes;
    // Near the front more often than not: heads are what can be misread.
    for (std::uint64_t left = 1 + random.below(4); left > 0; --left) {
      const std::uint64_t reach = random.chance(1, 2) ? std::min<std::uint64_t>(stream.size(), 60) : stream.size();
      stream[random.below(reach)] = static_cast<char>(random.below(256));
    }
    const Found whole = split(stream, level, random, stream.size());
    const Found pieces = split(stream, level, random, 3000);
    REQUIRE(pieces.items == whole.items);
    REQUIRE(pieces.failed == whole.failed);
    REQUIRE(pieces.most_buffered <= kMaxPayload + 128 * 1024 + 5);
    failed += whole.failed ? 1 : 0;
  }
  CHECK(failed > 100);
}

}  // namespace
}  // namespace tidemark::mqtt
