// Which messages the broker may send again because it may not have processed our PUBACK (SEMANTICS, rule 29): packet id
// and hash of topic and payload, in the order in which they were taken.
//
// A PINGRESP retires from the front what was acknowledged before its PINGREQ; a session that is not present empties the
// table; an id that is used anew supersedes its older entry. At most 65,535 entries are alive at once.
#pragma once

#include <cstdint>
#include <deque>

#include <boost/unordered/unordered_flat_map.hpp>

#include "edge/bytes/byte_reader.h"
#include "edge/bytes/byte_writer.h"

namespace tidemark {

class Redeliveries {
 public:
  /// Whether a PUBLISH with DUP set is one that was taken already.
  [[nodiscard]] bool holds(std::uint16_t packet_id, std::uint64_t hash) const;

  /// Takes a message. `ordinal`: its place in its connection, not durable; what an earlier connection or process took
  /// counts as 0, so that the first PINGRESP of this connection retires it.
  void take(std::uint16_t packet_id, std::uint64_t hash, std::uint64_t ordinal);

  /// How many entries a PINGRESP for everything up to `ordinal` retires.
  [[nodiscard]] std::uint64_t retired_by(std::uint64_t ordinal) const;
  void retire(std::uint64_t entries);
  void clear();

  /// A new connection: what is here belongs to an older one.
  void forget_ordinals();

  [[nodiscard]] std::size_t size() const { return index_.size(); }

  void encode(ByteWriter& out) const;
  static Redeliveries decode(ByteReader& in);

 private:
  struct Entry {
    std::uint64_t hash;
    std::uint64_t ordinal;
    std::uint16_t packet_id;
  };
  std::deque<Entry> entries_;
  std::uint64_t retired_ = 0;  // entries that have left the front: index_ counts from the beginning
  boost::unordered_flat_map<std::uint16_t, std::uint64_t> index_;

  void drop_superseded();
};

}  // namespace tidemark
