// CRC-32C (Castagnoli, polynomial 0x1EDC6F41 reflected), as in RFC 3720 section 12.1 and appendix B.4: the check beside
// every stored blob.
#pragma once

#include <cstdint>
#include <string_view>

namespace tidemark {

/// Of the empty string: 0. Of "123456789": 0xE3069283.
std::uint32_t crc32c(std::string_view bytes);

}  // namespace tidemark
