// What holds a call back, in four classes by which errors are stated: a model can be right where tensor cores decide
// and wrong where launches do.
//
//   launch        the periods of its launches and the overhead of the call are half of its time or more, or its bound
//   underfilled   else, most of its launches' time passes in launches of fewer CTAs than the GPU has places for (SMs x
//                 resident CTAs): what is idle decides, not what is busy
//   memory        else, the bound lies behind the SMs: DRAM or L2
//   compute       else: inside them. Tensor cores and the other units, shared memory, chains of dependent operations
//
// Decode of one sequence is underfilled, of many memory; prefill is compute, below a few hundred tokens launch.
#pragma once

#include "rooftile/model/calibration.hpp"
#include "rooftile/model/device.hpp"
#include "rooftile/model/prediction.hpp"
#include "rooftile/model/program.hpp"

namespace rooftile {

/// The class of `prediction`, an answer for this program on this device.
[[nodiscard]] BoundRegime bound_regime(const Device& device, const Program& program, const Prediction& prediction);

}  // namespace rooftile
