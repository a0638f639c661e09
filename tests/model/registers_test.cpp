// The register estimate beside what ptxas says: the sweep of flash2 shapes, our compiled kernels, and what is known of
// FlashAttention-3's.
#include "rooftile/model/registers.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "rooftile/model/tile_table.hpp"
#include "support.hpp"

namespace rooftile::test {
namespace {

using Int = std::int64_t;

/// A row of kernels/register_sweep.csv.
struct Compiled {
  long head_dim, br, bc, warps, registers, spills;
};

std::vector<Compiled> read_sweep(const std::string& path) {
  std::ifstream csv{path};
  EXPECT_TRUE(csv) << path;
  std::vector<Compiled> rows;
  for (std::string line; std::getline(csv, line);) {
    Compiled row{};
    long stack = 0, stores = 0, loads = 0;
    const int fields = std::sscanf(line.c_str(), "%ld,%ld,%ld,%ld,sm_80,%ld,%ld,%ld,%ld", &row.head_dim, &row.br,
                                   &row.bc, &row.warps, &row.registers, &stack, &stores, &loads);
    if (fields != 8) continue;
    row.spills = stores + loads;
    rows.push_back(row);
  }
  return rows;
}
std::vector<Compiled> sweep() { return read_sweep(ROOFTILE_SOURCE_DIR "/kernels/register_sweep.csv"); }

constexpr Int cap = 255;

std::string name_of(const Compiled& row) {
  return "d " + std::to_string(row.head_dim) + ": " + std::to_string(row.br) + " x " + std::to_string(row.bc) +
         ", warps " + std::to_string(row.warps);
}

/// The shapes for which "fits in 255 registers" is not what ptxas says: all of the difference between the two is here.
std::vector<std::string> wrong_verdicts(const std::vector<Compiled>& rows, Int allowance) {
  std::vector<std::string> wrong;
  for (const Compiled& row : rows) {
    const bool fits = flash2_registers(row.br, row.bc, row.head_dim, row.warps).total() + allowance <= cap;
    if (fits != (row.spills == 0)) wrong.push_back(name_of(row));
  }
  return wrong;
}

TEST(Registers, VerdictIsThatOfPtxasButForTwoShapes) {
  const std::vector<Compiled> rows = sweep();
  ASSERT_GE(rows.size(), 70U);
  EXPECT_EQ(wrong_verdicts(rows, 0),
            (std::vector<std::string>{"d 64: 64 x 32, warps 4",       // ptxas stops at 80 registers: 5 words spilled
                                      "d 64: 256 x 128, warps 8"}));  // estimate 255; with four warps it does not spill
}

TEST(Registers, AWorseEstimateWouldBeFound) {
  const std::size_t tenth = sweep().size() / 10;
  EXPECT_GT(wrong_verdicts(sweep(), -40).size(), tenth);
  EXPECT_GT(wrong_verdicts(sweep(), 40).size(), tenth);
  EXPECT_EQ(wrong_verdicts(sweep(), 1).size(), 4U);  // three shapes that fit need 255 to the register
}

TEST(Registers, EstimateIsNearWherePtxasIsFree) {
  double sum = 0;
  int free = 0;
  for (const Compiled& row : sweep()) {
    if (row.spills > 0 || row.registers == cap) continue;
    const Int more = row.registers - flash2_registers(row.br, row.bc, row.head_dim, row.warps).total();
    EXPECT_GE(more, -18) << name_of(row);
    EXPECT_LE(more, 31) << name_of(row);
    sum += static_cast<double>(std::abs(more));
    ++free;
  }
  ASSERT_GT(free, 30);
  EXPECT_LT(sum / free, 16);
}

TEST(Registers, OurOwnTilesAreAsCompiled) {
  for (const OwnTile& tile : own_tiles) {
    if (tile.launch == "flash2") {
      const Int estimate = flash2_registers(tile.br, tile.bc, tile.head_dim, tile.warps).total();
      EXPECT_LE(estimate, cap) << tile.head_dim;
      EXPECT_NEAR(static_cast<double>(estimate), tile.registers_sm80, 25) << tile.head_dim;
    } else if (tile.launch == "gemm") {
      const Int estimate = gemm_registers(tile.br, tile.bc, tile.warps).total();
      EXPECT_NEAR(static_cast<double>(estimate), tile.registers_sm80, 10) << tile.bc;
    }
  }
}

/// Ours are compiled with dropout for two head dims, in shapes of their own.
TEST(Registers, OurTilesWithDropoutAreThoseCompiledWithIt) {
  const KernelSpec spec = test::flash2_spec();
  const auto tile = [&spec](Int head_dim, bool dropout) {
    return select_tile(spec, test::device(), head_dim, Mask::none, {}, dropout);
  };
  EXPECT_EQ(tile(64, false)->bc, own_tile("flash2", 64).bc);
  EXPECT_EQ(tile(64, true)->bc, own_tile("flash2_dropout", 64).bc);
  EXPECT_EQ(tile(128, true)->registers, own_tile("flash2_dropout", 128).registers_sm80);
  EXPECT_EQ(tile(256, false)->head_dim, 256);
  ASSERT_FALSE(tile(256, true));
  EXPECT_EQ(tile(256, true).error().reason, "head_dim 256 is outside rt_flash2 (up to 128 with dropout)");
}

TEST(Registers, PartsOfAFlash2Tile) {
  const RegisterNeed need = flash2_registers(128, 64, 128, 4);  // 32 rows per warp
  EXPECT_EQ(need.accumulators, 2 * (64 + 32));
  EXPECT_EQ(need.operands, 2 * 4 + 8);
  EXPECT_EQ(flash2_registers(100, 60, 128, 4).total(), need.total());  // whole fragments
  EXPECT_EQ(flash2_registers(1, 1, 8, 32).accumulators, 4 + 8);
}

/// What a consumer thread of FlashAttention-3 has beside its need (hopper/tile_size.h, flash_fwd_kernel_sm90.h).
Int left(Int br, Int bc, Int head_dim, Int consumers, PlaceOfP place) {
  return flash3_role_registers(consumers).consumer - flash3_registers(br, bc, head_dim, consumers, place).total();
}

TEST(Registers, FlashAttention3PutsPWhereTheEstimateHasRoom) {
  EXPECT_GE(left(192, 128, 64, 3, PlaceOfP::beside_s), 0);
  EXPECT_GE(left(128, 128, 128, 2, PlaceOfP::beside_s), 0);
  EXPECT_GE(left(128, 176, 128, 2, PlaceOfP::beside_s), 0);
  EXPECT_GE(left(128, 112, 192, 2, PlaceOfP::beside_s), 0);
  EXPECT_GE(left(128, 80, 256, 2, PlaceOfP::beside_s), 0);
  EXPECT_LT(left(192, 192, 64, 3, PlaceOfP::beside_s), 0);
  EXPECT_GE(left(192, 192, 64, 3, PlaceOfP::smem), 0);
  EXPECT_LT(left(192, 144, 96, 3, PlaceOfP::beside_s), 0);
  EXPECT_GE(left(192, 144, 96, 3, PlaceOfP::smem), 0);
}

TEST(Registers, WarpgroupsShareARegisterFile) {
  for (const Int consumers : {2, 3}) {
    const RoleRegisters role = flash3_role_registers(consumers);
    EXPECT_LE(128 * (role.producer + consumers * role.consumer), 65536) << consumers;
  }
  EXPECT_EQ(flash3_entry_registers(2), 255);
  EXPECT_EQ(flash3_entry_registers(3), 168);
  EXPECT_EQ(flash3_entry_registers(4), 128);
}

}  // namespace
}  // namespace rooftile::test
