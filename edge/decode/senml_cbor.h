// SenML in CBOR (RFC 8428 section 6): the records of a pack, one after the other, by libcbor's streaming decoder, which
// tells one data item at a time and allocates nothing. What is nested is walked here, no deeper than is allowed.
//
// Limitations: tags other than 4 (decimal fraction), big integers and simple values without a name are not SenML. A
// tagged value is of no type that a field may have; what libcbor 0.8 does not know (tags 6 to 20, simple values) is
// malformed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "edge/decode/senml_record.h"
#include "edge/decode/text_arena.h"
#include "edge/ledger/rejection.h"

namespace tidemark {

/// What the streaming decoder told of one data item (RFC 8949 section 3).
struct CborItem {
  enum class Kind : std::uint8_t {
    none,
    positive,    // `number`
    negative,    // -1 - `number`
    real,        // `real`
    narrow,      // `narrow`: a half or single float
    bytes,       // `text`
    text,        // `text`
    many_bytes,  // of indefinite length: chunks follow
    many_texts,
    array,  // of `number` items
    map,    // of `number` pairs
    many_items,
    many_pairs,
    tag,      // `number`
    boolean,  // `number`
    null,     // or undefined
    end,      // of what has an indefinite length
  };
  Kind kind = Kind::none;
  std::uint64_t number = 0;
  double real = 0;
  float narrow = 0;
  std::string_view text;
};

class SenmlCbor {
 public:
  explicit SenmlCbor(std::uint32_t max_depth) : max_depth_(max_depth) {}

  /// nullopt, or why nothing of the payload is taken. Texts in its records are views into the payload and into this
  /// object until the next start; texts of numbers until the next record.
  std::optional<Rejection> start(std::string_view payload);

  /// False: there is no further record, or the pack is broken here.
  bool next(SenmlRecord& record);

  /// Why next() came to an end too early.
  [[nodiscard]] std::optional<Rejection> failure() const { return failure_; }

 private:
  using Kind = CborItem::Kind;

  // Each returns false when the pack is to be rejected, for failure_. `depth` counts the containers and tags around.
  bool fail(Rejection reason);
  bool read();
  bool pair(SenmlRecord& record, bool& ended);
  bool label(bool& known, std::size_t& index);
  bool value(JsonValue& value, std::size_t index);
  bool fraction(JsonValue& value, std::size_t index);
  bool integer(char*& to, char* end);
  bool chunks(Kind kind, std::string_view& text);
  bool skip(std::uint32_t depth);
  static void number(std::string_view text, JsonValue& value);

  const std::uint32_t max_depth_;

  // Of the pack at hand.
  std::string_view rest_;
  CborItem item_;
  std::optional<std::uint64_t> left_;  // records to come; nullopt: until the end is said
  std::optional<Rejection> failure_;
  std::array<std::array<char, 48>, kSenmlLabels.size()> numbers_{};  // their texts, of the record at hand
  std::string joined_;                                               // scratch of chunks()
  TextArena texts_;                                                  // those that came in chunks
};

}  // namespace tidemark
