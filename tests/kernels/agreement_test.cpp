// The model's Program and the kernel that runs say the same: bytes and sectors of every tensor in every launch, and all
// work that the Program counts, 0 apart, over at least 200 random shapes for each kernel of the registry.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <map>
#include <random>
#include <string>

#include "rooftile/model/algorithm.hpp"
#include "rooftile/model/count.hpp"
#include "rooftile/model_yaml/profile_reader.hpp"
#include "rooftile/model_yaml/spec_reader.hpp"
#include "support.hpp"

namespace rooftile::kernels {
namespace {

const std::filesystem::path source_dir{ROOFTILE_SOURCE_DIR};

/// A random call; lengths are spread over orders of magnitude, half of them one off a multiple of 64.
class RandomCalls {
 public:
  explicit RandomCalls(std::uint64_t seed) : random_{seed} {}

  AttentionCall operator()() {
    const int group = one_of({1, 1, 2, 3, 4}), kv_heads = one_of({1, 1, 2});
    const double dropout = one_of({0.0, 0.0, 0.1});
    return {.element = one_of({Element::fp16, Element::bf16}),
            .batch = one_of({1, 1, 1, 2}),
            .heads = kv_heads * group,
            .kv_heads = kv_heads,
            .seq_q = length(500),
            .seq_kv = length(one_of({500, 500, 1200})),
            .head_dim = one_of({64, 64, 128, 256}),
            .causal = one_of({false, true}),
            .sms = one_of({1, 3, 7, 108, 132}),
            .dropout = {.probability = dropout, .seed = random_()}};
  }

 private:
  template <class T>
  T one_of(std::initializer_list<T> choices) {
    return *(choices.begin() + std::uniform_int_distribution<std::ptrdiff_t>{0, std::ssize(choices) - 1}(random_));
  }
  int length(int most) {
    const int any = static_cast<int>(std::exp(std::uniform_real_distribution{0.0, std::log(most)}(random_)));
    const int near_a_tile = std::max(1, (any + 63) / 64 * 64 + one_of({-1, 0, 1}));
    return one_of({any, near_a_tile});
  }
  std::mt19937_64 random_;
};

/// What both sides say of one tensor in one launch.
struct Moved {
  std::int64_t loaded_bytes = 0, loaded_sectors = 0, stored_bytes = 0, stored_sectors = 0, atomic_bytes = 0,
               atomic_sectors = 0;
  friend bool operator==(const Moved&, const Moved&) = default;
  friend void PrintTo(const Moved& m, std::ostream* out) {
    *out << "loads " << m.loaded_bytes << " B in " << m.loaded_sectors << " sectors, stores " << m.stored_bytes
         << " B in " << m.stored_sectors << ", atomics " << m.atomic_bytes << " B in " << m.atomic_sectors;
  }
};
using MovedByTensor = std::map<std::string, Moved>;
using Work = std::map<std::string, double>;

/// The model's side.
class Predicted {
 public:
  Predicted(std::string_view kernel, const AttentionCall& call) {
    static const Profile ampere = yaml::load_profile(source_dir / "hw_profiles/a100_sxm4_80gb.yaml");
    static const Profile hopper = yaml::load_profile(source_dir / "hw_profiles/h100_sxm5_80gb.yaml");
    static std::map<std::string, KernelSpec, std::less<>> specs;
    const std::string name{kernel};
    if (!specs.contains(name)) specs[name] = yaml::load_spec(source_dir / "kernels/specs" / (name + ".yaml"));
    const AttentionShape shape{.batch = call.batch,
                               .heads = call.heads,
                               .kv_heads = call.kv_heads,
                               .seq_q = call.seq_q,
                               .seq_kv = call.seq_kv,
                               .head_dim = call.head_dim,
                               .dtype = call.element == Element::fp16 ? DType::fp16 : DType::bf16,
                               .mask = call.causal        ? Mask::causal
                                       : call.key_padding ? Mask::key_padding
                                                          : Mask::none,
                               .pass = call.pass == Pass::bwd ? rooftile::Pass::bwd : rooftile::Pass::fwd,
                               .dropout = call.dropout.probability};
    const bool for_hopper = specs[name].from >= ComputeCapability{9, 0};
    Device device = (for_hopper ? hopper : ampere).device;
    device.sm.count = Count{static_cast<double>(call.sms)};
    if (const auto built = build(program, device, shape, specs[name]); !built)
      throw std::runtime_error{built.error().reason};
    count(program, counts_);
    sms_ = call.sms;
  }

