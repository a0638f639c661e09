// Each way to get the order of shared-memory accesses wrong, beside the same kernel done right.
#include <cmath>

#include "machine_support.hpp"

namespace rooftile::kernels::host {
namespace {

const std::string order_test = "machine_order_test.cpp";

f32 read_all(Warp& b) { return b.ld_shared(b.lane() * 4); }
void write_all(Warp& b) { b.st_shared(b.lane() * 4, f32(b.lane())); }
void load_rows(Warp& b) {
  Warp::FragA<fp16> a;
  b.ldmatrix_a(a, b.lane() * 16);
}
void write_rows(Warp& b) {
  const u32 value[4] = {0u, 0u, 0u, 0u};
  b.st_shared16(b.lane() * 16, value, true);
}

TEST(MachineOrder, WhatNothingWroteIsUninitialised) {
  const Execution record = run_cta(1, 128, [](Warp& b) { EXPECT_TRUE(std::isnan(read_all(b)[3])); });
  expect_fault(record, FaultKind::uninitialised, "ld_shared of warp 0, lane 0, reads shared byte 0", order_test);
  expect_fault(run_cta(1, 512, load_rows), FaultKind::uninitialised, "ldmatrix of warp 0 reads shared byte 0",
               order_test);
  expect_none(run_cta(1, 128, [](Warp& b) {
    write_all(b);
    static_cast<void>(read_all(b));
  }));
}

TEST(MachineOrder, ReadingAnotherWarpsWriteNeedsABarrier) {
  const auto kernel = [](bool barrier, bool rows) {
    return [=](Warp& b) {
      if (b.warp() == 0) write_rows(b);
      if (barrier) b.sync();
      if (b.warp() == 0) return;
      if (rows) return load_rows(b);
      static_cast<void>(read_all(b));
    };
  };
  for (const bool rows : {false, true}) {
    expect_fault(run_cta(2, 512, kernel(false, rows)), FaultKind::race,
                 "written by warp 0 since the last barrier of both", order_test);
    expect_none(run_cta(2, 512, kernel(true, rows)));
  }
}

TEST(MachineOrder, OverwritingWhatAnotherWarpReadsNeedsABarrier) {
  const auto kernel = [](bool barrier, bool rows) {
    return [=](Warp& b) {
      if (b.warp() == 0) write_rows(b);
      b.sync();
      if (rows) {
        load_rows(b);
      } else {
        static_cast<void>(read_all(b));
      }
      if (barrier) b.sync();
      b.sync_warp();
      if (b.warp() == 0) write_rows(b);  // it has read the words itself, too
    };
  };
  for (const bool rows : {false, true}) {
    expect_fault(run_cta(2, 512, kernel(false, rows)), FaultKind::race,
                 "writes shared byte 0, read by warp 1 since the last barrier of both", order_test);
    expect_none(run_cta(2, 512, kernel(true, rows)));
  }
}

TEST(MachineOrder, TwoWarpsWriteTheSameWord) {
  expect_fault(run_cta(2, 128, write_all), FaultKind::race, "st_shared of warp 1, lane 0, writes shared byte 0",
               order_test);
  expect_none(run_cta(2, 128, [](Warp& b) { b.st_shared(b.lane() * 4, f32(1.f), (b.lane() & 1) == b.warp()); }));
}

TEST(MachineOrder, LanesOfAWarpNeedSyncWarp) {
  const auto kernel = [](bool synced) {
    return [=](Warp& b) {
      write_all(b);
      if (synced) b.sync_warp();
      static_cast<void>(b.shuffle_xor(0.f, 1));  // orders nothing in memory
      static_cast<void>(b.ld_shared((b.lane() ^ 1) * 4));
    };
  };
  expect_fault(run_cta(1, 128, kernel(false)), FaultKind::race, "written by its lane 1 since the last sync_warp",
               order_test);
  expect_none(run_cta(1, 128, kernel(true)));
}

TEST(MachineOrder, LdmatrixOfWhatLanesWroteNeedsSyncWarp) {
  const auto kernel = [](bool synced) {
    return [=](Warp& b) {
      write_rows(b);
      if (synced) b.sync_warp();
      load_rows(b);
    };
  };
  expect_fault(run_cta(1, 512, kernel(false)), FaultKind::race, "ldmatrix of warp 0 reads shared byte 0", order_test);
  expect_none(run_cta(1, 512, kernel(true)));
}

TEST(MachineOrder, OverwritingWhatOtherLanesReadNeedsSyncWarp) {
  const auto kernel = [](bool synced) {
    return [=](Warp& b) {
      write_all(b);
      b.sync_warp();
      static_cast<void>(b.ld_shared((b.lane() ^ 1) * 4));
      if (synced) b.sync_warp();
      write_all(b);
    };
  };
  expect_fault(run_cta(1, 128, kernel(false)), FaultKind::race, "read by its lane 1 since the last sync_warp",
               order_test);
  expect_none(run_cta(1, 128, kernel(true)));
  // Lanes that write what they alone have read need nothing.
  expect_none(run_cta(1, 128, [](Warp& b) {
    write_all(b);
    static_cast<void>(read_all(b));
    write_all(b);
  }));
}

TEST(MachineOrder, TwoLanesOfOneInstructionWriteTheSameWord) {
  const Execution record = run_cta(1, 128, [](Warp& b) { b.st_shared((b.lane() & 15) * 4, f32(0.f)); });
  expect_fault(record, FaultKind::race, "lane 0, writes shared byte 0, and so does its lane 16", order_test);
}

TEST(MachineOrder, NamedBarriersOrderThoseWhoTakePart) {
  // Warp 0 produces, warp 1 consumes; warp 2 does not take part.
  const auto kernel = [](bool third_reads) {
    return [=](Warp& b) {
      if (b.warp() == 0) {
        write_rows(b);
        b.barrier_arrive(1, 2);
        b.barrier_sync(2, 2);  // consumed
        write_rows(b);
      } else if (b.warp() == 1) {
        b.barrier_sync(1, 2);
        load_rows(b);
        b.barrier_arrive(2, 2);
      } else if (third_reads) {
        load_rows(b);
      }
    };
  };
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    expect_none(run_cta(3, 512, kernel(false), {.seed = seed}));
    EXPECT_FALSE(run_cta(3, 512, kernel(true), {.seed = seed}).faults.empty());
  }
}

TEST(MachineOrder, WhatOneBarrierOrderedTheNextPassesOn) {
  // 0 -> 1 -> 2: warp 2 never meets warp 0.
  const auto kernel = [](Warp& b) {
    if (b.warp() == 0) {
      write_rows(b);
      b.barrier_arrive(1, 2);
    } else if (b.warp() == 1) {
      b.barrier_sync(1, 2);
      b.barrier_arrive(2, 2);
    } else {
      b.barrier_sync(2, 2);
      load_rows(b);
    }
  };
  for (std::uint64_t seed = 0; seed < 10; ++seed) expect_none(run_cta(3, 512, kernel, {.seed = seed}));
}

TEST(MachineOrder, NumbersOfSegmentsRunOutUnnoticed) {
  // 40 000 barriers of two warps: four times what a stamp can tell apart. The fault comes after them.
  const auto kernel = [](bool wrong) {
    return [=](Warp& b) {
      for (int i = 0; i < 40000; ++i) {
        if (b.warp() == i % 2) write_all(b);
        b.sync();
        if (b.warp() != i % 2) static_cast<void>(read_all(b));
        if (i % 100 == 0) b.sync_warp();
        b.sync();
      }
      if (wrong || b.warp() == 0) write_all(b);
    };
  };
  expect_none(run_cta(2, 128, kernel(false)));
  expect_fault(run_cta(2, 128, kernel(true)), FaultKind::race, "written by warp 0", order_test);
}

// --- asynchronous copies

struct Copier {
  Machine machine;
  float* x;
  explicit Copier(std::uint64_t seed = 0)
      : machine({.seed = seed}), x(static_cast<float*>(machine.allocate(matrix("X", 1, 256, 256)))) {
    for (int i = 0; i < 256; ++i) x[i] = static_cast<float>(i);
  }
  Execution run(int warps, const Body& body) {
    machine.run("test", {1, 1, 1}, warps, 1024, body);
    return machine.finish();
  }
  void copy(Warp& b, int part) const { b.cp_async16(b.lane() * 16 + part * 512, x + part * 128, b.lane() * 4); }
};

TEST(MachineOrder, CopiesLandAtTheWaitThatCoversThem) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Copier c{seed};
    const Execution record = c.run(1, [&](Warp& b) {
      c.copy(b, 0);
      b.cp_commit();
      c.copy(b, 1);
      b.cp_commit();
      b.cp_wait<1>();
      b.sync_warp();
      EXPECT_EQ(b.ld_shared(b.lane() * 4)[9], 9.f);
      b.cp_wait<0>();
      b.sync_warp();
      EXPECT_EQ(b.ld_shared(b.lane() * 4 + 512)[9], 137.f);
    });
    expect_none(record);
    EXPECT_EQ(record.launches[0].tensor("X")->loaded_bytes, 1024);
    EXPECT_EQ(record.launches[0].tensor("X")->loaded_sectors, 32);
    EXPECT_EQ(record.launches[0].smem_written_bytes, 1024);
  }
}

