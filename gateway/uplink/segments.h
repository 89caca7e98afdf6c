// Which rows of the log Kafka has not acknowledged, and in which order they are sent. Pure.
//
// Rows are sent in order, segment by segment. Usually there is one segment without an end: what is committed is
// appended to it. When the link comes back to a long backlog, or the appliance starts with one, a new epoch begins at a
// row, and the segment is split there: the new one is sent first, so that the newest state of the plant is there at
// once, and the old ones drain behind it, oldest first. Within a segment, and so within an epoch, the order of the log
// is kept.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidemark {

struct Segment {
  static constexpr std::uint64_t kOpen = ~std::uint64_t{0};

  std::uint64_t next = 1;     // the first row that is not acknowledged
  std::uint64_t end = kOpen;  // behind the last row
  std::uint64_t sending = 1;  // the first row that is not handed to the producer: from `next` to `end`. Not durable
  friend bool operator==(const Segment&, const Segment&) = default;
};

class Segments {
 public:
  /// Everything from row `first` on, in one segment.
  explicit Segments(std::uint64_t first = 1) : segments_{{first, Segment::kOpen, first}} {}

  /// As text() wrote it; nullopt: it is not that.
  static std::optional<Segments> parse(std::string_view text);
  /// For the state file: "NEXT-END,...,NEXT-", oldest first.
  [[nodiscard]] std::string text() const;

  /// What is from `row` on goes first from now on. Requires that the row was not handed to the producer yet.
  void split(std::uint64_t row);

  /// The next row to send, given that rows up to and including `last` are committed; 0: none.
  [[nodiscard]] std::uint64_t to_send(std::uint64_t last) const;
  /// How many rows behind to_send() are in its segment, itself included.
  [[nodiscard]] std::uint64_t run(std::uint64_t last) const;

  /// A row was handed to the producer, and all before it in its segment, or are not there any more.
  void sent(std::uint64_t row);
  /// Kafka has it, and all before it in its segment.
  void acknowledged(std::uint64_t row);
  /// The producer is gone: what was not acknowledged is sent again.
  void rewind();

  /// Rows below it may go from the log.
  [[nodiscard]] std::uint64_t first_needed() const { return segments_.front().next; }
  /// Rows not acknowledged, given that rows up to `last` are committed.
  [[nodiscard]] std::uint64_t backlog(std::uint64_t last) const;
  /// The same of the open segment alone: what stands before the newest row, whatever else drains behind it.
  [[nodiscard]] std::uint64_t newest_backlog(std::uint64_t last) const;
  /// The segments before the open one hold something.
  [[nodiscard]] bool draining() const { return segments_.size() > 1; }
  [[nodiscard]] const std::vector<Segment>& all() const { return segments_; }

  friend bool operator==(const Segments&, const Segments&) = default;

 private:
  static std::uint64_t waiting(const Segment& segment, std::uint64_t last);
  [[nodiscard]] const Segment* sending_segment(std::uint64_t last) const;
  std::vector<Segment>::iterator holding(std::uint64_t row);

  std::vector<Segment> segments_;  // by row; the last one is open
};

}  // namespace tidemark