  [[nodiscard]] MovedByTensor moved(std::size_t launch) const {
    MovedByTensor moved;
    for (const Tensor& tensor : program.tensors) moved[tensor.name];
    for (int op = program.launches[launch].first_op; op < program.launches[launch].last_op; ++op) {
      const auto o = static_cast<std::size_t>(op);
      const TileOp& tile = program.ops[o];
      if (!moves_a_tile(tile.kind)) continue;
      Moved& m = moved[program.tensors[static_cast<std::size_t>(tile.tensor)].name];
      const bool load = tile.kind == OpKind::load, store = tile.kind == OpKind::store;
      (load ? m.loaded_bytes : store ? m.stored_bytes : m.atomic_bytes) += counts_.op[o].bytes;
      (load ? m.loaded_sectors : store ? m.stored_sectors : m.atomic_sectors) += counts_.op[o].sectors;
    }
    return moved;
  }
  [[nodiscard]] Work work(std::size_t launch) const {
    const LaunchCount& c = counts_.launch[launch];
    const bool stay = program.launches[launch].schedule != Schedule::one_per_cta;  // one per SM
    return {{"CTAs", static_cast<double>(stay ? std::min(c.ctas, sms_) : c.ctas)},
            {"mma FLOP", c.work_of(OpKind::mma)},
            {"exp2", c.work_of(OpKind::exp2)},
            {"converted", c.work_of(OpKind::convert)},
            {"shuffled lanes", c.work_of(OpKind::reduce)},
            {"shared bytes read", c.work_of(OpKind::lds)},
            {"shared bytes written", c.work_of(OpKind::sts)},
            {"barriers", c.work_of(OpKind::barrier)}};
  }

  Program program;

