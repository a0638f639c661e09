// The warp-level instruction set on the CPU: one object per warp, 32 lanes per value. Members are those of struct
// Device (isa/device.cuh) with the same semantics; instructions that touch memory or wait also take the place in the
// text that they stand at, so that a fault names its line.
//
//   machine.run("copy", grid, 4, smem, [&](Warp& b) { copy_kernel(b, params); });
//   "ldmatrix of warp 1 reads shared byte 16512, written by warp 0 since the last barrier of both", text/copy.hpp:41
//
// isa/README.md lists what each instruction counts and checks.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "host/async_copies.hpp"
#include "host/banks.hpp"
#include "host/cta.hpp"
#include "host/float16.hpp"
#include "host/fragments.hpp"
#include "host/lane_math.hpp"
#include "host/lanes.hpp"
#include "host/wgmma.hpp"
#include "host/where.hpp"
#include "isa/isa.hpp"

namespace rooftile::kernels::host {

class Warp {
 public:
  using f32 = LanesF32;
  using u32 = LanesU32;
  using i32 = LanesI32;
  using pred = Pred;

  template <class T>
  using FragA = host::FragA<T>;
  template <class T>
  using FragB = host::FragB<T>;
  using Acc = host::Acc;

  Warp(Cta& cta, int index)
      : cta_(cta),
        shared_(cta.shared()),
        counts_(*cta.launch().counts),
        index_(index),
        draws_(cta.launch().fibers->draws()) {}

  // --- who am I
  [[nodiscard]] int warp() const { return index_; }
  [[nodiscard]] static i32 lane() { return lane_numbers(); }
  [[nodiscard]] int block_x() const { return cta_.block_x(); }
  [[nodiscard]] int block_y() const { return cta_.block_y(); }
  [[nodiscard]] int block_z() const { return cta_.block_z(); }
  [[nodiscard]] int grid_x() const { return cta_.launch().grid.x; }
  [[nodiscard]] int grid_y() const { return cta_.launch().grid.y; }
  [[nodiscard]] static u32 shared_base() { return u32(0u); }
  [[nodiscard]] static std::uint32_t shared_origin() { return 0; }
  /// One lane of the warp does what is in the branch: here a warp does it once.
  [[nodiscard]] static bool elect() { return true; }

  // --- choices and arithmetic per lane
  template <class Yes, class No>
  [[nodiscard]] static ROOFTILE_INLINE auto select(const pred& condition, const Yes& yes, const No& no) {
    return host::select(condition, yes, no);
  }
  [[nodiscard]] static ROOFTILE_INLINE f32 max(const f32& a, const f32& b) { return host::max(a, b); }
  [[nodiscard]] static ROOFTILE_INLINE i32 min(const i32& a, const i32& b) { return host::min(a, b); }
  [[nodiscard]] static ROOFTILE_INLINE i32 max(const i32& a, const i32& b) { return host::max(a, b); }
  [[nodiscard]] static ROOFTILE_INLINE u32 mul_hi(const u32& a, const u32& b) { return host::mul_hi(a, b); }
  [[nodiscard]] static ROOFTILE_INLINE f32 fma(const f32& a, const f32& b, const f32& c) { return host::fma(a, b, c); }
  [[nodiscard]] ROOFTILE_INLINE f32 exp2(const f32& x) {
    counts_.exp2 += warp_size;
    return host::exp2(x);
  }
  [[nodiscard]] static f32 log2(const f32& x) { return host::log2(x); }
  [[nodiscard]] static ROOFTILE_INLINE f32 reciprocal(const f32& x) { return 1.f / x; }
  template <class T>
  [[nodiscard]] ROOFTILE_INLINE u32 pack(const f32& low, const f32& high) {
    counts_.converted += packed_values;
    return host::pack<T>(low, high);
  }
  template <class T>
  static ROOFTILE_INLINE void unpack(f32& low, f32& high, const u32& both) {
    host::unpack<T>(low, high, both);
  }

  [[nodiscard]] static f32 as_float(const u32& bits) { return std::bit_cast<f32>(bits); }
  [[nodiscard]] static u32 as_bits(const f32& x) { return std::bit_cast<u32>(x); }

