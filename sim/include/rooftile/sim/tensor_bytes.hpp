// What L2 had of each tensor, and what DRAM moved of it.
//
//   TensorCounter counter;
//   simulate(device, program, counts, &counter);
//   counter.tensors()[1].missed                     K, by its place in Program::tensors
#pragma once

#include <vector>

#include "rooftile/sim/listener.hpp"

namespace rooftile::sim {

/// Bytes of one tensor in a call, in whole 32-byte sectors.
struct TensorBytes {
  Bytes read;     ///< asked of L2 by loads
  Bytes written;  ///< sent to L2 by stores
  Bytes added;    ///< by atomics, which read what they write
  Bytes missed;   ///< of what was read and added: DRAM brought it
  Bytes dirtied;  ///< DRAM takes it, in the call or, what L2 still holds at its end, behind it

  /// Of what was read and added: it stood in L2, or was on its way.
  [[nodiscard]] Bytes hit() const { return read + added - missed; }
};

class TensorCounter final : public Listener {
 public:
  void call_begins(const CallSeen& call) override { tensors_.assign(call.program.tensors.size(), {}); }
  void l2(const L2Seen& seen) override {
    TensorBytes& tensor = tensors_[seen.tensor];
    (seen.kind == OpKind::load ? tensor.read : seen.kind == OpKind::store ? tensor.written : tensor.added) += seen.tile;
    tensor.missed += seen.fetched;
    tensor.dirtied += seen.dirtied;
  }

  /// Of the last call, by tensor of its program.
  [[nodiscard]] const std::vector<TensorBytes>& tensors() const { return tensors_; }

 private:
  std::vector<TensorBytes> tensors_;
};

}  // namespace rooftile::sim
