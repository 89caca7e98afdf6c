// From a topic to the streams whose templates match it; several may. The templates are merged into one tree of levels,
// so a topic is split once and each level compared once, however many streams share it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "edge/decode/topic_template.h"

namespace tidemark {

class TopicIndex {
 public:
  /// Streams are numbered by their place in `templates`, which need not outlive the call.
  explicit TopicIndex(const std::vector<const TopicTemplate*>& templates);

  /// Calls `found(stream, variables)` for every stream whose template matches, in ascending order; `variables` is what
  /// TopicTemplate::match gives: views into `topic`, in a span that lives until the callback returns.
  template <typename Callback>
  void match(std::string_view topic, Callback&& found) {
    find(topic);
    for (const std::uint32_t stream : matches_) found(stream, variables_of(stream));
  }

 private:
  struct Node {
    std::vector<std::pair<std::string, std::uint32_t>> literals;  // text of the level, node below it
    std::uint32_t any = 0;                                        // node below {name} or +; 0: none
    std::vector<std::uint32_t> ends;                              // streams whose template ends here
    std::vector<std::uint32_t> rests;                             // streams with {name+} below this node
    std::vector<std::uint32_t> any_rests;                         // streams with # below this node
  };
  struct Capture {
    std::uint32_t level;
    bool rest;
  };

  std::uint32_t literal_below(std::uint32_t node, const std::string& text);
  std::uint32_t any_below(std::uint32_t node);
  void find(std::string_view topic);
  void descend(std::uint32_t node, std::size_t level, bool wildcards);
  std::span<const std::string_view> variables_of(std::uint32_t stream);

  // Constant after construction.
  std::vector<Node> nodes_;                     // 0 is the root
  std::vector<std::vector<Capture>> captures_;  // of each stream's variables
  std::size_t deepest_ = 0;                     // levels that are told apart

  // Of the topic at hand.
  std::string_view topic_;
  std::vector<std::string_view> levels_;  // the first `deepest_` of them
  bool more_levels_ = false;              // the topic has more
  std::vector<std::uint32_t> matches_;
  std::vector<std::string_view> variables_;
};

}  // namespace tidemark
