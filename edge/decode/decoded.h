// What a payload decoder found in one message: records (the message itself, or an element of `each`), each with its
// source, tags, time, sequence and fields; or one rejection of the whole message. A Decoded is reused from message to
// message so that decoding does not allocate once warm. Views live until the next decode.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "edge/decode/reuse.h"
#include "edge/ledger/rejection.h"
#include "edge/time/instant.h"
#include "edge/value/decimal.h"

namespace tidemark {

struct FieldValue {
  std::int32_t field = -1;             // index into StreamDefinition::fields, or -1: named by `name`
  std::string_view name;               // the field's name; empty only if it is what the reading is rejected for
  Decimal value;                       // meaningless when rejected
  bool inexact = false;                // more than 18 digits: rounded to a double first
  std::optional<Rejection> rejection;  // why this one reading is not taken
};

/// A tag whose name stands in the payload.
struct NamedTag {
  std::string_view name;
  std::string_view value;
};

/// A rejected record keeps what else was found in it, so that the readings lost with it can be counted. It may have
/// none, and its source may be empty if that is what is missing.
struct Record {
  std::string_view source;
  /// Into Decoded::tags; as many as the stream has tags, in its order. Of a stream without any, into
  /// Decoded::named_tags, `named_tag_count` of them, sorted by name.
  std::uint32_t first_tag = 0;
  std::uint32_t named_tag_count = 0;
  std::uint32_t first_field = 0;  // into Decoded::fields
  std::uint32_t field_count = 0;
  std::optional<EventTime> time;  // nullopt: the stream has no `time`; arrival time it is
  bool by_arrival = false;  // `time` was reckoned from the arrival: no offset of the device belongs to it, equal ones
                            // are no sign of one reading
  std::optional<std::uint64_t> sequence;
  bool historical = false;             // backlog by the payload's own word (Sparkplug's is_historical); rule 13
  std::optional<Rejection> rejection;  // why none of this record's readings is taken (no_time, missing_field ...)
};

struct Decoded {
  std::optional<Rejection> rejection;  // of the whole message; then there are no records
  std::vector<Record> records;
  std::vector<std::string_view> tags;
  std::vector<NamedTag> named_tags;
  std::vector<FieldValue> fields;

  void clear() {
    rejection.reset();
    clear_for_reuse(records);
    clear_for_reuse(tags);
    clear_for_reuse(named_tags);
    clear_for_reuse(fields);
  }
};

}  // namespace tidemark