TEST(MachineOrder, LanesWithoutDataWriteZerosAndReadNothing) {
  Copier c;
  const Execution record = c.run(1, [&](Warp& b) {
    b.cp_async16(b.lane() * 16, c.x, b.lane() * 400, b.lane() < 1);  // the others would be outside
    b.cp_commit();
    b.cp_wait<0>();
    b.sync_warp();
    const f32 value = b.ld_shared(b.lane() * 4);
    EXPECT_EQ(value[3], 3.f);
    for (int lane = 4; lane < warp_size; ++lane) EXPECT_EQ(value[lane], 0.f);
  });
  expect_none(record);
  EXPECT_EQ(record.launches[0].tensor("X")->loaded_bytes, 16);
  EXPECT_EQ(record.launches[0].smem_written_bytes, 512);
}

/// Wrong in one way each; every seed finds the same.
void expect_always(FaultKind kind, const std::string& words, int warps,
                   const std::function<void(Copier&, Warp&)>& body) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    Copier c{seed};
    expect_fault(c.run(warps, [&](Warp& b) { body(c, b); }), kind, words, order_test);
  }
}

TEST(MachineOrder, NoWait) {
  expect_always(FaultKind::unlanded, "while a cp.async of its lane 0 to it is in flight", 1, [](Copier& c, Warp& b) {
    c.copy(b, 0);
    b.cp_commit();
    b.sync_warp();
    load_rows(b);
    b.cp_wait<0>();
  });
}

