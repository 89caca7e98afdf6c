// A sequence that only grows, in chunks that never move: for many large elements whose moving would cost more than all
// that is done with them.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace tidemark {

template <typename T>
class Chunked {
 public:
  /// Appends a default T. References stay valid.
  T& grow() {
    if (size_ % kChunk == 0) chunks_.push_back(std::make_unique<T[]>(kChunk));
    return (*this)[size_++];
  }
  [[nodiscard]] T& operator[](std::size_t i) { return chunks_[i / kChunk][i % kChunk]; }
  [[nodiscard]] const T& operator[](std::size_t i) const { return chunks_[i / kChunk][i % kChunk]; }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  static constexpr std::size_t kChunk = 256;
  std::vector<std::unique_ptr<T[]>> chunks_;
  std::size_t size_ = 0;
};

}  // namespace tidemark
