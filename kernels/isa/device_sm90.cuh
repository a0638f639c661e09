// What sm_90a adds to the instruction set on the GPU: TMA, mbarriers, wgmma, stmatrix, registers that move between
// warps. One PTX instruction per member as in isa/device.cuh (PTX ISA 9.0; sections in isa/README.md).
#pragma once

#include "isa/device.cuh"
#include "isa/wgmma.cuh"

namespace rooftile::kernels {

struct DeviceSm90 : Device {
  // --- who am I
  /// Where the CTA's shared memory begins: the same in all lanes.
  __device__ static std::uint32_t shared_origin() { return shared_base(); }
  /// True in one lane of the warp. A branch on it holds mbarrier_init, mbarrier_expect and TMA alone.
  __device__ static bool elect() {
    std::uint32_t elected;
    asm volatile("{.reg .pred p; elect.sync _|p, 0xffffffff; selp.u32 %0, 1, 0, p;}" : "=r"(elected));
    return elected != 0;
  }

  // --- registers, moved between the warps of a CTA by whole warpgroups
  template <int count>
  __device__ static void give_registers_down_to() {
    asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(count));
  }
  template <int count>
  __device__ static void take_registers_up_to() {
    asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(count));
  }

  // --- mbarriers: 8 bytes of shared memory each
  __device__ static void mbarrier_init(std::uint32_t at, int arrivals) {
    asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(at), "r"(arrivals) : "memory");
  }
  /// All warps of the CTA: mbarriers that were initialised before are known to everyone, TMA included.
  __device__ static void mbarrier_publish() {
    asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
    __syncthreads();
  }
  /// One arrival of the warp.
  __device__ static void mbarrier_arrive(std::uint32_t at) {
    __syncwarp();
    if (elect()) asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(at) : "memory");
  }
  /// One arrival, and `bytes` more that TMA must bring before the phase ends.
  __device__ static void mbarrier_expect(std::uint32_t at, std::uint32_t bytes) {
    asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(at), "r"(bytes) : "memory");
  }
  /// Until the phase with this parity (0, 1, 0, 1 ... from init on) has ended.
  __device__ static void mbarrier_wait(std::uint32_t at, std::uint32_t parity) {
    asm volatile(
        "{.reg .pred done; again_%=: mbarrier.try_wait.parity.shared::cta.b64 done, [%0], %1; @!done bra again_%=;}" ::
            "r"(at),
        "r"(parity)
        : "memory");
  }

  // --- TMA: boxes of 64 columns between global and swizzled shared memory; what is outside the tensor is zero
  __device__ static void tma_load(std::uint32_t to, const TensorMap& from, std::uint32_t mbarrier, int col, int row,
                                  int plane) {
    asm volatile(
        "cp.async.bulk.tensor.3d.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1, {%3, %4, %5}], [%2];" ::
            "r"(to),
        "l"(&from), "r"(mbarrier), "r"(col), "r"(row), "r"(plane)
        : "memory");
  }
  __device__ static void tma_store(const TensorMap& to, std::uint32_t from, int col, int row, int plane) {
    asm volatile("cp.async.bulk.tensor.3d.global.shared::cta.bulk_group [%0, {%2, %3, %4}], [%1];" ::"l"(&to),
                 "r"(from), "r"(col), "r"(row), "r"(plane)
                 : "memory");
  }
  /// Until all stores of this lane have read shared memory.
  __device__ static void tma_store_wait() {
    asm volatile("cp.async.bulk.commit_group; cp.async.bulk.wait_group.read 0;" ::: "memory");
  }
  /// What this thread wrote to shared memory by ordinary stores becomes visible to TMA and wgmma.
  __device__ static void fence_proxy_async() { asm volatile("fence.proxy.async.shared::cta;" ::: "memory"); }

  // --- tensor cores, four warps together
  __device__ static void wgmma_fence() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
  __device__ static void wgmma_commit() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }
  /// All groups but the latest `pending` are done; `ready`, written by them, may be read from here on.
  template <int pending, int tiles>
  __device__ static void wgmma_wait(Acc (&ready)[tiles]) {
    asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(pending) : "memory");
    keep_behind(ready);
  }
  /// d (64 x n, 16 rows a warp) = a bᵀ, or += where `add`; a: 64 x 16, b: n x 16 by descriptor, k along the rows.
  template <class T, int tiles>
  __device__ static void wgmma(Acc (&d)[tiles], std::uint64_t a, std::uint64_t b, bool add) {
    detail::wgmma_of_rows<T, tiles * 8>(d, a, b, add);
  }
  /// The same with a's 16 rows of each warp in registers and b 16 x n, k down the rows.
  template <class T, int tiles>
  __device__ static void wgmma_trans(Acc (&d)[tiles], const FragA<T>& a, std::uint64_t b, bool add) {
    detail::wgmma_of_columns<T, tiles * 8>(d, a, b, add);
  }

  // --- a fragment -> shared memory; each lane gives the address of one 16-byte row, as ldmatrix_a would read it
  template <class T>
  __device__ static void stmatrix(u32 row, const FragA<T>& a) {
    asm volatile("stmatrix.sync.aligned.m8n8.x4.shared.b16 [%0], {%1, %2, %3, %4};" ::"r"(row), "r"(a.r[0]),
                 "r"(a.r[1]), "r"(a.r[2]), "r"(a.r[3])
                 : "memory");
  }

 private:
  /// The compiler must not move reads of an accumulator in front of the wait: it does not know what wgmma does.
  template <int tiles>
  __device__ static void keep_behind(Acc (&acc)[tiles]) {
#pragma unroll
    for (Acc& tile : acc) {
      asm volatile("" : "+f"(tile.c[0]), "+f"(tile.c[1]), "+f"(tile.c[2]), "+f"(tile.c[3])::"memory");
    }
  }
};

}  // namespace rooftile::kernels
