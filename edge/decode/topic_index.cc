#include "edge/decode/topic_index.h"

#include <algorithm>

namespace tidemark {

using Kind = TopicTemplate::Kind;

TopicIndex::TopicIndex(const std::vector<const TopicTemplate*>& templates) : nodes_(1) {
  for (std::uint32_t stream = 0; stream < templates.size(); ++stream) {
    const std::vector<TopicTemplate::Level>& levels = templates[stream]->levels();
    deepest_ = std::max(deepest_, levels.size());
    std::uint32_t node = 0;
    std::vector<Capture> captures;
    for (std::uint32_t i = 0; i < levels.size(); ++i) {
      const TopicTemplate::Level& level = levels[i];
      switch (level.kind) {
        case Kind::literal:
          node = literal_below(node, level.text);
          break;
        case Kind::variable:
          captures.push_back({i, false});
          [[fallthrough]];
        case Kind::any:
          node = any_below(node);
          break;
        case Kind::rest:
          captures.push_back({i, true});
          nodes_[node].rests.push_back(stream);
          break;
        case Kind::any_rest:
          nodes_[node].any_rests.push_back(stream);
          break;
      }
    }
    const Kind last = levels.back().kind;
    if (last != Kind::rest && last != Kind::any_rest) nodes_[node].ends.push_back(stream);
    captures_.push_back(std::move(captures));
  }
}

std::uint32_t TopicIndex::literal_below(std::uint32_t node, const std::string& text) {
  for (const auto& [known, below] : nodes_[node].literals) {
    if (known == text) return below;
  }
  const auto added = static_cast<std::uint32_t>(nodes_.size());
  nodes_[node].literals.emplace_back(text, added);
  nodes_.emplace_back();
  return added;
}

std::uint32_t TopicIndex::any_below(std::uint32_t node) {
  if (nodes_[node].any == 0) {
    nodes_[node].any = static_cast<std::uint32_t>(nodes_.size());
    nodes_.emplace_back();
  }
  return nodes_[node].any;
}

void TopicIndex::find(std::string_view topic) {
  topic_ = topic;
  levels_.clear();
  matches_.clear();
  // A hostile topic of 65,535 slashes is not split further than the longest template asks for.
  std::string_view rest = topic;
  more_levels_ = true;
  while (more_levels_ && levels_.size() < deepest_) {
    const std::size_t slash = rest.find('/');
    levels_.push_back(rest.substr(0, slash));
    more_levels_ = slash != std::string_view::npos;
    if (more_levels_) rest.remove_prefix(slash + 1);
  }
  descend(0, 0, !topic.starts_with('$'));
  if (matches_.size() > 1) std::sort(matches_.begin(), matches_.end());
}

// Visits each node of the tree at most once, so the work is bounded by the configuration, whatever the topic.
void TopicIndex::descend(std::uint32_t node_index, std::size_t level, bool wildcards) {
  const Node& node = nodes_[node_index];
  if (wildcards) matches_.insert(matches_.end(), node.any_rests.begin(), node.any_rests.end());
  if (level == levels_.size()) {
    if (!more_levels_) matches_.insert(matches_.end(), node.ends.begin(), node.ends.end());
    return;
  }
  if (wildcards) matches_.insert(matches_.end(), node.rests.begin(), node.rests.end());
  const std::string_view text = levels_[level];
  for (const auto& [literal, below] : node.literals) {
    if (literal == text) {
      descend(below, level + 1, true);
      break;
    }
  }
  if (wildcards && node.any != 0) descend(node.any, level + 1, true);
}

std::span<const std::string_view> TopicIndex::variables_of(std::uint32_t stream) {
  variables_.clear();
  for (const Capture& capture : captures_[stream]) {
    std::string_view value = levels_[capture.level];
    if (capture.rest) value = topic_.substr(static_cast<std::size_t>(value.data() - topic_.data()));
    variables_.push_back(value);
  }
  return variables_;
}

}  // namespace tidemark
