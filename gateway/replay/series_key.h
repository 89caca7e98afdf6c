// What tells a series of the log from every other: two series have one key only if they are one.
#pragma once

#include <string>
#include <string_view>

#include "edge/bytes/byte_writer.h"
#include "edge/event/event.h"

namespace tidemark {

/// Lengths before texts: no two series have one key. For maps in memory; never stored.
inline std::string series_key(std::string_view gateway, const SeriesIdentity& series, ComponentSet components) {
  ByteWriter out;
  out.bytes(gateway);
  out.bytes(series.stream);
  out.u32(series.version);
  out.bytes(series.source);
  out.bytes(series.tags);
  out.bytes(series.field);
  out.bytes(series.unit);
  out.u8(static_cast<std::uint8_t>(series.kind));
  out.i64(series.size.ns);
  out.u32(components.bits());
  return out.take();
}

}  // namespace tidemark
