// Compiled once per fault, against its subject.hpp: the changed text, and what of it is run.
#include <stdexcept>
#include <type_traits>

#include "fault.hpp"
#include "host/launch_impl.hpp"
#include "subject.hpp"

namespace rooftile::kernels::test {
namespace {

template <class Kernel, class List>
inline constexpr bool is_listed = false;
template <class Kernel, class... Listed>
inline constexpr bool is_listed<Kernel, Kernels<Listed...>> = (std::is_same_v<Kernel, Listed> || ...);

struct PatientLauncher {
  host::Machine& machine;

  [[nodiscard]] static TensorMap tensor_map(const BoxedTensor& tensor) { return host::encode(tensor); }

  template <class Kernel>
  void launch(const char* name, Grid grid, std::int64_t smem, const typename Kernel::Params& params) {
    if constexpr (is_listed<Kernel, SubjectKernels>) {
      host::launch<Kernel>(machine, name, grid, smem, params);
    } else {
      throw std::logic_error{"this instance is not compiled for this fault"};
    }
  }
};

}  // namespace

Pass pass_of_patient() { return pass_of<Subject>(); }

Tensors tensors_of_patient(const AttentionCall& call) { return Subject::tensors(call); }

void launch_patient(host::Machine& machine, const AttentionCall& call, const Buffers& buffers) {
  PatientLauncher launcher{machine};
  Subject::launch(launcher, call, buffers);
}

}  // namespace rooftile::kernels::test
