// A kernel with a planted fault: its text was changed in one place before it was compiled (CMakeLists.txt has the
// list).
#pragma once

#include "host/machine.hpp"
#include "rooftile/kernels/call.hpp"

namespace rooftile::kernels::test {

/// The pass that the changed kernel makes.
[[nodiscard]] Pass pass_of_patient();

/// Tensors of the changed kernel, in fp16.
[[nodiscard]] Tensors tensors_of_patient(const AttentionCall& call);

/// Its launches; std::logic_error for an instance that patient.cpp does not compile.
void launch_patient(host::Machine& machine, const AttentionCall& call, const Buffers& buffers);

}  // namespace rooftile::kernels::test
