# flash2.hpp, and what all texts share.
set(flash2_text flash2)
set(flash2_kernel rt_flash2)
set(flash2_family "flash2::Forward")
set(flash2_instances "flash2::ForwardKernel<fp16, 64>")
set(flash2_shape 130 300 4 2 64 1)

# Rows of known scores instead of a shape: two tiles of keys as two key blocks.
foreach(part IN ITEMS text kernel family instances)
  set(flash2_tiles_${part} "${flash2_${part}}")
endforeach()
set(flash2_tiles_shape two_tiles)

fault(flash2_control flash2 nothing)
fault(flash2_tiles_control flash2_tiles l=4.9534)

# Copies that are used before they landed
fault(flash2_no_wait_for_k flash2 unlanded running_attention.hpp
  [=[copies_landed();  // K;]=] [=[b_.sync();  // K;]=])
fault(flash2_no_wait_for_v flash2 unlanded running_attention.hpp
  [=[copies_landed();  // V;]=] [=[b_.sync();  // V;]=])

# Warps that do not wait for each other
fault(flash2_no_barrier_before_v_is_overwritten flash2 race running_attention.hpp
  [=[copies_landed();  // K;]=] [=[b_.template cp_wait<0>();  // K;]=])
fault(flash2_no_barrier_before_k_is_overwritten flash2 race running_attention.hpp
  [=[copies_landed();  // V;]=] [=[b_.template cp_wait<0>();  // V;]=])

# Shared memory
fault(flash2_swizzle_on_one_side_only flash2 accuracy fragment_places.hpp
  [=[u32(Swizzle<row_bytes>::place(row, (b.lane() >> 3) & 1))]=] [=[u32(row * row_bytes + (((b.lane() >> 3) & 1) << 4))]=])
fault(flash2_no_swizzle flash2 conflicts swizzle.hpp
  [=[((chunk ^ (row & 7)) << 4)]=] [=[(chunk << 4)]=]
  [=[phase * chunk_bytes]=] [=[0 * phase]=])

# Softmax
fault(flash2_o_is_not_rescaled flash2 accuracy running_attention.hpp
  [=[o_sum[i][d].c[r] * alpha[r / 2];]=] [=[o_sum[i][d].c[r];]=])
fault(flash2_maximum_of_each_block_alone flash2 accuracy running_attention.hpp
  [=[f32 new_max = row_max[i][h];]=] [=[f32 new_max = f32(minus_infinity);]=]
  [=[row_max[i][h] = new_max;]=] [=[row_max[i][h] = b_.max(row_max[i][h], new_max);]=])
fault(flash2_row_sums_of_one_lane flash2 accuracy flash2.hpp
  [=[text::sum_over<4>(b_, rows_.row_sum[i][h])]=] [=[rows_.row_sum[i][h]]=])

# The same as a reader would write it at first: each tile's sum relative to its own maximum, none brought to the row's.
fault(flash2_sums_of_each_block_alone flash2_tiles l=5.4799 running_attention.hpp
  [=[f32 new_max = row_max[i][h];]=] [=[f32 new_max = f32(minus_infinity);]=]
  [=[alpha[h] = b_.exp2(b_.fma(row_max[i][h], f32(p_.scale_log2), minus_base));]=] [=[alpha[h] = f32(1.f);]=])

# Limits
fault(flash2_causal_limit_off_by_one flash2 accuracy flash2.hpp
  [=[warp_row() + offset() - block * bc]=] [=[warp_row() + offset() + 1 - block * bc]=])
fault(flash2_masked_loop_one_block_late flash2 accuracy flash2.hpp
  [=[int block = seen - 1;]=] [=[int block = seen - 2;]=])
fault(flash2_reads_keys_beyond_the_last flash2 out_of_bounds running_attention.hpp
  [=[load_v(block, masked);]=] [=[load_v(block, false);]=])
fault(flash2_last_row_is_not_written flash2 bytes flash2.hpp
  [=[store<warp_rows>(b_, to, q_at + warp_bytes(), warp_rows_left());]=]
  [=[store<warp_rows>(b_, to, q_at + warp_bytes(), warp_rows_left() - 1);]=])
fault(flash2_wrong_kv_head flash2 accuracy flash2.hpp
  [=[b_.block_y() / p_.group;]=] [=[b_.block_y() % p_.kv_heads;]=])

# Lanes that do not wait for each other
fault(flash2_no_sync_before_o_leaves flash2 race flash2.hpp
  [=[b_.sync_warp();
    T* to]=] [=[T* to]=])
