// The warp-level instruction set on the GPU: one PTX instruction or intrinsic per member (PTX ISA 9.0; sections in
// isa/README.md). Values are the ordinary per-thread ones; everything is inlined, so a text costs what its
// instructions cost.
#pragma once

#include "isa/isa.hpp"

namespace rooftile::kernels {

struct Device {
  using f32 = float;
  using u32 = std::uint32_t;
  using i32 = int;
  using pred = bool;

  /// A of mma.m16n8k16: 16 x 16 elements. Registers: rows 0-7 / 8-15 of columns 0-7, then of columns 8-15.
  template <class T>
  struct FragA {
    u32 r[4];
  };
  /// B of mma.m16n8k16: 16 (k) x 8 (n) elements. Registers: k 0-7, k 8-15.
  template <class T>
  struct FragB {
    u32 r[2];
  };
  /// C and D: 16 x 8 fp32. c[0], c[1]: row lane/4, columns 2·(lane%4) + {0, 1}; c[2], c[3]: the row 8 below.
  struct Acc {
    f32 c[4];
  };

  // --- who am I
  __device__ static int warp() { return __shfl_sync(~0u, static_cast<int>(threadIdx.x) >> 5, 0); }
  __device__ static i32 lane() { return static_cast<i32>(threadIdx.x & 31u); }
  __device__ static int block_x() { return static_cast<int>(blockIdx.x); }
  __device__ static int block_y() { return static_cast<int>(blockIdx.y); }
  __device__ static int block_z() { return static_cast<int>(blockIdx.z); }
  __device__ static int grid_x() { return static_cast<int>(gridDim.x); }
  __device__ static int grid_y() { return static_cast<int>(gridDim.y); }
  __device__ static u32 shared_base() {
    extern __shared__ __align__(1024) unsigned char shared[];
    return static_cast<u32>(__cvta_generic_to_shared(shared));
  }

  // --- choices and arithmetic per lane
  template <class V>
  __device__ static V select(pred condition, V yes, V no) {
    return condition ? yes : no;
  }
  __device__ static f32 max(f32 a, f32 b) { return fmaxf(a, b); }
  __device__ static i32 min(i32 a, i32 b) { return a < b ? a : b; }
  __device__ static i32 max(i32 a, i32 b) { return a > b ? a : b; }
  /// The upper 32 bits of the product.
  __device__ static u32 mul_hi(u32 a, u32 b) { return __umulhi(a, b); }
  __device__ static f32 fma(f32 a, f32 b, f32 c) { return fmaf(a, b, c); }
  __device__ static f32 exp2(f32 x) {
    f32 y;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
  }
  __device__ static f32 log2(f32 x) {
    f32 y;
    asm("lg2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
  }
  __device__ static f32 reciprocal(f32 x) { return __frcp_rn(x); }
  /// Two fp32 values as two elements of T, `low` in the lower half.
  template <class T>
  __device__ static u32 pack(f32 low, f32 high) {
    u32 both;
    if constexpr (__is_same(T, fp16)) {
      asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(both) : "f"(high), "f"(low));
    } else {
      asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(both) : "f"(high), "f"(low));
    }
    return both;
  }
  /// The two elements of a packed register as fp32.
  template <class T>
  __device__ static void unpack(f32& low, f32& high, u32 both) {
    if constexpr (__is_same(T, fp16)) {
      asm("{.reg .b16 l, h; mov.b32 {l, h}, %2; cvt.f32.f16 %0, l; cvt.f32.f16 %1, h;}"
          : "=f"(low), "=f"(high)
          : "r"(both));
    } else {
      low = __uint_as_float(both << 16);
      high = __uint_as_float(both & 0xffff0000u);
    }
  }

  /// The same 32 bits as a float, and back.
  __device__ static f32 as_float(u32 bits) { return __uint_as_float(bits); }
  __device__ static u32 as_bits(f32 x) { return __float_as_uint(x); }