TEST(MachineOrder, AWaitThatCoversAnotherGroup) {
  expect_always(FaultKind::unlanded, "reads shared byte 512", 1, [](Copier& c, Warp& b) {
    c.copy(b, 0);
    b.cp_commit();
    c.copy(b, 1);
    b.cp_commit();
    b.cp_wait<1>();
    b.sync_warp();
    static_cast<void>(b.ld_shared(b.lane() * 4 + 512));
    b.cp_wait<0>();
  });
}

TEST(MachineOrder, AWaitBeforeTheCommit) {
  expect_always(FaultKind::unlanded, "is in flight", 1, [](Copier& c, Warp& b) {
    c.copy(b, 0);
    b.cp_wait<0>();
    b.sync_warp();
    load_rows(b);
    b.cp_commit();
    b.cp_wait<0>();
  });
}

TEST(MachineOrder, WaitWithoutBarrierIsNotEnoughForOtherWarps) {
  const auto kernel = [](bool barrier) {
    return [=](Copier& c, Warp& b) {
      if (b.warp() == 0) {
        c.copy(b, 0);
        b.cp_commit();
        b.cp_wait<0>();
      }
      if (barrier) b.sync();
      if (b.warp() == 1) load_rows(b);
    };
  };
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    Copier wrong{seed};
    EXPECT_FALSE(wrong.run(2, [&](Warp& b) { kernel(false)(wrong, b); }).faults.empty());
    Copier right{seed};
    expect_none(right.run(2, [&](Warp& b) { kernel(true)(right, b); }));
  }
}

TEST(MachineOrder, BarrierWithoutWaitIsNotEnough) {
  expect_always(FaultKind::unlanded, "while a cp.async of warp 0 to it is in flight", 2, [](Copier& c, Warp& b) {
    if (b.warp() == 0) c.copy(b, 0);
    b.cp_commit();
    b.sync();
    if (b.warp() == 1) load_rows(b);
    b.sync();
    b.cp_wait<0>();
  });
}

TEST(MachineOrder, TheNextCopyMustNotOverwriteWhatOthersStillRead) {
  const auto kernel = [](bool barrier) {
    return [=](Copier& c, Warp& b) {
      if (b.warp() == 0) c.copy(b, 0);
      b.cp_commit();
      b.cp_wait<0>();
      b.sync();
      load_rows(b);
      if (barrier) b.sync();
      if (b.warp() == 0) c.copy(b, 0);
      b.cp_commit();
      b.cp_wait<0>();
    };
  };
  Copier in_order;
  expect_fault(in_order.run(2, [&](Warp& b) { kernel(false)(in_order, b); }), FaultKind::race,
               "cp_async16 of warp 0, lane 0, writes shared byte 0, read by warp 1", order_test);
  for (std::uint64_t seed = 1; seed < 10; ++seed) {
    Copier wrong{seed};
    EXPECT_FALSE(wrong.run(2, [&](Warp& b) { kernel(false)(wrong, b); }).faults.empty());
    Copier right{seed};
    expect_none(right.run(2, [&](Warp& b) { kernel(true)(right, b); }));
  }
}

TEST(MachineOrder, ACopyThatNoWaitCovers) {
  expect_always(FaultKind::pending_copy, "warp 0 ends with 1 asynchronous copies", 1, [](Copier& c, Warp& b) {
    c.copy(b, 0);
    b.cp_commit();
  });
  Copier c;
  expect_none(c.run(1, [](Warp& b) { b.cp_commit(); }));  // an empty group is no copy
}

}  // namespace
}  // namespace rooftile::kernels::host
