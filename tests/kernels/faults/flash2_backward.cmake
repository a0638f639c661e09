# flash2_backward_*.hpp.
set(backward_text flash2_backward)
set(backward_kernel rt_flash2)
set(backward_family "flash2_backward::Backward")
set(backward_instances "\
flash2_backward::DeltaKernel<fp16, 64>, flash2_backward::BackwardKernel<fp16, 64, true>, flash2_backward::ConvertKernel<fp16, 64>")
set(backward_shape 200 230 4 2 64 1)
# One buffer of Q.
set(backward256_text flash2_backward)
set(backward256_kernel rt_flash2)
set(backward256_family "flash2_backward::Backward")
string(REPLACE " 64" " 256" backward256_instances "${backward_instances}")
set(backward256_shape 150 100 2 1 256 0)
# dQ in a launch of its own.
set(grad_q_text flash2_backward)
set(grad_q_kernel rt_flash2_deterministic)
set(grad_q_family "flash2_backward::Deterministic")
set(grad_q_instances "\
flash2_backward::DeltaKernel<fp16, 64>, flash2_backward::BackwardKernel<fp16, 64, false>, flash2_backward::QueryGradientKernel<fp16, 64>")
set(grad_q_shape 200 230 4 2 64 1)

fault(backward_control backward nothing)
fault(backward256_control backward256 nothing)
fault(grad_q_control grad_q nothing)

# barriers between the five products
fault(backward_no_wait_for_copies backward unlanded flash2_backward_block.hpp
  [=[b_.template cp_wait<0>();
    b_.sync();  // all landed; and]=] [=[b_.sync();  // all landed; and]=])
fault(backward_no_barrier_before_the_next_tile backward race flash2_backward_block.hpp
  [=[b_.sync();  // all landed; and all warps are done with the tile before]=] [=[]=])
fault(backward_no_barrier_behind_the_scores backward race flash2_backward_block.hpp
  [=[b_.sync();  // P and dS are written]=] [=[]=])
fault(backward_next_grad_o_lands_too_early backward race flash2_backward_block.hpp
  [=[b_.sync();  // dO is free]=] [=[]=])
fault(backward_next_q_lands_too_early backward256 race flash2_backward_block.hpp
  [=[if constexpr (two_buffers) free_queries(more, next_member, next_tile);]=]
  [=[free_queries(more, next_member, next_tile);]=]
  [=[if constexpr (!two_buffers) free_queries(more, next_member, next_tile);]=] [=[]=])
fault(backward_no_barrier_before_dk_leaves backward race flash2_backward_block.hpp
  [=[stage<S::row_bytes>(place + v_at, grad_v_, f32(text::keep_scale(p_)));
    b_.sync();]=]
  [=[stage<S::row_bytes>(place + v_at, grad_v_, f32(text::keep_scale(p_)));]=])

# fragments
fault(backward_p_is_not_transposed backward accuracy flash2_backward_block.hpp
  [=[b_.ldmatrix_a_trans(a[i],]=] [=[b_.ldmatrix_a(a[i],]=])
fault(backward_warps_take_each_others_keys backward accuracy flash2_backward_block.hpp
  [=[^ bytes(key_part * S::part_rows * 2);]=] [=[^ bytes((key_part ^ 1) * S::part_rows * 2);]=])
fault(backward_dq_comes_back_in_another_order backward accuracy flash2_backward_rows.hpp
  [=[b.ld_global(from + S::sum_place(value, warp), b.lane(), true)]=]
  [=[b.ld_global(from + S::sum_place(value, warp), b.lane() ^ 1, true)]=])

# gradients
fault(backward_delta_is_not_subtracted backward accuracy flash2_backward_block.hpp
  [=[(dp[i][j].c[r] - delta)]=] [=[(dp[i][j].c[r] - 0.f * delta)]=])
fault(backward_delta_of_half_a_row backward accuracy flash2_backward_rows.hpp
  [=[text::sum_over<row_lanes>(b, sum)]=] [=[text::sum_over<row_lanes / 2>(b, sum)]=])
fault(backward_dk_is_not_scaled backward accuracy flash2_backward_block.hpp
  [=[grad_k_, f32(p_.scale * text::keep_scale(p_))]=] [=[grad_k_, f32(text::keep_scale(p_))]=])
fault(backward_group_of_one_head backward accuracy flash2_backward_block.hpp
  [=[member < p.group; ++member]=] [=[member < 1; ++member]=])
fault(backward_sum_is_not_cleared backward accuracy flash2_backward_rows.hpp
  [=[clear_sum(b, p.grad_q_sum + std::int64_t{head} * p.sum_rows * head_dim, p.sum_rows);]=] [=[]=])

# limits
fault(backward_causal_limit_off_by_one backward accuracy flash2_backward_block.hpp
  [=[? first_row + offset() - first_col()]=] [=[? first_row + offset() + 1 - first_col()]=])
fault(backward_cut_tile_taken_for_whole backward accuracy flash2_backward_block.hpp
  [=[tile * br + offset() < first_key() + bc - 1]=] [=[tile * br + offset() < first_key()]=])
fault(backward_first_tile_left_out backward bytes flash2_backward_block.hpp
  [=[p_.causal && row > 0 ? row / br : 0]=] [=[p_.causal && row > 0 ? row / br + 1 : 0]=])
fault(backward_reads_queries_beyond_the_last backward out_of_bounds flash2_backward_block.hpp
  [=[static_cast<const T*>(tensor) + first, p_.seq_q - tile * br)]=] [=[static_cast<const T*>(tensor) + first, br)]=])

# dQ in a launch of its own
fault(grad_q_next_v_lands_too_early grad_q race flash2_backward_query.hpp
  [=[b_.sync();  // V is free]=] [=[]=])
fault(grad_q_next_k_lands_too_early grad_q race flash2_backward_query.hpp
  [=[b_.sync();  // K is free]=] [=[]=])
fault(grad_q_of_one_lane_of_a_quad grad_q accuracy flash2_backward_query.hpp
  [=[text::sum_over<4>(b_, b_.ld_global(from, row, row < rows))]=] [=[b_.ld_global(from, row, row < rows)]=])
fault(grad_q_last_block_is_not_masked grad_q accuracy flash2_backward_query.hpp
  [=[warp_row() + offset() < end - 1]=] [=[warp_row() + offset() < end - bc]=])
fault(grad_q_rows_of_another_head grad_q accuracy flash2_backward_query.hpp
  [=[b_.block_y() / p_.group;]=] [=[b_.block_y() % p_.kv_heads;]=])