  // --- exchange between lanes and warps
  __device__ static f32 shuffle_xor(f32 x, int mask) { return __shfl_xor_sync(~0u, x, mask); }
  /// Bit i, in all lanes: whether it is true in lane i.
  __device__ static u32 ballot(pred condition) { return __ballot_sync(~0u, condition); }
  __device__ static void sync_warp() { __syncwarp(); }
  __device__ static void sync() { __syncthreads(); }
  __device__ static void barrier_sync(int id, int warps) {
    asm volatile("bar.sync %0, %1;" ::"r"(id), "r"(warps * warp_size) : "memory");
  }
  __device__ static void barrier_arrive(int id, int warps) {
    asm volatile("bar.arrive %0, %1;" ::"r"(id), "r"(warps * warp_size) : "memory");
  }

  // --- global memory -> shared memory, asynchronous; 16 bytes per lane
  template <class T>
  __device__ static void cp_async16(u32 to, const T* from, i32 offset) {
    asm volatile("cp.async.cg.shared.global.L2::128B [%0], [%1], 16;" ::"r"(to), "l"(from + offset) : "memory");
  }
  /// Lanes whose `valid` is false read nothing and write 16 zero bytes.
  template <class T>
  __device__ static void cp_async16(u32 to, const T* from, i32 offset, pred valid) {
    const int bytes = valid ? 16 : 0;
    asm volatile("cp.async.cg.shared.global.L2::128B [%0], [%1], 16, %2;" ::"r"(to), "l"(from + offset), "r"(bytes)
                 : "memory");
  }
  __device__ static void cp_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
  template <int pending>
  __device__ static void cp_wait() {
    asm volatile("cp.async.wait_group %0;" ::"n"(pending) : "memory");
  }

