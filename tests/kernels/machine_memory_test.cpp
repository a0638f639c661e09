// Global and shared memory: bytes, sectors, bank conflicts, bounds, pads, alignment, atomics, L2.
#include <cmath>
#include <cstring>

#include "machine_support.hpp"

namespace rooftile::kernels::host {
namespace {

const std::string file = "machine_memory_test.cpp";

/// A machine with one matrix of 64 x 64 floats, 80 from row to row, that holds 0, 1, 2 ...
struct OneMatrix {
  Machine machine;
  float* x;

  explicit OneMatrix(const HostOptions& options = {})
      : machine(options), x(static_cast<float*>(machine.allocate(matrix("X", 64, 64, 80)))) {
    for (int i = 0; i < 64 * 80; ++i) x[i] = static_cast<float>(i);
  }
  Execution run(const Body& body) {
    machine.run("test", {1, 1, 1}, 1, 4096, body);
    return machine.finish();
  }
};

/// Sectors of one load of 16 bytes per lane.
std::int64_t load_sectors(const i32& offset, const pred& active, std::int64_t bytes) {
  OneMatrix memory;
  const Execution record = memory.run([&](Warp& b) {
    u32 value[4];
    b.ld_global16(value, memory.x, offset, active);
    for (int lane = 0; lane < warp_size; ++lane) {
      for (int i = 0; i < 4; ++i) {
        const float wanted = active[lane] ? static_cast<float>(offset[lane] + i) : 0.f;
        EXPECT_EQ(std::bit_cast<float>(value[i][lane]), wanted);
      }
    }
  });
  expect_none(record);
  const TensorTraffic& traffic = record.launches[0].tensors[0];
  EXPECT_EQ(traffic.name, "X");
  EXPECT_EQ(traffic.loaded_bytes, bytes);
  return traffic.loaded_sectors;
}

TEST(MachineMemory, SectorsAreThe32BytePiecesThatLanesTouch) {
  const i32 lane = Warp::lane();
  EXPECT_EQ(load_sectors(lane % 16 * 4 + lane / 16 * 80, true, 512), 16);         // two rows of 256 bytes
  EXPECT_EQ(load_sectors((31 - lane) % 16 * 4 + lane / 16 * 80, true, 512), 16);  // backwards
  EXPECT_EQ(load_sectors(lane * 80, true, 512), 32);                              // a column: half of each sector
  EXPECT_EQ(load_sectors(i32(8), true, 512), 1);                                  // all lanes the same
  EXPECT_EQ(load_sectors(lane % 2 * 8 + lane / 2 % 2 * 4, true, 512), 2);         // in and out of two sectors
  EXPECT_EQ(load_sectors(lane % 16 * 4, lane < 3, 48), 2);
  EXPECT_EQ(load_sectors(lane % 16 * 4, false, 0), 0);
}

TEST(MachineMemory, FourByteLoadsGiveZeroToLanesThatAreNotActive) {
  OneMatrix memory;
  const Execution record = memory.run([&](Warp& b) {
    const f32 value = b.ld_global(memory.x + 80, b.lane() * 2, b.lane() < 9);
    for (int lane = 0; lane < warp_size; ++lane) {
      EXPECT_EQ(value[lane], lane < 9 ? static_cast<float>(80 + 2 * lane) : 0.f);
    }
  });
  expect_none(record);
  EXPECT_EQ(record.launches[0].tensors[0].loaded_bytes, 9 * 4);
  EXPECT_EQ(record.launches[0].tensors[0].loaded_sectors, 3);
}

/// Bytes: any address is aligned, a row's pad is still a pad.
TEST(MachineMemory, SingleBytesAreCountedByTheSectorsTheyAreIn) {
  Machine machine{{}};
  auto* const x = static_cast<std::uint8_t*>(machine.allocate(matrix("X", 2, 70, 96, 1)));
  for (int i = 0; i < 2 * 96; ++i) x[i] = static_cast<std::uint8_t>(i);
  machine.run("test", {1, 1, 1}, 1, 0, [&](Warp& b) {
    const u32 read = b.ld_global1(x + 3, b.lane(), b.lane() < 31);  // bytes 3 to 33
    for (int lane = 0; lane < warp_size; ++lane) EXPECT_EQ(read[lane], lane < 31 ? static_cast<unsigned>(lane) + 3 : 0);
    EXPECT_EQ(b.ld_global1(x + 96 + 64, b.lane(), b.lane() < 6)[5], 165u);
    EXPECT_EQ(b.ld_global1(x, b.lane(), false)[0], 0u);
  });
  machine.run("beyond", {1, 1, 1}, 1, 0, [&](Warp& b) {
    EXPECT_EQ(b.ld_global1(x + 64, b.lane(), b.lane() < 7)[6], 0u) << "the lane is left out";
  });
  const Execution record = machine.finish();
  ASSERT_EQ(kinds(record), std::vector{FaultKind::out_of_bounds});
  EXPECT_NE(record.faults[0].text.find("lane 6, byte 70 is in the pad of a row of X"), std::string::npos);
  const TensorTraffic& traffic = *record.launches[0].tensor("X");
  EXPECT_EQ(traffic.loaded_bytes, 31 + 6);
  EXPECT_EQ(traffic.loaded_sectors, 2 + 1);
  EXPECT_EQ(record.launches[1].tensor("X")->loaded_bytes, 6);
}

TEST(MachineMemory, StoresAndAtomicsAreCountedApart) {
  OneMatrix memory;
  const Execution record = memory.run([&](Warp& b) {
    b.st_global(memory.x, b.lane() / 4, f32(b.lane()), (b.lane() & 3) == 0);
    b.atomic_add(memory.x + 80, b.lane() & 1, 1.f, b.lane() < 10);
    u32 value[4] = {1u, 2u, 3u, 4u};
    b.st_global16(memory.x + 160, b.lane() * 4 % 64, value, b.lane() < 4);
  });
  expect_none(record);
  const TensorTraffic& x = *record.launches[0].tensor("X");
  EXPECT_EQ(x.stored_bytes, 8 * 4 + 4 * 16);
  EXPECT_EQ(x.stored_sectors, 1 + 2);
  EXPECT_EQ(x.atomic_bytes, 40);
  EXPECT_EQ(x.atomic_sectors, 1);
  EXPECT_EQ(x.loaded_bytes, 0);
  EXPECT_EQ(memory.x[7], 28.f);
  EXPECT_EQ(memory.x[8], 8.f);
  EXPECT_EQ(memory.x[80], 85.f);  // five lanes added one each
  EXPECT_EQ(memory.x[81], 86.f);
  EXPECT_EQ(std::bit_cast<std::uint32_t>(memory.x[163]), 4u);
  EXPECT_EQ(memory.x[176], 176.f);
  EXPECT_EQ(record.launches[0].tensor("Y"), nullptr);
}

/// A quad's eight bytes per lane are a whole sector; single floats come back, and 0 where a lane asks for nothing.
TEST(MachineMemory, FloatsInOnesAndTwos) {
  OneMatrix memory;
  const Execution record = memory.run([&](Warp& b) {
    b.st_global8(memory.x, b.lane() / 4 * 80 + b.lane() % 4 * 2, f32(b.lane()), f32(b.lane()) + .5f, b.lane() < 31);
    b.sync_warp();
    const f32 read = b.ld_global(memory.x, b.lane(), b.lane() < 9);
    for (int lane = 0; lane < warp_size; ++lane) {
      const float wanted = lane > 8 ? 0.f : lane == 8 ? 8.f : static_cast<float>(lane) / 2.f;
      EXPECT_EQ(read[lane], wanted) << lane;
    }
    EXPECT_EQ(Warp::as_bits(f32(1.f))[3], 0x3f800000u);
    EXPECT_EQ(Warp::as_float(u32(0x40000000u))[31], 2.f);
  });
  expect_none(record);
  const TensorTraffic& x = *record.launches[0].tensor("X");
  EXPECT_EQ(x.stored_bytes, 31 * 8);
  EXPECT_EQ(x.stored_sectors, 8);
  EXPECT_EQ(x.loaded_bytes, 9 * 4);
  EXPECT_EQ(x.loaded_sectors, 2);
  EXPECT_EQ(memory.x[6 * 80 + 7], 27.5f);
  EXPECT_EQ(memory.x[7 * 80 + 6], static_cast<float>(7 * 80 + 6)) << "lane 31 writes nothing";
}

TEST(MachineMemory, TensorsBeginPoisoned) {
  Machine machine{{}};
  const auto* x = static_cast<const float*>(machine.allocate(matrix("X", 3, 5, 5)));
  for (int i = 0; i < 15; ++i) EXPECT_TRUE(std::isnan(x[i]));
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(x) % 256, 0u);
}

TEST(MachineMemory, ThePadOfARowIsOutOfBounds) {
  OneMatrix memory;
  const auto load = [&](int first) {
    return [&memory, first](Warp& b) {
      u32 value[4];
      b.ld_global16(value, memory.x, i32(first), b.lane() == 0);
    };
  };
  expect_none(OneMatrix{}.run([](Warp&) {}));
  memory.machine.run("test", {1, 1, 1}, 1, 0, load(60));
  memory.machine.run("test", {1, 1, 1}, 1, 0, load(64));
  expect_fault(memory.machine.finish(), FaultKind::out_of_bounds, "byte 256 is in the pad of a row of X", file);
}

TEST(MachineMemory, OutsideIsOutOfBoundsAndLeftOut) {
  OneMatrix memory;
  const Execution record = memory.run([&](Warp& b) {
    b.st_global(memory.x + 63 * 80, 60 + b.lane(), 1.f, b.lane() < 3);
    u32 value[4];
    b.ld_global16(value, memory.x, i32(-4), b.lane() == 5);
    for (const u32& part : value) EXPECT_EQ(part[5], 0u);
    b.st_global(memory.x, (b.lane() + 63) * 80, 2.f, b.lane() < 2);  // the second of the two is outside
  });
  ASSERT_EQ(kinds(record), (std::vector{FaultKind::out_of_bounds, FaultKind::out_of_bounds}));
  EXPECT_NE(record.faults[0].text.find("outside every tensor"), std::string::npos);
  EXPECT_NE(record.faults[1].text.find("lane 1, byte 20480 is outside X"), std::string::npos) << record.faults[1].text;
  EXPECT_EQ(record.launches[0].tensor("X")->stored_bytes, 4 * 4);
  EXPECT_EQ(memory.x[63 * 80], 2.f);
}

TEST(MachineMemory, SixteenBytesAreAligned) {
  OneMatrix memory;
  const Execution record = memory.run([&](Warp& b) {
    u32 value[4];
    b.ld_global16(value, memory.x, i32(2), b.lane() == 0);
  });
  expect_fault(record, FaultKind::misaligned, "byte 8 of X is no multiple of 16", file);
}

TEST(MachineMemory, L2KeepsWhatItHoldsBetweenLaunches) {
  OneMatrix memory{{.l2_capacity = 1 << 20}};
  const auto load = [&](Warp& b) {
    u32 value[4];
    b.ld_global16(value, memory.x, b.lane() % 16 * 4, true);
    b.st_global(memory.x + 80, b.lane(), 1.f, true);
  };
  for (int launch = 0; launch < 2; ++launch) memory.machine.run("test", {1, 1, 1}, 1, 0, load);
  const Execution record = memory.machine.finish();
  EXPECT_EQ(record.launches[0].dram_read_bytes, 256);
  EXPECT_EQ(record.launches[1].dram_read_bytes, 0);
  EXPECT_EQ(record.launches[0].dram_write_bytes, 0);
  EXPECT_EQ(record.launches[1].dram_write_bytes, 128);  // written back at the end
}

/// Blocks in the order in which two of them load three values each, one by one.
template <class Load>
std::string order_of_loads(const HostOptions& options, const Load& load) {
  OneMatrix memory{options};
  std::string order;
  memory.machine.run("test", {2, 1, 1}, 1, 1024, [&](Warp& b) {
    for (int n = 0; n < 3; ++n) {
      order += static_cast<char>('a' + b.block_x());
      load(b, memory.x);
    }
  });
  static_cast<void>(memory.machine.finish());
  return order;
}

TEST(MachineMemory, WarpsThatWaitForTheirLoadsTakeTurns) {
  const auto four = [](Warp& b, const float* x) { static_cast<void>(b.ld_global(x, b.lane(), true)); };
  const auto sixteen = [](Warp& b, const float* x) {
    u32 value[4];
    b.ld_global16(value, x, b.lane() % 16 * 4, true);
  };
  EXPECT_EQ(order_of_loads({.resident = 2}, four), "aaabbb");
  EXPECT_EQ(order_of_loads({.resident = 2, .loads_wait = true}, four), "ababab");
  EXPECT_EQ(order_of_loads({.resident = 2, .loads_wait = true}, sixteen), "ababab");
  EXPECT_EQ(order_of_loads({.resident = 1, .loads_wait = true}, sixteen), "aaabbb");  // nobody else is there
}
TEST(MachineMemory, WarpsThatWaitForTheirCopiesTakeTurns) {
  const auto copied = [](Warp& b, const float* x) {
    b.cp_async16(b.lane() * 16, x, b.lane() * 4);
    b.cp_commit();
    b.cp_wait<0>();
  };
  EXPECT_EQ(order_of_loads({.resident = 2}, copied), "aaabbb");
  EXPECT_EQ(order_of_loads({.resident = 2, .loads_wait = true}, copied), "ababab");
}

// --- shared memory

/// Conflicts of a 4-byte and a 16-byte store at these byte addresses.
std::int64_t conflicts4(const i32& to) {
  return run_warp(8192, [&](Warp& b) { b.st_shared(to, f32(0.f)); }).bank_conflicts;
}
std::int64_t conflicts16(const i32& to, const pred& active = true) {
  return run_warp(8192,
                  [&](Warp& b) {
                    const u32 value[4] = {0u, 0u, 0u, 0u};
                    b.st_shared16(to, value, active);
                  })
      .bank_conflicts;
}

TEST(MachineMemory, BankConflictsOfStores) {
  const i32 lane = Warp::lane();
  EXPECT_EQ(conflicts4(lane * 4), 0);
  EXPECT_EQ(conflicts4(lane * 12), 0);    // an odd number of words apart
  EXPECT_EQ(conflicts4(lane * 8), 1);     // two lanes per bank
  EXPECT_EQ(conflicts4(lane * 128), 31);  // all in one bank
  EXPECT_EQ(conflicts16(lane * 16), 0);
  EXPECT_EQ(conflicts16(lane * 32), 4);       // two lanes per bank in each group of eight
  EXPECT_EQ(conflicts16(lane * 128), 4 * 7);  // rows of 128 bytes: what a swizzle is for
  EXPECT_EQ(conflicts16(lane * 128 + (lane & 7) * 16), 0);
  EXPECT_EQ(conflicts16(lane * 128, lane < 2), 1);
}

TEST(MachineMemory, BankConflictsOfReads) {
  const auto conflicts = [](const auto& access) {
    return run_warp(8192, [&](Warp& b) {
      const u32 zeros[4] = {0u, 0u, 0u, 0u};
      for (int i = 0; i < 16; ++i) b.st_shared16(b.lane() * 16 + i * 512, zeros, true);
      b.sync_warp();
      access(b);
    });
  };
  const auto rows = [&](const i32& from) {
    return conflicts([&](Warp& b) {
             Warp::FragA<fp16> a;
             b.ldmatrix_a(a, from);
           })
        .bank_conflicts;
  };
  const i32 lane = Warp::lane();
  EXPECT_EQ(rows(lane * 16), 0);
  EXPECT_EQ(rows(lane * 256), 28);
  EXPECT_EQ(rows((lane & 15) * 128 + (lane >> 4) * 16), 28);
  EXPECT_EQ(rows((lane & 15) * 128 + ((lane >> 4) ^ (lane & 7)) * 16), 0);
  EXPECT_EQ(rows(i32(64)), 0);  // the same row for all: one pass
  const LaunchExecution same = conflicts([](Warp& b) { static_cast<void>(b.ld_shared(i32(64))); });
  EXPECT_EQ(same.bank_conflicts, 0);
  EXPECT_EQ(same.smem_read_bytes, 128);
  const LaunchExecution two = conflicts([](Warp& b) { static_cast<void>(b.ld_shared(b.lane() % 2 * 128)); });
  EXPECT_EQ(two.bank_conflicts, 1);
}

TEST(MachineMemory, SharedValuesComeBack) {
  const LaunchExecution counts = run_warp(1024, [](Warp& b) {
    u32 value[4];
    for (int i = 0; i < 4; ++i) value[i] = b.lane() * 4 + i;
    b.st_shared16(b.lane() * 16, value, true);
    b.st_shared(b.lane() * 4 + 512, f32(b.lane()), b.lane() < 16);
    b.sync_warp();
    u32 back[4];
    b.ld_shared16(back, (b.lane() ^ 5) * 16);
    const f32 half = b.ld_shared((b.lane() & 15) * 4 + 512);
    for (int lane = 0; lane < warp_size; ++lane) {
      for (int i = 0; i < 4; ++i) EXPECT_EQ(back[i][lane], static_cast<unsigned>((lane ^ 5) * 4 + i));
      EXPECT_EQ(half[lane], static_cast<float>(lane & 15));
    }
  });
  EXPECT_EQ(counts.smem_written_bytes, 512 + 64);
  EXPECT_EQ(counts.smem_read_bytes, 512 + 128);
}

TEST(MachineMemory, SharedMemoryHasAnEnd) {
  expect_fault(run_cta(1, 1024, [](Warp& b) { b.st_shared(b.lane() * 4 + 900, f32(0.f)); }), FaultKind::out_of_bounds,
               "lane 31, at shared byte 1024", file);
  expect_fault(run_cta(1, 1024, [](Warp& b) { b.st_shared(b.lane() * 4 + 2, f32(0.f)); }), FaultKind::misaligned,
               "lane 0, at shared byte 2 needs a multiple of 4", file);
  const Execution rows = run_cta(1, 1024, [](Warp& b) {
    Warp::FragA<fp16> a;
    b.ldmatrix_a(a, b.lane() * 32 + 32);
    EXPECT_TRUE(std::isnan(a.at(0, 0)));
  });
  expect_fault(rows, FaultKind::out_of_bounds, "ldmatrix of warp 0, lane 31, at shared byte 1024", file);
}

}  // namespace
}  // namespace rooftile::kernels::host
