#include "measure/judge.hpp"

#include <cmath>
#include <vector>

#include "measure/gradient_choice.hpp"
#include "measure/json_line.hpp"
#include "measure/row_choice.hpp"
#include "rooftile/kernels/gradients.hpp"

namespace rooftile::kernels::measure {
namespace {

HeadData read_head(const DeviceCall& device, int index) {
  const AttentionCall& call = device.call();
  const int batch = index / call.heads;
  const int head = index % call.heads;
  const int kv_head = head / call.group();
  return {device.matrix(tensor_q, batch, head), device.matrix(tensor_k, batch, kv_head),
          device.matrix(tensor_v, batch, kv_head), device.matrix(tensor_o, batch, head), device.lse(batch, head)};
}

GroupData read_group(const DeviceCall& device, int index) {
  const AttentionCall& call = device.call();
  const int batch = index / call.kv_heads;
  const int kv_head = index % call.kv_heads;
  GroupData group{device.matrix(tensor_k, batch, kv_head),
                  device.matrix(tensor_v, batch, kv_head),
                  device.matrix(tensor_grad_k, batch, kv_head),
                  device.matrix(tensor_grad_v, batch, kv_head),
                  {}};
  for (int head = kv_head * call.group(); head < (kv_head + 1) * call.group(); ++head) {
    group.members.push_back({device.matrix(tensor_q, batch, head), device.matrix(tensor_o, batch, head),
                             device.matrix(tensor_grad_o, batch, head), device.matrix(tensor_grad_q, batch, head),
                             device.lse(batch, head)});
  }
  return group;
}

Accuracy judge_backward(const DeviceCall& device, std::uint64_t seed) {
  const GradientChoice choice = choose_gradients(device.call(), seed);
  std::vector<GroupData> groups;
  for (const int kv_head : choice.kv_heads) groups.push_back(read_group(device, kv_head));
  return judge_gradients(device.call(), choice, groups);
}

}  // namespace

Accuracy judge(const DeviceCall& device, std::uint64_t seed) {
  if (device.call().pass == Pass::bwd) return judge_backward(device, seed);
  const RowChoice choice = choose_rows(device.call(), seed);
  std::vector<HeadData> data;
  for (const int head : choice.heads) data.push_back(read_head(device, head));
  return judge_rows(device.call(), choice, data);
}

Tolerance allowed_of(const DeviceCall& device) {
  const Element element = device.call().element;
  Tolerance allowed = tolerance_of(device.tensors(), element);
  if (device.call().pass == Pass::bwd) allowed.relative = gradient_tolerance(element);
  return allowed;
}

std::string complaint(const Accuracy& error, const Tolerance& tolerance) {
  const auto text = [](double value) {
    return std::isnan(value) ? "NaN (a value was not written?)" : json_number(value);
  };
  if (!(error.relative <= tolerance.relative))
    return "relative error " + text(error.relative) + ", allowed " + text(tolerance.relative);
  if (!(error.lse <= tolerance.lse)) return "error of LSE " + text(error.lse) + ", allowed " + text(tolerance.lse);
  return "";
}

}  // namespace rooftile::kernels::measure
