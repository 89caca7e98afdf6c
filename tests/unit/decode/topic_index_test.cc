#include "edge/decode/topic_index.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>

namespace tidemark {
namespace {

using Found = std::vector<std::pair<std::uint32_t, std::vector<std::string>>>;

struct Streams {
  explicit Streams(const std::vector<std::string>& texts) {
    for (const std::string& text : texts) templates.push_back(*TopicTemplate::parse(text));
  }
  [[nodiscard]] TopicIndex index() const {
    std::vector<const TopicTemplate*> pointers;
    for (const TopicTemplate& one : templates) pointers.push_back(&one);
    return TopicIndex(pointers);
  }
  // What one template after the other finds: the definition that the index must agree with.
  [[nodiscard]] Found one_by_one(std::string_view topic) const {
    Found found;
    std::vector<std::string_view> values;
    for (std::uint32_t i = 0; i < templates.size(); ++i) {
      if (templates[i].match(topic, values))
        found.emplace_back(i, std::vector<std::string>(values.begin(), values.end()));
    }
    return found;
  }
  std::vector<TopicTemplate> templates;
};

Found found_by(TopicIndex& index, std::string_view topic) {
  Found found;
  index.match(topic, [&found](std::uint32_t stream, std::span<const std::string_view> variables) {
    found.emplace_back(stream, std::vector<std::string>(variables.begin(), variables.end()));
  });
  return found;
}

}  // namespace

TEST_CASE("a topic goes to every stream that matches it, in their order") {
  const Streams streams(
      {"plant/{site}/{device}/climate", "plant/#", "{a}/{b}/{c}/{d}", "plant/north/{rest+}", "other"});
  TopicIndex index = streams.index();
  CHECK(found_by(index, "plant/north/d-1/climate") ==
        Found{{0, {"north", "d-1"}}, {1, {}}, {2, {"plant", "north", "d-1", "climate"}}, {3, {"d-1/climate"}}});
  CHECK(found_by(index, "other") == Found{{4, {}}});
  CHECK(found_by(index, "unknown").empty());
}

TEST_CASE("the index finds what one template after the other finds") {
  // Every template and topic of up to four levels over a small alphabet: a few hundred thousand pairs.
  const std::vector<std::string> levels = {"a", "b", "", "+", "{x}", "$s"};
  std::vector<std::string> texts = {"#", "{all+}"};
  for (std::size_t i = 0; i < levels.size(); ++i) {
    texts.push_back(levels[i].empty() ? "/" : levels[i]);
    for (std::size_t j = 0; j < levels.size(); ++j) {
      if (i == 4 && j == 4) continue;
      const std::string two = levels[i] + "/" + levels[j];
      texts.insert(texts.end(), {two, two + "/#", two + "/{r+}", two + "/b"});
    }
  }
  const Streams streams(texts);
  TopicIndex index = streams.index();
  const std::vector<std::string> words = {"a", "b", "", "$s"};
  std::vector<std::string> topics = words;
  for (std::size_t begin = 0, depth = 0; depth < 3; ++depth) {
    const std::size_t end = topics.size();
    for (std::size_t i = begin; i < end; ++i) {
      for (const std::string& word : words) topics.push_back(topics[i] + "/" + word);
    }
    begin = end;
  }
  for (const std::string& topic : topics) {
    CAPTURE(topic);
    CHECK(found_by(index, topic) == streams.one_by_one(topic));
  }
}

TEST_CASE("a topic of 65,535 slashes costs no more than the templates are deep") {
  const Streams streams({"{a}/{b}", "{all+}"});
  TopicIndex index = streams.index();
  const std::string topic(65'535, '/');
  CHECK(found_by(index, topic) == Found{{1, {topic}}});
}

TEST_CASE("an index without streams finds none") {
  TopicIndex index({});
  CHECK(found_by(index, "a/b").empty());
  CHECK(found_by(index, "").empty());
}

}  // namespace tidemark
