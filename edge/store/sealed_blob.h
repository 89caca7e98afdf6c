// The framing of every stored body: compressed if that makes it smaller, with a check over it and over what it belongs
// to. docs/formats/state.md, "Bodies".
//
//   sealed  = framing body check
//   framing = 1 byte: 0 body as it is, 1 body is one zstd frame that says its content size
//   check   = CRC32C of (identity, framing, body), 4 bytes little-endian
//
// `identity` is not stored in the blob: it is the row's other columns, so that a body beside a damaged key, or moved to
// another row, is damaged too.
#pragma once

#include <zstd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace tidemark {

/// Seals and opens bodies with reused zstd contexts. One thread.
class BlobSealer {
 public:
  BlobSealer();

  /// Valid until the next call.
  std::string_view seal(std::string_view identity, std::string_view body);

  /// nullopt: damaged.
  std::optional<std::string> open(std::string_view identity, std::string_view sealed);

 private:
  std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> compressor_;
  std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> decompressor_;
  std::string scratch_;
};

}  // namespace tidemark
