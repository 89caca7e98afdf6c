#include "edge/event/record_builder.h"

namespace tidemark {
namespace {
constexpr std::size_t kBytesAtFirst = 1024;
constexpr std::size_t kBytesPerPane = 64;
}  // namespace

RecordBuilder::RecordBuilder(std::size_t panes) : builder_(kBytesAtFirst + kBytesPerPane * panes) {}

flatbuffers::Offset<flatbuffers::String> RecordBuilder::text(std::string_view text) {
  return builder_.CreateSharedString(text.data(), text.size());
}

flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>> RecordBuilder::column(const Integers& values) {
  const std::string bytes = encode_column(values);
  if (bytes.empty()) return 0;
  return builder_.CreateVector(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

std::string RecordBuilder::finish(const EventHeader& header, log::Body type, flatbuffers::Offset<void> body) {
  const auto gateway = text(header.gateway);
  flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>> digest;
  if (header.digest != Digest{}) digest = builder_.CreateVector(header.digest.data(), header.digest.size());
  log::FinishEventBuffer(builder_,
                         log::CreateEvent(builder_, gateway, header.epoch, header.sequence, header.previous_epoch,
                                          header.previous_sequence, digest, header.committed_at.ns, type, body));
  return {reinterpret_cast<const char*>(builder_.GetBufferPointer()), builder_.GetSize()};
}

}  // namespace tidemark
