// Where the tokens of a JSON text begin: simdjson's first stage, run through the raw iterator of its On Demand API. It
// checks UTF-8, control characters in strings and closed quotes at gigabytes a second, and takes escaped quotes apart;
// what the tokens say is read by the decoder, from their text. This is the one file that knows simdjson's parser.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

namespace tidemark {

class JsonIndex {
 public:
  JsonIndex();
  JsonIndex(JsonIndex&&) noexcept;
  JsonIndex& operator=(JsonIndex&&) noexcept;
  ~JsonIndex();

  /// Copies `json` and indexes the copy; false if it is empty or not made of JSON tokens. Allocates only when `json` is
  /// longer than any before it.
  bool load(std::string_view json);

  /// Of the text loaded last, until the next load. The copy may be written to. A token ends where the next begins,
  /// white space included; `offsets` ends with the length of the text, and the byte there is NUL.
  [[nodiscard]] char* text() const { return text_; }
  [[nodiscard]] const std::uint32_t* offsets() const { return offsets_; }

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
  char* text_ = nullptr;
  const std::uint32_t* offsets_ = nullptr;
};

}  // namespace tidemark