  // --- exchange between lanes and warps
  [[nodiscard]] ROOFTILE_INLINE f32 shuffle_xor(const f32& x, int mask) {
    counts_.shuffled += warp_size;
    return host::shuffle_xor(x, mask);
  }
  [[nodiscard]] static u32 ballot(const pred& condition) { return u32(condition.bits()); }
  void sync_warp() { cta_.sync_lanes(index_); }
  void sync(Where where = Where::current()) { cta_.arrive(0, cta_.launch().warps, true, {"sync", index_, where}); }
  void barrier_sync(int id, int warps, Where where = Where::current()) {
    cta_.arrive(id, warps, true, {"barrier_sync", index_, where});
  }
  void barrier_arrive(int id, int warps, Where where = Where::current()) {
    cta_.arrive(id, warps, false, {"barrier_arrive", index_, where});
  }

  // --- global memory -> shared memory, asynchronous; 16 bytes per lane
  template <class T>
  void cp_async16(const u32& to, const T* from, const i32& offset, Where where = Where::current()) {
    copy(to, from, offset, sizeof(T), ~0u, where);
  }
  template <class T>
  void cp_async16(const u32& to, const T* from, const i32& offset, const pred& valid, Where where = Where::current()) {
    copy(to, from, offset, sizeof(T), valid.bits(), where);
  }
  void cp_commit() { copies_.commit(); }
  template <int pending>
  void cp_wait() {
    wait_for_copies(pending);
  }

  // --- shared memory -> fragments; each lane gives the address of one 16-byte row
  template <class T>
  void ldmatrix_a(FragA<T>& a, const u32& row, Where where = Where::current()) {
    const unsigned char* rows[warp_size];
    if (!matrix_rows(rows, row, where)) return poison(a);
    detail::load_a(a, 0, rows);
    detail::load_a(a, 1, rows + 8);
    detail::load_a(a, 2, rows + 16);
    detail::load_a(a, 3, rows + 24);
  }
  template <class T>
  void ldmatrix_a_trans(FragA<T>& a, const u32& row, Where where = Where::current()) {
    const unsigned char* rows[warp_size];
    if (!matrix_rows(rows, row, where)) return poison(a);
    detail::load_a_trans(a, 0, rows);
    detail::load_a_trans(a, 1, rows + 8);
    detail::load_a_trans(a, 2, rows + 16);
    detail::load_a_trans(a, 3, rows + 24);
  }
  template <class T>
  void ldmatrix_b(FragB<T>& left, FragB<T>& right, const u32& row, Where where = Where::current()) {
    load_pair(left, right, row, where, [](FragB<T>& b, int k0, MatrixRows rows) { detail::load_b(b, k0, rows); });
  }
  template <class T>
  void ldmatrix_b_trans(FragB<T>& left, FragB<T>& right, const u32& row, Where where = Where::current()) {
    load_pair(left, right, row, where, [](FragB<T>& b, int k0, MatrixRows rows) { detail::load_b_trans(b, k0, rows); });
  }

  // --- tensor cores
  static ROOFTILE_INLINE void clear(Acc& acc) {
    for (f32& c : acc.c) c = 0.f;
  }
  template <class T>
  ROOFTILE_INLINE void mma(Acc& d, const FragA<T>& a, const FragB<T>& b) {
    ++counts_.mma;
    multiply(d, a, b);
  }
  template <class T>
  ROOFTILE_INLINE void to_a(FragA<T>& a, const Acc& left, const Acc& right) {
    counts_.converted += fragment_values;
    round_to_a(a, left, right);
  }

  // --- shared memory, synchronous
  void st_shared(const u32& to, const u32& value, Where where = Where::current()) {
    store_shared(to, value.data(), ~0u, where);
  }
  void st_shared(const u32& to, const f32& value, Where where = Where::current()) {
    store_shared(to, value.data(), ~0u, where);
  }
  void st_shared(const u32& to, const f32& value, const pred& active, Where where = Where::current()) {
    store_shared(to, value.data(), active.bits(), where);
  }
  [[nodiscard]] f32 ld_shared(const u32& from, Where where = Where::current());
  void ld_shared16(u32 (&value)[4], const u32& from, Where where = Where::current());
  void st_shared16(const u32& to, const u32 (&value)[4], const pred& active, Where where = Where::current());

  // --- global memory, synchronous; offsets in elements of T from a pointer that is the same in all lanes
  template <class T>
  void ld_global16(u32 (&value)[4], const T* from, const i32& offset, const pred& active,
                   Where where = Where::current()) {
    load_global16(value, from, offset, sizeof(T), active.bits(), where);
  }
  template <class T>
  void st_global16(T* to, const i32& offset, const u32 (&value)[4], const pred& active,
                   Where where = Where::current()) {
    store_global16(to, offset, sizeof(T), value, active.bits(), where);
  }
  [[nodiscard]] f32 ld_global(const float* from, const i32& offset, const pred& active, Where where = Where::current());
  [[nodiscard]] u32 ld_global1(const std::uint8_t* from, const i32& offset, const pred& active,
                               Where where = Where::current());
  void st_global(float* to, const i32& offset, const f32& value, const pred& active, Where where = Where::current());
  void st_global8(float* to, const i32& offset, const f32& first, const f32& second, const pred& active,
                  Where where = Where::current());
  void atomic_add(float* to, const i32& offset, const f32& value, const pred& active, Where where = Where::current());

