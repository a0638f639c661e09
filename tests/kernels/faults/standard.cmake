# gemm.hpp and softmax.hpp.
set(products "\
standard::GemmKernel<fp16, 128, standard::BLayout::rows_of_n>, standard::GemmKernel<fp16, 64, standard::BLayout::rows_of_k>")
foreach(kind IN ITEMS safe online fused)
  string(SUBSTRING "${kind}" 0 1 initial)
  string(TOUPPER "${initial}" initial)
  string(SUBSTRING "${kind}" 1 -1 rest)
  set(${kind}_text standard)
  set(${kind}_kernel rt_standard_${kind})
  set(${kind}_family "standard::${initial}${rest}")
  set(${kind}_softmax "standard::SoftmaxKernel<fp16, standard::SoftmaxKind::${kind}")
endforeach()
set(safe_kernel rt_standard)
set(safe_instances "${products}, ${safe_softmax}, 4>")  # four warps per row
set(safe_shape 9 1099 2 1 64 0)
set(online_instances "${products}, ${online_softmax}, 1>")
set(online_shape 40 301 2 1 64 1)
foreach(part IN ITEMS text kernel family instances)
  set(unmasked_${part} "${online_${part}}")
endforeach()
set(unmasked_shape 40 67 2 1 64 0)
set(fused_instances "${products}, ${fused_softmax}, 1>")
set(fused_shape 40 301 2 1 64 1)

# A row of known scores instead of a shape: two steps of a lane.
foreach(part IN ITEMS text kernel family instances)
  set(online_tiles_${part} "${online_${part}}")
endforeach()
set(online_tiles_shape three_two_five_one)

fault(safe_control safe nothing)
fault(online_control online nothing)
fault(fused_control fused nothing)
fault(online_tiles_control online_tiles l=1.2034)

# Products
fault(gemm_no_wait safe unlanded gemm.hpp
  [=[b_.template cp_wait<stages - 2>();]=] [=[]=])
fault(gemm_waits_for_one_trip_too_few safe unlanded gemm.hpp
  [=[cp_wait<stages - 2>]=] [=[cp_wait<stages - 1>]=])
fault(gemm_no_barrier_between_trips safe race gemm.hpp
  [=[b_.template cp_wait<stages - 2>();
    b_.sync();]=] [=[b_.template cp_wait<stages - 2>();]=])
fault(gemm_one_buffer_too_few safe race gemm.hpp
  [=[t % stages * ]=] [=[t % (stages - 1) * ]=])
fault(gemm_no_barrier_before_c safe race gemm.hpp
  [=[b_.sync();  // all warps are done with the last buffers]=] [=[]=])

# Rows of softmax
fault(softmax_no_barrier_between_partial_results safe race softmax.hpp
  [=[b_.lane() < 1);
    b_.sync();]=] [=[b_.lane() < 1);]=])
fault(softmax_one_warp_skips_the_barrier safe barrier_misuse softmax.hpp
  [=[b_.lane() < 1);
    b_.sync();]=] [=[b_.lane() < 1);
    if (b_.warp() != 3) b_.sync();]=])
fault(softmax_counts_the_pad unmasked accuracy softmax.hpp
  [=[reach < p.cols - 1 ? reach : p.cols - 1;]=] [=[reach < p.padded - 1 ? reach : p.padded - 1;]=])
fault(softmax_causal_limit_off_by_one online accuracy softmax.hpp
  [=[row_ + p.causal_offset;]=] [=[row_ + p.causal_offset - 1;]=])
fault(softmax_sum_is_not_rescaled online accuracy softmax.hpp
  [=[rescale(lane_max, new_max), exponentials]=] [=[f32(1.f), exponentials]=])
fault(softmax_no_sync_before_the_row_is_read_back fused race softmax.hpp
  [=[b_.sync_warp();  // kept by other lanes]=] [=[{}]=])
fault(softmax_row_is_not_kept fused uninitialised softmax.hpp
  [=[first_ < p_.padded - step);
    unpack]=] [=[first_ < p_.padded - step - 8);
    unpack]=])

# The same as a reader would write it at first: each step's sum relative to its own maximum.
fault(online_sums_of_each_step_alone online_tiles l=2.3862 softmax.hpp
  [=[= max_with(lane_max, x);
      lane_sum]=] [=[= max_with(f32(minus_infinity), x);
      lane_sum]=]
  [=[rescale(lane_max, new_max), exponentials]=] [=[f32(1.f), exponentials]=])