  // --- shared memory -> fragments; each lane gives the address of one 16-byte row
  template <class T>
  __device__ static void ldmatrix_a(FragA<T>& a, u32 row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(a.r[0]), "=r"(a.r[1]), "=r"(a.r[2]), "=r"(a.r[3])
                 : "r"(row));
  }
  /// A from rows of k (Pᵀ of PᵀdO, where P lies row by row): each 8 x 8 matrix is transposed on the way.
  template <class T>
  __device__ static void ldmatrix_a_trans(FragA<T>& a, u32 row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(a.r[0]), "=r"(a.r[1]), "=r"(a.r[2]), "=r"(a.r[3])
                 : "r"(row));
  }
  /// Two B fragments, n 0-7 and n 8-15, from rows of n (K of QKᵀ).
  template <class T>
  __device__ static void ldmatrix_b(FragB<T>& left, FragB<T>& right, u32 row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(left.r[0]), "=r"(left.r[1]), "=r"(right.r[0]), "=r"(right.r[1])
                 : "r"(row));
  }
  /// The same from rows of k (V of PV): each 8 x 8 matrix is transposed on the way.
  template <class T>
  __device__ static void ldmatrix_b_trans(FragB<T>& left, FragB<T>& right, u32 row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(left.r[0]), "=r"(left.r[1]), "=r"(right.r[0]), "=r"(right.r[1])
                 : "r"(row));
  }

  // --- tensor cores
  __device__ static void clear(Acc& acc) {
    for (f32& c : acc.c) c = 0.f;
  }
  template <class T>
  __device__ static void mma(Acc& d, const FragA<T>& a, const FragB<T>& b) {
    if constexpr (__is_same(T, fp16)) {
      asm volatile(
          "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
          "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
          : "+f"(d.c[0]), "+f"(d.c[1]), "+f"(d.c[2]), "+f"(d.c[3])
          : "r"(a.r[0]), "r"(a.r[1]), "r"(a.r[2]), "r"(a.r[3]), "r"(b.r[0]), "r"(b.r[1]));
    } else {
      asm volatile(
          "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
          "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
          : "+f"(d.c[0]), "+f"(d.c[1]), "+f"(d.c[2]), "+f"(d.c[3])
          : "r"(a.r[0]), "r"(a.r[1]), "r"(a.r[2]), "r"(a.r[3]), "r"(b.r[0]), "r"(b.r[1]));
    }
  }
  /// Two accumulators side by side (16 x 16) as an A fragment: P of PV never leaves the registers.
  template <class T>
  __device__ static void to_a(FragA<T>& a, const Acc& left, const Acc& right) {
    a.r[0] = pack<T>(left.c[0], left.c[1]);
    a.r[1] = pack<T>(left.c[2], left.c[3]);
    a.r[2] = pack<T>(right.c[0], right.c[1]);
    a.r[3] = pack<T>(right.c[2], right.c[3]);
  }

  // --- shared memory, synchronous
  __device__ static void st_shared(u32 to, u32 value) {
    asm volatile("st.shared.b32 [%0], %1;" ::"r"(to), "r"(value) : "memory");
  }
  __device__ static void st_shared(u32 to, f32 value) {
    asm volatile("st.shared.f32 [%0], %1;" ::"r"(to), "f"(value) : "memory");
  }
  /// Lanes whose `active` is false write nothing.
  __device__ static void st_shared(u32 to, f32 value, pred active) {
    if (active) st_shared(to, value);
  }
  __device__ static f32 ld_shared(u32 from) {
    f32 value;
    asm volatile("ld.shared.f32 %0, [%1];" : "=f"(value) : "r"(from) : "memory");
    return value;
  }
  __device__ static void ld_shared16(u32 (&value)[4], u32 from) {
    asm volatile("ld.shared.v4.b32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(value[0]), "=r"(value[1]), "=r"(value[2]), "=r"(value[3])
                 : "r"(from)
                 : "memory");
  }
  __device__ static void st_shared16(u32 to, const u32 (&value)[4], pred active) {
    if (active) {
      asm volatile("st.shared.v4.b32 [%0], {%1, %2, %3, %4};" ::"r"(to), "r"(value[0]), "r"(value[1]), "r"(value[2]),
                   "r"(value[3])
                   : "memory");
    }
  }

  // --- global memory, synchronous; offsets in elements of T from a pointer that is the same in all lanes
  /// 16 bytes per lane; lanes whose `active` is false read nothing and get zeros.
  template <class T>
  __device__ static void ld_global16(u32 (&value)[4], const T* from, i32 offset, pred active) {
    uint4 read = make_uint4(0, 0, 0, 0);
    if (active) read = *reinterpret_cast<const uint4*>(from + offset);
    value[0] = read.x, value[1] = read.y, value[2] = read.z, value[3] = read.w;
  }
  template <class T>
  __device__ static void st_global16(T* to, i32 offset, const u32 (&value)[4], pred active) {
    if (active) *reinterpret_cast<uint4*>(to + offset) = make_uint4(value[0], value[1], value[2], value[3]);
  }
  /// 4 bytes per lane; lanes whose `active` is false read nothing and get 0.
  __device__ static f32 ld_global(const float* from, i32 offset, pred active) { return active ? from[offset] : 0.f; }
  /// A byte per lane, in the same way.
  __device__ static u32 ld_global1(const std::uint8_t* from, i32 offset, pred active) {
    return active ? u32{from[offset]} : 0u;
  }
  __device__ static void st_global(float* to, i32 offset, f32 value, pred active) {
    if (active) to[offset] = value;
  }
  /// Two neighbours, 8 bytes per lane.
  __device__ static void st_global8(float* to, i32 offset, f32 first, f32 second, pred active) {
    if (active) *reinterpret_cast<float2*>(to + offset) = make_float2(first, second);
  }
  __device__ static void atomic_add(float* to, i32 offset, f32 value, pred active) {
    if (active) atomicAdd(to + offset, value);
  }
};

}  // namespace rooftile::kernels
