#include "gateway/mqtt/message_queue.h"

#include <doctest/doctest.h>

#include <chrono>
#include <thread>

namespace tidemark {
namespace {

MessageChunk chunk(std::uint64_t connection, std::size_t footprint) {
  MessageChunk made;
  made.connection = connection;
  made.footprint = footprint;
  return made;
}

TEST_CASE("chunks come out in the order in which they were pushed") {
  MessageQueue queue(1000);
  for (std::uint64_t i = 1; i <= 3; ++i) CHECK_FALSE(queue.push(chunk(i, 10)));
  std::vector<MessageChunk> chunks;
  CHECK(queue.wait_pop(chunks, seconds(0)));
  REQUIRE(chunks.size() == 3);
  for (std::uint64_t i = 1; i <= 3; ++i) CHECK(chunks[i - 1].connection == i);
  CHECK(queue.bytes() == 0);
}

TEST_CASE("a full queue takes one more chunk and is drained below half, once") {
  MessageQueue queue(100);
  int drained = 0;
  queue.on_drained([&] { ++drained; });
  CHECK_FALSE(queue.push(chunk(1, 60)));
  CHECK(queue.push(chunk(2, 60)));
  CHECK(queue.push(chunk(3, 10)));  // still full: nothing was taken
  std::vector<MessageChunk> chunks;
  CHECK(queue.wait_pop(chunks, seconds(0), 60));
  CHECK(chunks.size() == 1);
  CHECK(drained == 0);  // 70 of 100 are left
  CHECK(queue.wait_pop(chunks, seconds(0), 60));
  CHECK(drained == 1);
  CHECK(queue.wait_pop(chunks, seconds(0), 60));
  CHECK(drained == 1);
  CHECK_FALSE(queue.push(chunk(4, 10)));
}

TEST_CASE("a chunk larger than what is asked for still comes, alone") {
  MessageQueue queue(1000);
  CHECK_FALSE(queue.push(chunk(1, 500)));
  CHECK_FALSE(queue.push(chunk(2, 1)));
  std::vector<MessageChunk> chunks;
  CHECK(queue.wait_pop(chunks, seconds(0), 10));
  CHECK(chunks.size() == 1);
}

TEST_CASE("nothing there: the wait ends at its time, and at once when woken") {
  MessageQueue queue(1000);
  std::vector<MessageChunk> chunks;
  CHECK_FALSE(queue.wait_pop(chunks, milliseconds(5)));
  const auto begin = std::chrono::steady_clock::now();
  queue.wake();  // before the wait: it counts for the next one
  CHECK_FALSE(queue.wait_pop(chunks, seconds(60)));
  std::thread waker([&] { queue.wake(); });
  CHECK_FALSE(queue.wait_pop(chunks, seconds(60)));
  waker.join();
  std::thread pusher([&] { CHECK_FALSE(queue.push(chunk(1, 1))); });
  CHECK(queue.wait_pop(chunks, seconds(60)));
  pusher.join();
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(30));
}

}  // namespace
}  // namespace tidemark
