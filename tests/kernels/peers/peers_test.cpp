// What the peers say where they cannot run: the texts that status lines store.
#include "measure/peers/peer.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "library_support.hpp"

namespace rooftile::kernels::measure {
namespace {

constexpr AttentionCall good{Element::bf16, 2, 16, 4, 1024, 1024, 128, true};

std::unique_ptr<Peer> peer(std::string_view name, const LibrarySearch& search = library_search()) {
  for (std::unique_ptr<Peer>& each : peers(search)) {
    if (each->name() == name) return std::move(each);
  }
  return nullptr;
}

/// Without the library (or its headers when this was built) the version is the reason.
bool absent(const Peer& peer) { return peer.version().rfind("cu", 0) != 0; }

bool has_device() {
  int count = 0;
  return cudaGetDeviceCount(&count) == cudaSuccess && count > 0;
}

TEST(Peers, CarryTheNamesOfTheirSpecs) {
  std::vector<std::string> names;
  for (const auto& each : peers()) names.emplace_back(each->name());
  EXPECT_EQ(names, (std::vector<std::string>{"cublas_standard", "cudnn_sdpa"}));
}

TEST(Peers, AMissingLibraryRefusesEveryCallWithThePlacesSearched) {
  for (const auto& each : peers(nowhere())) {
    const std::string expected_start = each->name() == "cudnn_sdpa" ? "libcudnn.so." : "libcublas.so.";
    const std::string why = each->refusal(good);
    if (why.rfind("built without", 0) == 0) continue;
    EXPECT_EQ(why.rfind(expected_start, 0), 0U) << why;
    EXPECT_NE(why.find(" not found (searched " + nowhere().folders[0] + ")"), std::string::npos) << why;
    EXPECT_EQ(each->version(), why);
    EXPECT_THROW(static_cast<void>(each->workspace_bytes(good)), Unavailable);
    EXPECT_THROW(each->prepare(good, {}, nullptr, nullptr), Unavailable);
    EXPECT_THROW(each->launch(), Unavailable);
  }
}

TEST(Peers, WrongCallsAreRefusedBeforeADeviceIsAskedFor) {
  AttentionCall uneven = good;
  uneven.kv_heads = 3;
  AttentionCall blind = good;
  blind.seq_q = 2048;
  AttentionCall wide = good;
  wide.head_dim = 512;
  for (const auto& each : peers()) {
    if (absent(*each)) GTEST_SKIP() << each->version();
    EXPECT_EQ(each->refusal(uneven), "heads must be a multiple of kv_heads") << each->name();
    EXPECT_NE(each->refusal(wide).find("256"), std::string::npos) << each->refusal(wide);
  }
  EXPECT_EQ(peer("cudnn_sdpa")->refusal(blind), "cuDNN: causal rows that see no key (seq_q > seq_kv)");
}

TEST(Peers, ABackwardPassIsRefusedInOneSentence) {
  AttentionCall backward = good;
  backward.pass = Pass::bwd;
  for (const auto& each : peers()) {
    const std::string why = "no backward pass of " + std::string{each->name()} + " is measured";
    EXPECT_TRUE(each->makes(Pass::fwd));
    EXPECT_FALSE(each->makes(Pass::bwd));
    EXPECT_EQ(pass_refusal(*each, Pass::bwd), why);
    EXPECT_EQ(pass_refusal(*each, Pass::fwd), "");
    EXPECT_THROW(each->launch_forward(), std::logic_error);
    if (absent(*each)) continue;
    EXPECT_EQ(each->refusal(backward), why);
  }
}

TEST(Peers, WithoutADeviceTheLibrarysOwnTextIsTheReason) {
  if (has_device()) GTEST_SKIP() << "there is a device";
  const std::unique_ptr<Peer> cublas = peer("cublas_standard");
  const std::unique_ptr<Peer> cudnn = peer("cudnn_sdpa");
  for (const auto& [each, start] : {std::pair{cublas.get(), "cuBLAS: cublasCreate: CUBLAS_STATUS_"},
                                    std::pair{cudnn.get(), "cuDNN: cudnnCreate: CUDNN_STATUS_"}}) {
    const std::string why = each->refusal(good);
    if (absent(*each)) GTEST_SKIP() << why;
    EXPECT_EQ(why.rfind(start, 0), 0U) << why;
    EXPECT_EQ(why.find('\n'), std::string::npos) << why;
    EXPECT_THROW(each->prepare(good, {}, nullptr, nullptr), Unavailable);
    EXPECT_THROW(each->launch(), std::runtime_error);
  }
}

TEST(Peers, TensorsAreThoseOfEveryKernelAndForCublasTheScores) {
  const auto names = [](const Tensors& tensors) {
    std::string all;
    for (const TensorLayout& tensor : tensors) all += std::string{tensor.name} + " ";
    return all;
  };
  const std::unique_ptr<Peer> cublas = peer("cublas_standard");
  if (absent(*cublas)) GTEST_SKIP() << cublas->version();
  EXPECT_EQ(names(cublas->tensors(good)), "Q K V O LSE S P ");
  EXPECT_EQ(names(peer("cudnn_sdpa")->tensors(good)), "Q K V O LSE ");
}

TEST(Peers, VersionsNameTheLibrary) {
  for (const auto& [name, start] : {std::pair{"cublas_standard", "cuBLAS "}, std::pair{"cudnn_sdpa", "cuDNN "}}) {
    const std::unique_ptr<Peer> each = peer(name);
    const std::string version = each->version();
    if (absent(*each)) GTEST_SKIP() << version;
    EXPECT_EQ(version.rfind(start, 0), 0U) << version;
    EXPECT_GE(std::count(version.begin(), version.end(), '.'), 2) << version;
  }
}

}  // namespace
}  // namespace rooftile::kernels::measure
