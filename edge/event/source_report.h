// A SourceReport record, decoded. (encode_source_report stands in event.h.)
#pragma once

#include "edge/event/event.h"
#include "edge/event/record.h"

namespace tidemark {

/// Requires a record whose body is a SourceReport.
Result<SourceReport, EventError> read_source_report(const EventRecord& record);

}  // namespace tidemark
