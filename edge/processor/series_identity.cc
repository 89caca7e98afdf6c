#include "edge/processor/series_identity.h"

#include "edge/processor/tags.h"

namespace tidemark {

SeriesIdentity identity_of(const State& state, const Series& series) {
  const Source& source = *state.sources[series.source];
  const StreamVersion& version = state.versions[series.version];
  const SeriesLabel& label = *series.label;
  return {state.streams[source.stream].name,
          version.number,
          source.name,
          tags_json(label.tags),
          label.field,
          label.unit,
          label.kind,
          version.grid.size};
}

}  // namespace tidemark
