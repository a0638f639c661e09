// TMA and mbarrier instructions of a warp.
#include <string>
#include <utility>

#include "host/tensor_maps.hpp"
#include "isa/host.hpp"

namespace rooftile::kernels::host {

void Warp::mbarrier_init(std::uint32_t at, int arrivals, Where where) {
  cta_.mbarriers().init(at, arrivals, {"mbarrier_init", index_, where});
}

void Warp::mbarrier_arrive(std::uint32_t at, Where where) {
  const Site site{"mbarrier_arrive", index_, where};
  ++counts_.mbarrier_arrivals;
  cta_.arrive(cta_.mbarriers().at(at, site), site);
}

void Warp::mbarrier_expect(std::uint32_t at, std::uint32_t bytes, Where where) {
  const Site site{"mbarrier_expect", index_, where};
  Mbarrier& barrier = cta_.mbarriers().at(at, site);
  barrier.bytes += bytes;
  cta_.arrive(barrier, site);
}

void Warp::mbarrier_wait(std::uint32_t at, std::uint32_t parity, Where where) {
  before_access();
  const Site site{"mbarrier_wait", index_, where};
  cta_.wait(at, cta_.mbarriers().at(at, site), parity, site);
}

Box Warp::box_of(Direction direction, const TensorMap& map, std::uint32_t shared, int col, int first_row, int plane,
                 const Site& site) {
  const BoxedTensor tensor = decode(map);
  Box box{.shared = shared, .where = site.where};
  const std::int64_t pitch = std::int64_t{tensor.cols} * 2;
  for (int row = first_row; row < first_row + tensor.box_rows; ++row) {
    const bool inside = plane >= 0 && plane < tensor.planes && row >= 0 && row < tensor.rows && col >= 0 &&
                        col + box_cols <= tensor.cols;
    const std::int64_t at = (std::int64_t{plane} * tensor.rows + row) * pitch + std::int64_t{col} * 2;
    box.row.push_back(inside
                          ? cta_.launch().global->access_run(direction, static_cast<unsigned char*>(tensor.base) + at,
                                                             Box::row_bytes, site, *cta_.launch().faults)
                          : nullptr);
  }
  return box;
}

void Warp::tma_load(std::uint32_t to, const TensorMap& from, std::uint32_t mbarrier, int col, int row, int plane,
                    Where where) {
  before_access();
  const Site site{"tma_load", index_, where};
  Mbarrier& barrier = cta_.mbarriers().at(mbarrier, site);
  Box box = box_of(Direction::load, from, to, col, row, plane, site);
  if (!shared_.begin_box(to, box.bytes(), barrier.agent, site)) throw StopRun{};
  counts_.smem_written_bytes += box.bytes();
  cta_.issue(barrier, std::move(box));
}

void Warp::tma_store(const TensorMap& to, std::uint32_t from, int col, int row, int plane, Where where) {
  before_access();
  Box box = box_of(Direction::store, to, from, col, row, plane, {"tma_store", index_, where});
  counts_.smem_read_bytes += box.bytes();
  look_at_box(box, false);
  box.moved = cta_.launch().async.tma_early;
  if (box.moved) box.store(shared_.at(0));
  stores_.push_back(std::move(box));
}

void Warp::tma_store_wait() {
  before_access();
  for (const Box& box : stores_) {
    look_at_box(box, true);
    if (!box.moved) box.store(shared_.at(0));
  }
  stores_.clear();
}

/// A store reads whole boxes, rows that it leaves out too.
void Warp::look_at_box(const Box& box, bool done) {
  constexpr std::uint32_t period = 1024;
  const Site site{"tma_store", index_, box.where};
  if (box.shared % period != 0) {
    cta_.launch().faults->add(FaultKind::misaligned,
                              "tma_store at shared byte " + std::to_string(box.shared) + " needs a multiple of 1024",
                              box.where);
    throw StopRun{};
  }
  const u32 chunks = u32(lane()) * Box::chunk_bytes;
  for (std::uint32_t byte = 0; byte < box.bytes(); byte += warp_size * Box::chunk_bytes) {
    if (!shared_.read_rows_async(chunks + (box.shared + byte), done, site)) throw StopRun{};
  }
}

}  // namespace rooftile::kernels::host