  // --- sm_90a: registers move between warpgroups
  template <int count>
  static void give_registers_down_to() {
    static_assert(count >= 24 && count <= 256 && count % 8 == 0, "what setmaxnreg takes");
  }
  template <int count>
  static void take_registers_up_to() {
    static_assert(count >= 24 && count <= 256 && count % 8 == 0, "what setmaxnreg takes");
  }

  // --- sm_90a: mbarriers
  void mbarrier_init(std::uint32_t at, int arrivals, Where where = Where::current());
  void mbarrier_publish(Where where = Where::current()) { cta_.meet({"mbarrier_publish", index_, where}); }
  void mbarrier_arrive(std::uint32_t at, Where where = Where::current());
  void mbarrier_expect(std::uint32_t at, std::uint32_t bytes, Where where = Where::current());
  void mbarrier_wait(std::uint32_t at, std::uint32_t parity, Where where = Where::current());

  // --- sm_90a: TMA
  void tma_load(std::uint32_t to, const TensorMap& from, std::uint32_t mbarrier, int col, int row, int plane,
                Where where = Where::current());
  void tma_store(const TensorMap& to, std::uint32_t from, int col, int row, int plane, Where where = Where::current());
  void tma_store_wait();
  void fence_proxy_async() { shared_.fence_proxy(index_); }

  // --- sm_90a: tensor cores, four warps together
  void wgmma_fence() { products_.fenced = true; }
  void wgmma_commit();
  template <int pending, int tiles>
  void wgmma_wait(Acc (&ready)[tiles], Where where = Where::current()) {
    wait_for_products(pending, where);
    must_be_ready(ready, where);
  }
  template <class T, int tiles>
  void wgmma(Acc (&d)[tiles], std::uint64_t a, std::uint64_t b, bool add, Where where = Where::current()) {
    issue_wgmma({{tiles, nullptr, a, b, false, add}, &Warp::multiply_tiles<T>, d, false, 0, 0, where});
  }
  template <class T, int tiles>
  void wgmma_trans(Acc (&d)[tiles], const FragA<T>& a, std::uint64_t b, bool add, Where where = Where::current()) {
    issue_wgmma({{tiles, &a, 0, b, true, add}, &Warp::multiply_tiles<T>, d, false, 0, sizeof a, where});
  }

  // --- sm_90a: a fragment -> shared memory; each lane gives the address of one 16-byte row
  template <class T>
  void stmatrix(const u32& row, const FragA<T>& a, Where where = Where::current()) {
    before_access();
    const std::uint32_t good = shared_.write(row, ~0u, 16, {"stmatrix", index_, where});
    counts_.smem_written_bytes += std::int64_t{16} * std::popcount(good);
    counts_.bank_conflicts += bank_conflicts(row, good, 16);
    for (int lane = 0; lane < warp_size; ++lane) {
      float values[8];
      for (int k = 0; k < 8; ++k) values[k] = a.at(lane % 16, lane / 16 * 8 + k);
      if ((good >> lane & 1u) != 0) narrow<T>(shared_.at(row[lane]), values);
    }
  }

  /// The kernel has returned: nothing may be in flight.
  void end();

