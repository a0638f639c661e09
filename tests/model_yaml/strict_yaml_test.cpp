// The tree and its readers: what they take. What they refuse stands in broken_input_test.cpp.
#include "rooftile/model_yaml/strict_yaml.hpp"

#include <gtest/gtest.h>

#include "rooftile/model/workload.hpp"

namespace rooftile::yaml {
namespace {

TEST(StrictYaml, ReadsATreeWithPlaces) {
  const Node root = load_text("name: sweep\nseq:\n  - 512\n  - 1024\nfast: true\nempty:\n", "sweep.yaml");
  Map map{root};
  EXPECT_EQ(map.required("name").as_text(), "sweep");
  const Node& seq = map.required("seq");
  ASSERT_EQ(seq.as_list().size(), 2U);
  EXPECT_EQ(seq.as_list()[1].as_integer(1, 4096), 1024);
  EXPECT_EQ(to_string(seq.as_list()[1].where()), "sweep.yaml:4:5");
  EXPECT_TRUE(map.required("fast").as_bool());
  EXPECT_EQ(map.optional("empty"), nullptr);
  EXPECT_TRUE(map.contains("empty"));
  EXPECT_FALSE(map.contains("absent"));
  EXPECT_EQ(map.optional("absent"), nullptr);
  EXPECT_NO_THROW(map.finish());
}

TEST(StrictYaml, KeepsTextsAsWritten) {
  const Node root = load_text("a: 1.0\nb: no\nc: '2024-01-01'\nd: \"x: y\"\ne: >\n  two\n  lines\n", "t.yaml");
  Map map{root};
  EXPECT_EQ(map.required("a").as_text(), "1.0");
  EXPECT_EQ(map.required("b").as_text(), "no");
  EXPECT_EQ(map.required("c").as_text(), "2024-01-01");
  EXPECT_EQ(map.required("d").as_text(), "x: y");
  EXPECT_EQ(map.required("e").as_text(), "two lines\n");
  EXPECT_DOUBLE_EQ(map.required("a").as_number(), 1.0);
}

TEST(StrictYaml, ReadsOneTextAsAListOfTexts) {
  const Node root = load_text("one: a\nmany: [a, b]\n", "t.yaml");
  EXPECT_EQ(Map{root}.required("one").as_texts(), std::vector<std::string>{"a"});
  EXPECT_EQ(Map{root}.required("many").as_texts(), (std::vector<std::string>{"a", "b"}));
}

TEST(StrictYaml, ReadsNamesAndQuantities) {
  const Node root = load_text("dtype: bf16\nrate: 3 TB/s\n", "t.yaml");
  Map map{root};
  EXPECT_EQ(map.required("dtype").as_enum<DType>(), DType::bf16);
  EXPECT_DOUBLE_EQ(map.required("rate").as_quantity(BytesPerSecond::dimension), 3e12);
}

TEST(StrictYaml, KnowsEveryWayToWriteNothing) {
  for (const char* text : {"a:\n", "a: ~\n", "a: null\n", "{a: }\n"}) {
    const Node root = load_text(text, "t.yaml");
    EXPECT_TRUE(root.as_entries()[0].value.is_null()) << text;
  }
}

}  // namespace
}  // namespace rooftile::yaml
