// Columns back into panes. Everything here comes from outside: each check says which claim of the format it holds the
// bytes to, and what remains is a pane as a window could have made it.
#include <algorithm>
#include <limits>
#include <string>

#include "edge/event/column.h"
#include "edge/event/pane_assembler.h"
#include "edge/event/window_batch.h"

namespace tidemark {
namespace {

constexpr std::uint32_t kKnownComponents = ComponentSet()
                                               .with(Component::sum)
                                               .with(Component::squares)
                                               .with(Component::extremes)
                                               .with(Component::endpoints)
                                               .bits();

using Verdict = Result<void, EventError>;

tl::unexpected<Failure<EventError>> damaged(std::string_view what) {
  return fail(EventError::damaged, "window batch: " + std::string(what));
}

std::string_view bytes_of(const flatbuffers::Vector<std::uint8_t>* column) {
  if (column == nullptr) return {};
  return {reinterpret_cast<const char*>(column->data()), column->size()};
}

std::string_view text_of(const flatbuffers::String* text) {
  return text == nullptr ? "" : text->string_view();
}

bool within(const Integers& values, std::int64_t least, std::int64_t greatest) {
  if (!values.is_narrow()) return false;
  return std::all_of(values.narrow().begin(), values.narrow().end(),
                     [&](std::int64_t value) { return value >= least && value <= greatest; });
}

bool read_columns(const log::PaneGroup& group, PaneColumns& columns) {
  const std::uint32_t rows = group.panes();
  // A column of a component that is not kept says nothing, whatever it holds.
  const auto read = [rows](bool kept, const flatbuffers::Vector<std::uint8_t>* column, Integers& values) {
    return decode_column(kept ? bytes_of(column) : std::string_view(), rows, values);
  };
  const ComponentSet components(group.components());
  const bool sum = components.has(Component::sum), squares = components.has(Component::squares);
  const bool extremes = components.has(Component::extremes), endpoints = components.has(Component::endpoints);
  return read(true, group.origin(), columns.origin) && read(true, group.start(), columns.start) &&
         read(true, group.revision(), columns.revision) && read(true, group.pane_kind(), columns.pane_kind) &&
         read(true, group.flags(), columns.flags) && read(true, group.count(), columns.count) &&
         read(sum, group.sum(), columns.sum) && read(squares, group.variance(), columns.variance) &&
         read(extremes, group.min(), columns.min) && read(extremes, group.max(), columns.max) &&
         read(endpoints, group.first(), columns.first) && read(endpoints, group.last(), columns.last) &&
         read(endpoints, group.first_time(), columns.first_time) &&
         read(endpoints, group.last_time(), columns.last_time);
}

template <typename T>
bool is_a(const Integers& values) {
  return within(values, std::numeric_limits<T>::min(), std::numeric_limits<T>::max());
}

// Damage before novelty: a kind that fits no byte is not a later version's.
Verdict check_columns(const PaneColumns& columns, std::size_t origins) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  if (!within(columns.origin, 0, static_cast<std::int64_t>(origins) - 1)) return damaged("an origin is not listed");
  if (!is_a<std::int64_t>(columns.start)) return damaged("a start is out of range");
  if (!is_a<std::uint32_t>(columns.revision)) return damaged("a revision is out of range");
  if (!is_a<std::uint8_t>(columns.pane_kind)) return damaged("a kind of pane is out of range");
  if (!is_a<std::uint16_t>(columns.flags)) return damaged("flags are out of range");
  if (!within(columns.count, 1, kMost)) return damaged("a count is out of range");
  if (!is_a<std::int64_t>(columns.first_time)) return damaged("the time of a first reading is out of range");
  if (!within(columns.last_time, 0, kMost)) return damaged("the time of a last reading is out of range");
  if (!within(columns.pane_kind, 0, static_cast<std::int64_t>(PaneKind::delta))) {
    return fail(EventError::newer, "window batch: a kind of pane that this version does not know");
  }
  return {};
}

// `columns` is reused from group to group.
Verdict decode_group(const log::PaneGroup& group, PaneColumns& columns, WindowBatchView& view) {
  if ((group.components() & ~kKnownComponents) != 0) {
    return fail(EventError::newer, "window batch: a component that this version does not know");
  }
  if (group.kind() > log::FieldKind::MAX) {
    return fail(EventError::newer, "window batch: a kind of field that this version does not know");
  }
  if (group.panes() == 0) return damaged("a group without panes");
  if (group.size() <= 0) return damaged("a window without a size");
  if (group.exponent() < kLeastExponent || group.exponent() > kGreatestExponent) {
    return damaged("an exponent is out of range");
  }
  if (!read_columns(group, columns)) return damaged("a column does not hold its panes");
  if (const Verdict verdict = check_columns(columns, view.origins.size()); !verdict) return verdict;

  const auto family = static_cast<std::uint32_t>(view.families.size());
  view.families.push_back({text_of(group.stream()),
                           group.version(),
                           text_of(group.field()),
                           text_of(group.unit()),
                           static_cast<FieldKind>(group.kind()),
                           {group.size()},
                           ComponentSet(group.components())});
  const PaneAssembler assembler(columns, ComponentSet(group.components()), group.exponent());
  for (std::size_t row = 0; row < group.panes(); ++row) {
    PlacedPane& placed = view.panes.emplace_back();
    placed.family = family;
    placed.origin = static_cast<std::uint32_t>(columns.origin.narrow()[row]);
    if (!assembler.assemble(row, placed.pane)) return damaged("a pane that no window could have");
  }
  return {};
}

}  // namespace

Result<void, EventError> decode_window_batch(const EventRecord& record, WindowBatchView& view) {
  view.families.clear();
  view.origins.clear();
  view.panes.clear();
  const log::WindowBatch& batch = *record.root().body_as_WindowBatch();
  if (batch.sources()->size() != batch.tags()->size()) return damaged("sources and tags do not pair up");
  if (batch.sources()->size() > kMaxPanesPerEvent) return fail(EventError::too_large, "window batch: too many origins");

  TextBudget budget;
  for (flatbuffers::uoffset_t i = 0; i < batch.sources()->size(); ++i) {
    const auto *source = batch.sources()->Get(i), *tags = batch.tags()->Get(i);
    if (!budget.take(source) || !budget.take(tags)) return damaged("a source or its tags are not valid text");
    view.origins.push_back({text_of(source), text_of(tags)});
  }
  // Before anything is allocated for them: a column of equal values takes no bytes, whatever number of panes it claims.
  std::uint64_t panes = 0;
  for (const log::PaneGroup* group : *batch.groups()) {
    panes += group->panes();
    if (!budget.take(group->stream()) || !budget.take(group->field()) || !budget.take(group->unit())) {
      return damaged("a group's name is not valid text");
    }
  }
  if (panes > kMaxPanesPerEvent) {
    return fail(EventError::too_large, "window batch: " + std::to_string(panes) + " panes");
  }

  PaneColumns columns;
  view.panes.reserve(static_cast<std::size_t>(panes));
  for (const log::PaneGroup* group : *batch.groups()) {
    if (const Verdict verdict = decode_group(*group, columns, view); !verdict) return verdict;
  }
  return {};
}

}  // namespace tidemark