 private:
  void copy(const u32& to, const void* from, const i32& offset, std::int64_t element_bytes, std::uint32_t valid,
            const Where& where);
  void wait_for_copies(int pending);
  void store_shared(const u32& to, const void* values, std::uint32_t active, const Where& where);
  void load_global16(u32 (&value)[4], const void* from, const i32& offset, std::int64_t element_bytes,
                     std::uint32_t active, const Where& where);
  void store_global16(void* to, const i32& offset, std::int64_t element_bytes, const u32 (&value)[4],
                      std::uint32_t active, const Where& where);
  [[nodiscard]] GlobalAccess access(Direction direction, const void* base, const i32& offset,
                                    std::int64_t element_bytes, std::uint32_t active, int bytes,
                                    const char* instruction, const Where& where);
  /// Other warps may run between two accesses to memory.
  void before_access() {
    if (draws_) [[unlikely]]
      cta_.launch().fibers->may_give_way();
  }
  /// What a warp asked of global memory comes; others run meanwhile.
  void wait_for_answer() {
    const LaunchContext& launch = cta_.launch();
    if (launch.loads_wait) [[unlikely]]
      launch.fibers->give_way();
  }
  /// The rows of an ldmatrix; false if one of them is outside.
  bool matrix_rows(const unsigned char* (&rows)[warp_size], const u32& address, const Where& where) {
    before_access();
    if (!shared_.read_rows(address, {"ldmatrix", index_, where})) return false;
    counts_.smem_read_bytes += matrix_bytes;
    counts_.bank_conflicts += bank_conflicts(address, ~0u, 16);
    const unsigned char* const memory = shared_.at(0);
    for (int lane = 0; lane < warp_size; ++lane) rows[lane] = memory + address.data()[lane];
    return true;
  }

  /// Two B fragments side by side; `load` fills eight rows of k from eight rows of 16 bytes.
  template <class T, class Load>
  ROOFTILE_INLINE void load_pair(FragB<T>& left, FragB<T>& right, const u32& row, const Where& where,
                                 const Load& load) {
    const unsigned char* rows[warp_size];
    if (!matrix_rows(rows, row, where)) return poison(left), poison(right);
    load(left, 0, rows);
    load(left, 8, rows + 8);
    load(right, 0, rows + 16);
    load(right, 8, rows + 24);
  }

  // What wgmma does at last: D = A B or D + A B, tile by tile.
  template <class T>
  static void multiply_tiles(Warp& warp, const WgmmaOperands& operands, Acc* d);
  void issue_wgmma(PendingWgmma issued);
  void wait_for_products(int pending, const Where& where);
  void complete(const PendingWgmma& one, const Where& where);
  void must_be_ready(const Acc* d, const Where& where) const;
  void count_operands(const WgmmaOperands& operands);
  /// Addresses of the 16-byte rows of this warp's A, and of B's tiles `tile` and `tile` + 1, in ldmatrix's order.
  [[nodiscard]] u32 rows_of_a(const WgmmaOperands& operands) const;
  [[nodiscard]] static u32 rows_of_b(const WgmmaOperands& operands, int tile);
  void look_at_operands(const WgmmaOperands& operands, bool done, const Where& where);
  [[nodiscard]] Box box_of(Direction direction, const TensorMap& map, std::uint32_t shared, int col, int first_row,
                           int plane, const Site& site);
  void look_at_box(const Box& box, bool done);

  static constexpr std::int64_t packed_values = std::int64_t{2} * warp_size;
  static constexpr std::int64_t fragment_values = std::int64_t{8} * warp_size;
  static constexpr std::int64_t matrix_bytes = std::int64_t{16} * warp_size;

  Cta& cta_;
  SharedMemory& shared_;
  LaunchExecution& counts_;
  int index_;
  bool draws_;
  AsyncCopies copies_;
  PendingProducts products_;
  std::vector<Box> stores_;  ///< by TMA, that no wait has covered
};

template <class T>
void Warp::multiply_tiles(Warp& warp, const WgmmaOperands& operands, Acc* d) {
  const auto rows_at = [&warp](const unsigned char*(&rows)[warp_size], const u32& address) {
    for (int lane = 0; lane < warp_size; ++lane) rows[lane] = warp.shared_.at(address.data()[lane]);
  };
  const unsigned char* rows[warp_size];
  FragA<T> from_memory;
  if (operands.registers == nullptr) {
    rows_at(rows, warp.rows_of_a(operands));
    for (int quarter = 0; quarter < 4; ++quarter)
      detail::load_a(from_memory, quarter, rows + std::ptrdiff_t{8} * quarter);
  }
  const auto& a = operands.registers == nullptr ? from_memory : *static_cast<const FragA<T>*>(operands.registers);
  for (int tile = 0; tile < operands.tiles; tile += 2) {
    rows_at(rows, rows_of_b(operands, tile));
    for (int i = 0; i < 2; ++i) {
      FragB<T> b;
      const auto load = operands.down_rows ? detail::load_b_trans<T> : detail::load_b<T>;
      load(b, 0, rows + std::ptrdiff_t{16} * i);
      load(b, 8, rows + std::ptrdiff_t{16} * i + 8);
      if (!operands.add) clear(d[tile + i]);
      multiply(d[tile + i], a, b);
    }
  }
}

}  // namespace rooftile::kernels::host
