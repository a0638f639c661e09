#include "measure/judge.hpp"

#include <cmath>
#include <vector>

#include "measure/json_line.hpp"
#include "measure/row_choice.hpp"

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

}  // namespace

Accuracy judge(const DeviceCall& device, std::uint64_t seed) {
  const RowChoice choice = choose_rows(device.call(), seed);
  std::vector<HeadData> data;
  for (const int head : choice.heads) data.push_back(read_head(device, head));
  return judge_rows(device.call(), choice, data);
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
