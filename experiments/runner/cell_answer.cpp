#include "runner/cell_answer.hpp"

namespace rooftile::runner {
namespace {

CellAnswer computed(const experiments::Answer& answer) {
  CellAnswer cell;
  cell.profile = answer.profile;
  cell.status = analysis::outcome_of(answer.status);
  cell.built = answer.built;
  cell.prediction = answer.prediction;
  return cell;
}

CellAnswer executed(experiments::Executed run, const Workload& workload) {
  CellAnswer cell;
  cell.profile = run.profile;
  cell.status = run.status;
  cell.prediction.dram = run.dram();
  cell.prediction.l2 = run.l2();
  cell.prediction.smem = run.smem().total();
  cell.prediction.extra_memory = run.extra_memory;
  cell.prediction.paper_flops = paper_flops(workload);
  cell.executed = std::move(run);
  return cell;
}

}  // namespace

CellAnswer answer_cell(const experiments::Question& question, experiments::Answerer& answerer,
                       experiments::Catalogues& catalogues) {
  if (question.method != analysis::Method::executed) return computed(answerer.answer(question));
  return executed(experiments::PreparedExecution{question, {}, catalogues}.run(), question.workload);
}

}  // namespace rooftile::runner
