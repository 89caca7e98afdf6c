// Room for texts that must stay where they are until the next message. Cleared, not freed: no allocation once warm.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "edge/bytes/assert.h"

namespace tidemark {

class TextArena {
 public:
  static constexpr std::size_t kBlockBytes = 4096;
  static constexpr std::size_t kKeptBlocks = 16;  // what one unusual message took beyond this is given back

  /// Views handed out before become invalid.
  void clear() {
    if (blocks_.size() > kKeptBlocks) blocks_.resize(kKeptBlocks);
    block_ = 0;
    used_ = 0;
  }

  /// A copy of `text`. Requires at most kBlockBytes.
  std::string_view keep(std::string_view text) {
    TIDEMARK_ASSERT(text.size() <= kBlockBytes);
    if (used_ + text.size() > kBlockBytes) {
      ++block_;
      used_ = 0;
    }
    if (block_ == blocks_.size()) blocks_.push_back(std::make_unique<char[]>(kBlockBytes));
    char* const to = blocks_[block_].get() + used_;
    if (!text.empty()) std::memcpy(to, text.data(), text.size());
    used_ += text.size();
    return {to, text.size()};
  }

 private:
  std::vector<std::unique_ptr<char[]>> blocks_;
  std::size_t block_ = 0;  // the block being filled
  std::size_t used_ = 0;   // of it
};

}  // namespace tidemark