 private:
  ProgramCounts counts_;
  std::int64_t sms_;
};

MovedByTensor moved(const LaunchExecution& launch) {
  MovedByTensor moved;
  for (const TensorTraffic& t : launch.tensors) {
    moved[t.name] = {t.loaded_bytes,   t.loaded_sectors, t.stored_bytes,
                     t.stored_sectors, t.atomic_bytes,   t.atomic_sectors};
  }
  return moved;
}
Work work(const LaunchExecution& launch) {
  return {{"CTAs", static_cast<double>(launch.ctas)},
          {"mma FLOP", static_cast<double>(flop_per_mma * launch.mma)},
          {"exp2", static_cast<double>(launch.exp2)},
          {"converted", static_cast<double>(launch.converted)},
          {"shuffled lanes", static_cast<double>(launch.shuffled)},
          {"shared bytes read", static_cast<double>(launch.smem_read_bytes)},
          {"shared bytes written", static_cast<double>(launch.smem_written_bytes)},
          {"barriers", static_cast<double>(launch.synchronisations())}};
}

/// Bytes of every tensor, pad left out: memory beyond inputs and outputs is what the Program says.
std::map<std::string, std::int64_t> sizes(const Tensors& tensors) {
  std::map<std::string, std::int64_t> sizes;
  for (const TensorLayout& t : tensors)
    sizes[t.name] = std::int64_t{t.element_bytes} * t.batch * t.heads * t.rows * t.cols;
  return sizes;
}
std::map<std::string, std::int64_t> sizes(const Program& program) {
  std::map<std::string, std::int64_t> sizes;
  for (const Tensor& t : program.tensors) sizes[t.name] = t.bytes();
  return sizes;
}

void expect_agreement(std::string_view kernel, const AttentionCall& call) {
  SCOPED_TRACE(std::string{kernel} + " " + describe(call));
  const Predicted model{kernel, call};
  EXPECT_EQ(sizes(tensors_of(kernel, call)), sizes(model.program));
  HostCall run{kernel, call};
  run.fill(1);
  const Execution record = run.execute();
  EXPECT_EQ(faults_of(record), "");
  ASSERT_EQ(record.launches.size(), model.program.launches.size());
  for (std::size_t l = 0; l < record.launches.size(); ++l) {
    SCOPED_TRACE(record.launches[l].name);
    EXPECT_EQ(record.launches[l].name, model.program.launches[l].name);
    EXPECT_EQ(moved(record.launches[l]), model.moved(l));
    EXPECT_EQ(work(record.launches[l]), model.work(l));
  }
}

constexpr int shapes_per_case = sanitized ? 10 : 50;
using Case = std::tuple<std::string_view, int>;
class Agreement : public testing::TestWithParam<Case> {};
class BackwardAgreement : public testing::TestWithParam<Case> {};
class AgreementOfKeyPadding : public testing::TestWithParam<Case> {};

/// `shapes_per_case` random calls of a pass, with key padding or with any other mask.
void expect_agreement(const Case& of, Pass pass, bool key_padding = false) {
  const auto [kernel, part] = of;
  RandomCalls random_call{static_cast<std::uint64_t>(part) + 1};
  for (int shapes = 0; shapes < shapes_per_case && !testing::Test::HasFailure();) {
    AttentionCall call = random_call();
    call.pass = pass;
    if (key_padding) call.causal = !(call.key_padding = true);
    if (!refusal(kernel, call).empty()) continue;
    expect_agreement(kernel, call);
    ++shapes;
  }
}

TEST_P(Agreement, OfModelAndExecutionIsExact) { expect_agreement(GetParam(), Pass::fwd); }
TEST_P(BackwardAgreement, OfModelAndExecutionIsExact) { expect_agreement(GetParam(), Pass::bwd); }
TEST_P(AgreementOfKeyPadding, OfModelAndExecutionIsExact) { expect_agreement(GetParam(), Pass::fwd, true); }

std::string name_of_agreement(const testing::TestParamInfo<Case>& info) {
  return std::string{std::get<0>(info.param)} + "_" + std::to_string(std::get<1>(info.param));
}
INSTANTIATE_TEST_SUITE_P(AllKernels, Agreement,
                         testing::Combine(testing::ValuesIn(kernel_names()), testing::Range(0, 5)), name_of_agreement);
INSTANTIATE_TEST_SUITE_P(AllKernels, BackwardAgreement,
                         testing::Combine(testing::ValuesIn(kernel_names(Pass::bwd)), testing::Range(0, 5)),
                         name_of_agreement);
INSTANTIATE_TEST_SUITE_P(KernelsWithKeyPadding, AgreementOfKeyPadding,
                         testing::Combine(testing::ValuesIn(kernels_with_key_padding()), testing::Range(0, 4)),
                         name_of_agreement);

/// Decoding: a few queries on a long cache, groups that fill a tile and groups that do not, up to 128 parts.
TEST(AgreementOfDecoding, IsExact) {
  std::mt19937_64 random{7};
  const auto upto = [&](int most) { return std::uniform_int_distribution{1, most}(random); };
  for (int shape = 0; shape < shapes_per_case && !HasFailure(); ++shape) {
    const int kv_heads = upto(2), group = upto(4) == 1 ? upto(80) : upto(9);
    expect_agreement("rt_split_kv", {.element = shape % 2 == 0 ? Element::fp16 : Element::bf16,
                                     .heads = kv_heads * group,
                                     .kv_heads = kv_heads,
                                     .seq_q = upto(6),
                                     .seq_kv = upto(upto(2) == 1 ? 10000 : 2000),
                                     .head_dim = 64 << (upto(3) - 1),
                                     .causal = upto(2) == 1});
  }
}

/// The comparison is worth something: one key more is another count.
TEST(AgreementCheck, SeesADifference) {
  const AttentionCall call{.seq_q = 100, .seq_kv = 100};
  AttentionCall other = call;
  other.seq_kv = 101;
  const Predicted model{"rt_flash2", other};
  HostCall run{"rt_flash2", call};
  run.fill(1);
  EXPECT_NE(moved(run.execute().launches.at(0)), model.moved(0));
}

}  // namespace
}  // namespace rooftile::kernels
