// Every enum that users name: each value has one name, each name its value, and what a typo is told.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "rooftile/model/prediction.hpp"
#include "rooftile/model/profile.hpp"
#include "rooftile/model/program.hpp"

namespace rooftile {
namespace {

/// `last` is the last enumerator: the table must hold all of 0 .. last, so that a new one without a name is seen.
template <class E>
void expect_complete(E last) {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(last); ++i) {
    const E value = static_cast<E>(i);
    const std::string_view name = name_of(value);
    EXPECT_NE(name, "?") << EnumNames<E>::kind << " " << i;
    EXPECT_TRUE(names.insert(name).second) << name << " twice";
    ASSERT_TRUE(from_name<E>(name).has_value()) << name;
    EXPECT_EQ(*from_name<E>(name), value);
  }
  EXPECT_EQ(all_names<E>().size(), names.size()) << EnumNames<E>::kind;
  EXPECT_FALSE(EnumNames<E>::kind.empty());
  EXPECT_FALSE(from_name<E>("").has_value());
  EXPECT_EQ(name_of(static_cast<E>(static_cast<int>(last) + 1)), "?") << EnumNames<E>::kind << ": one more than `last`";
}

TEST(EnumNames, EveryTableIsComplete) {
  expect_complete(DType::fp8_e4m3);
  expect_complete(Mask::key_padding);
  expect_complete(Pass::fwd_bwd);
  expect_complete(Op::softmax);
  expect_complete(L2State::warm);
  expect_complete(Algorithm::split_kv);
  expect_complete(GroupPacking::efficient);
  expect_complete(SplitRule::fa3_varlen);
  expect_complete(Schedule::persistent_dynamic);
  expect_complete(TakesOver::split);
  expect_complete(SoftmaxPasses::fused);
  expect_complete(RowKernels::pytorch);
  expect_complete(Regime::alone);
  expect_complete(LaunchStyle::framework);
  expect_complete(MathPath::native);
  expect_complete(PassCondition::dropout);
  expect_complete(ExtraPass::Place::after_softmax);
  expect_complete(Status::unsupported);
  expect_complete(Kind::set);
  expect_complete(OpKind::barrier);
  expect_complete(TensorRole::workspace);
  expect_complete(Limit::launch);
  expect_complete(LimitClass::overhead);
}

TEST(EnumNames, NamesAreTheOnesOfTheBatchInterface) {
  EXPECT_EQ(join(all_names<DType>()), "fp16, bf16, fp32, fp8_e4m3");
  EXPECT_EQ(join(all_names<Mask>()), "none, causal, key_padding");
  EXPECT_EQ(join(all_names<Pass>()), "fwd, bwd, fwd+bwd");
  EXPECT_EQ(join(all_names<Op>()), "attention, gemm, softmax");
  EXPECT_EQ(join(all_names<L2State>()), "cold, warm");
  EXPECT_EQ(join(all_names<Status>()), "ok, infeasible, unsupported");
  EXPECT_EQ(join(all_names<Limit>()), "dram, l2, smem, tensor, exp2, fma, convert, issue, latency, launch");
  EXPECT_EQ(join(all_names<Kind>()), "spec, device, measured, derived, assumed, set");
}

TEST(NearestName, FindsTyposOnly) {
  const std::vector<std::string_view> names{"bandwidth", "latency", "capacity"};
  EXPECT_EQ(nearest_name("bandwith", names), "bandwidth");
  EXPECT_EQ(nearest_name("latnecy", names), "latency");
  EXPECT_EQ(nearest_name("price", names), std::nullopt);
  EXPECT_EQ(nearest_name("x", {}), std::nullopt);
  EXPECT_EQ(nearest_name("l40", {"a40", "l4", "l40s"}), "l40s");
  EXPECT_EQ(unknown_name_message("dtype", "fp61", all_names<DType>()),
            "unknown dtype 'fp61'; allowed: fp16, bf16, fp32, fp8_e4m3; did you mean 'fp16'?");
}

}  // namespace
}  // namespace rooftile
