#include "edge/event/fold.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "tests/property/event/random_panes.h"

using namespace tidemark;
using random_panes::Generator;

namespace {

/// The panes of one gateway's log as rule 22 has them: one content for each revision, deltas as they come.
std::vector<SeriesPane> lawful(const random_panes::Panes& panes) {
  std::vector<SeriesPane> result;
  std::vector<std::pair<SeriesIdentity, std::pair<std::int64_t, std::uint32_t>>> had;
  for (const SeriesPane& item : panes.list) {
    if (item.pane->kind != PaneKind::delta) {
      const std::pair key{*item.series, std::pair{item.pane->start.ns, item.pane->revision}};
      if (std::find(had.begin(), had.end(), key) != had.end()) continue;
      had.push_back(key);
    }
    result.push_back(item);
  }
  return result;
}

using Export = std::vector<std::string>;

std::string line(std::string_view gateway, const PaneFamily& family, const Origin& origin, EventTime start,
                 std::uint32_t revision, PaneKind kind, std::uint16_t flags, const WindowState& state) {
  ByteWriter out;
  for (const std::string_view text : {gateway, family.stream, family.field, family.unit, origin.source, origin.tags}) {
    out.bytes(text);
  }
  out.u32(family.version);
  out.u8(static_cast<std::uint8_t>(family.kind));
  out.i64(family.size.ns);
  out.i64(start.ns);
  out.u32(revision);
  out.u8(static_cast<std::uint8_t>(kind));
  out.u16(flags);
  state.encode(out);
  return out.take();
}

Export export_of(const Fold& fold) {
  Export result;
  fold.for_each([&](const FoldedWindow& w) {
    result.push_back(line(w.gateway, w.family, w.origin, w.start, w.revision, w.kind, w.flags, w.state));
  });
  return result;
}

/// The rule as it is written, one window at a time: the oracle.
Export by_the_rule(const std::vector<SeriesPane>& panes) {
  struct Window {
    const Pane* whole = nullptr;
    std::vector<const Pane*> deltas;
  };
  std::map<std::tuple<std::string, std::uint32_t, std::string, std::string, std::string, std::int64_t, std::string,
                      FieldKind, std::int64_t>,
           Window>
      windows;
  for (const SeriesPane& item : panes) {
    const SeriesIdentity& s = *item.series;
    Window& window =
        windows[{s.stream, s.version, s.source, s.tags, s.field, s.size.ns, s.unit, s.kind, item.pane->start.ns}];
    if (item.pane->kind == PaneKind::delta) {
      window.deltas.push_back(item.pane);
    } else if (window.whole == nullptr || window.whole->revision < item.pane->revision) {
      window.whole = item.pane;
    }
  }
  Export result;
  for (const auto& [key, window] : windows) {
    const auto& [stream, version, source, tags, field, size, unit, kind, start] = key;
    WindowState state = window.whole == nullptr ? WindowState(ComponentSet(15)) : window.whole->state;
    std::uint16_t flags = window.whole == nullptr ? std::uint16_t{0} : window.whole->flags;
    for (const Pane* delta : window.deltas) {
      state.merge(delta->state);
      flags = static_cast<std::uint16_t>(flags | delta->flags);
    }
    result.push_back(line("plant-7", {stream, version, field, unit, kind, {size}, ComponentSet(15)}, {source, tags},
                          {start}, window.whole == nullptr ? 0 : window.whole->revision,
                          window.whole == nullptr ? PaneKind::delta : window.whole->kind, flags, state));
  }
  return result;
}

/// One epoch's events over the panes from `begin` to `end`, in batches of random size.
std::vector<std::string> epoch(Generator& generator, std::uint64_t number, const std::vector<SeriesPane>& panes,
                               std::size_t begin, std::size_t end) {
  std::vector<std::string> events;
  while (begin < end) {
    const std::size_t size = std::min<std::size_t>(generator.below(9) + 1, end - begin);
    EventHeader header;
    header.gateway = "plant-7";
    header.epoch = number;
    header.sequence = events.size() + 1;
    const auto first = panes.begin() + static_cast<std::ptrdiff_t>(begin);
    events.push_back(encode_window_batch(header, std::vector(first, first + static_cast<std::ptrdiff_t>(size))));
    begin += size;
  }
  return events;
}

/// Epochs interleaved at random, each in its own order; a crash now and then sends the last few of an epoch again.
Fold fold_of(Generator& generator, const std::vector<std::vector<std::string>>& epochs) {
  Fold fold;
  std::vector<std::size_t> next(epochs.size(), 0);
  for (;;) {
    std::vector<std::size_t> open;
    for (std::size_t i = 0; i < epochs.size(); ++i) {
      if (next[i] < epochs[i].size()) open.push_back(i);
    }
    if (open.empty()) return fold;
    const std::size_t i = open[generator.below(static_cast<std::uint32_t>(open.size()))];
    const std::string& event = epochs[i][next[i]++];
    // Either reader must do.
    if (generator.below(2) == 0) {
      REQUIRE(fold.accept(event));
    } else {
      fold.accept(*decode_event(event));
    }
    if (generator.below(4) == 0) next[i] -= std::min<std::size_t>(next[i], generator.below(3));
  }
}

}  // namespace

TEST_CASE("the fold is the rule's, whatever the order, the batches, the epochs and the repeats") {
  for (std::uint32_t seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    Generator generator(seed);
    random_panes::Panes made = generator.panes({120, 6, seed % 3 == 0, ComponentSet(15)});
    // Few windows, so that most have several panes.
    std::vector<SeriesPane> panes = lawful(made);
    const Export expected = by_the_rule(panes);
    for (int way = 0; way < 8; ++way) {
      for (std::size_t i = panes.size(); i > 1; --i) {
        std::swap(panes[i - 1], panes[generator.below(static_cast<std::uint32_t>(i))]);
      }
      std::vector<std::vector<std::string>> epochs;
      std::size_t begin = 0;
      while (begin < panes.size()) {
        const std::size_t end = std::min<std::size_t>(panes.size(), begin + generator.below(60) + 1);
        epochs.push_back(epoch(generator, epochs.size() + 1, panes, begin, end));
        begin = end;
      }
      const Fold fold = fold_of(generator, epochs);
      CHECK(fold.panes() == panes.size());
      CHECK(fold.conflicts() == 0);
      CHECK(export_of(fold) == expected);
    }
  }
}
