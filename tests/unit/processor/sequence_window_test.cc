#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "edge/processor/sequence_window.h"

namespace tidemark {
namespace {

struct Step {
  std::uint64_t number;
  bool newer;
  SequenceVerdict verdict;
  std::uint64_t gap = 0;
};

using enum SequenceVerdict;

void run(std::uint64_t modulus, const std::vector<Step>& steps) {
  SequenceWindow window;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    CAPTURE(i);
    const Step& step = steps[i];
    const SequenceVerdict verdict = window.classify(step.number, modulus, step.newer);
    CHECK(static_cast<int>(verdict) == static_cast<int>(step.verdict));
    if (verdict == next) CHECK(window.gap_before(step.number, modulus) == step.gap);
    if (verdict != duplicate) window.take(step.number, modulus, verdict);
    // What is stored decides alike.
    ByteWriter out;
    window.encode(out);
    ByteReader in(out.view());
    window = SequenceWindow::decode(in);
    CHECK(in.ok());
    CHECK(in.at_end());
  }
}

}  // namespace

TEST_CASE("numbers go on, leave gaps, fill them late and repeat") {
  run(0, {{10, true, first},
          {11, true, next, 0},
          {15, true, next, 3},
          {13, false, late},
          {13, false, duplicate},
          {12, false, late},
          {14, false, late},
          {11, false, duplicate},
          {15, false, duplicate}});
}

TEST_CASE("after the greatest number of a modulus comes 0, without a gap") {
  for (const std::uint64_t modulus : {256ull, 65'536ull, 1ull << 32}) {
    run(modulus, {{modulus - 2, true, first},
                  {modulus - 1, true, next, 0},
                  {0, true, next, 0},
                  {2, true, next, 1},
                  {1, false, late},
                  {modulus - 1, false, duplicate}});
  }
}

TEST_CASE("a newer message is never a duplicate: the counter began anew") {
  run(0, {{0, true, first}, {1, true, next, 0}, {0, true, restarted}, {1, true, next, 0}, {1, false, duplicate}});
}

TEST_CASE("a newer message with a number that was missed fills its gap") {
  run(0, {{5, true, first}, {7, true, next, 1}, {6, true, late}});
}

TEST_CASE("a quarter of the modulus is remembered, and at most 1024") {
  // 256: 64 numbers, the high mark among them.
  run(256, {{100, true, first}, {37, false, late}, {36, false, unknown}, {36, true, restarted}});
  run(0, {{5000, true, first}, {5000 - 1023, false, late}, {5000 - 1024, false, unknown}, {0, true, restarted}});
}

TEST_CASE("half way round is ahead") {
  run(256, {{0, true, first}, {128, true, next, 127}});
  run(256, {{0, true, first}, {129, false, unknown}});
}

TEST_CASE("what was seen stays seen while the window advances, over words and between them") {
  for (const std::uint64_t by : {1ull, 63ull, 64ull, 65ull, 127ull, 128ull, 1000ull, 1023ull}) {
    CAPTURE(by);
    run(0,
        {{9'999, true, first}, {10'000, true, next, 0}, {10'000 + by - 1, true, by == 1 ? restarted : next, by - 2}});
    SequenceWindow window;
    window.take(10'000, 0, first);
    window.take(10'000 + by, 0, next);
    CHECK(window.classify(10'000, 0, false) == duplicate);
    CHECK(window.classify(9'999, 0, false) != duplicate);
  }
}

TEST_CASE("a jump beyond what is remembered forgets everything, and nothing is remembered too long") {
  run(0, {{1, true, first}, {1ull << 62, true, next, (1ull << 62) - 2}, {(1ull << 62) - 5, false, late}});
}

TEST_CASE("more words than there can be are damage") {
  ByteWriter out;
  out.u8(1);
  out.varint(7);
  out.varint(17);
  ByteReader in(out.view());
  SequenceWindow::decode(in);
  CHECK_FALSE(in.ok());
}

}  // namespace tidemark
