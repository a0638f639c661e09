# dropout.hpp, philox.hpp, and what the kernels do with them. Three of ten weights are dropped, with a seed and an offset
# that are not zero.
set(drop1_text flash1)
set(drop1_kernel rt_flash1)
set(drop1_family "flash1::Forward")
set(drop1_instances "flash1::DropoutKernel<fp16, 64>")
set(drop1_shape 200 300 4 2 64 1 dropout=0.3)
set(drop2_text flash2)
set(drop2_kernel rt_flash2)
set(drop2_family "flash2::Forward")
set(drop2_instances "flash2::DropoutKernel<fp16, 64>")
set(drop2_shape 200 300 4 2 64 1 dropout=0.3)
set(drop_backward_text flash2_backward)
set(drop_backward_kernel rt_flash2)
set(drop_backward_family "flash2_backward::Backward")
set(drop_backward_instances "\
flash2_backward::DeltaKernel<fp16, 64>, flash2_backward::BackwardDropoutKernel<fp16, 64, true>, flash2_backward::ConvertKernel<fp16, 64>")
set(drop_backward_shape 200 230 4 2 64 1 dropout=0.3)
set(drop_grad_q_text flash2_backward)
set(drop_grad_q_kernel rt_flash2_deterministic)
set(drop_grad_q_family "flash2_backward::Deterministic")
set(drop_grad_q_instances "\
flash2_backward::DeltaKernel<fp16, 64>, flash2_backward::BackwardDropoutKernel<fp16, 64, false>, flash2_backward::QueryGradientDropoutKernel<fp16, 64>")
set(drop_grad_q_shape 200 230 4 2 64 1 dropout=0.3)

fault(drop1_control drop1 nothing)
fault(drop2_control drop2 nothing)
fault(drop_backward_control drop_backward nothing)
fault(drop_grad_q_control drop_grad_q nothing)

# random bits
fault(drop_seed_is_ignored drop2 accuracy dropout.hpp
  [=[round_keys(call.dropout.seed)]=] [=[round_keys(0)]=])
fault(drop_offset_is_ignored drop2 accuracy dropout.hpp
  [=[.drop_offset = call.dropout.offset]=] [=[.drop_offset = 0]=])
fault(drop_nine_rounds drop2 accuracy philox.hpp
  [=[ROOFTILE_UNROLL for (int round = 0;]=] [=[ROOFTILE_UNROLL for (int round = 1;]=])
fault(drop_mask_is_transposed drop2 accuracy dropout.hpp
  [=[{u32((b.lane() & 3) + col / 2), u32((b.lane() >> 2) + row),]=]
  [=[{u32((b.lane() >> 2) + row), u32((b.lane() & 3) + col / 2),]=])
fault(drop_rows_of_an_accumulator_change_places drop2 accuracy dropout.hpp
  [=[kept[r] = block[r] >=]=] [=[kept[r] = block[r ^ 2] >=]=])
fault(drop_keeps_what_is_to_be_dropped drop2 accuracy dropout.hpp
  [=[kept[r] = block[r] >=]=] [=[kept[r] = block[r] <]=])

# forward
fault(drop2_before_softmax drop2 accuracy running_attention.hpp
  [=[softmax_step<masked>(s);
    drop_weights(s, drop);]=] [=[drop_weights(s, drop);
    softmax_step<masked>(s);]=])
fault(drop2_row_sums_of_kept_weights drop2 accuracy running_attention.hpp
  [=[    drop_weights(s, drop);
    if (block]=] [=[    for (int i = 0; i < m_tiles; ++i) {
      for (int r = 0; r < 4 * n_tiles; ++r) row_sum[i][r / 2 % 2] = row_sum[i][r / 2 % 2] - s[i][r / 4].c[r % 4];
    }
    drop_weights(s, drop);
    for (int i = 0; i < m_tiles; ++i) {
      for (int r = 0; r < 4 * n_tiles; ++r) row_sum[i][r / 2 % 2] = row_sum[i][r / 2 % 2] + s[i][r / 4].c[r % 4];
    }
    if (block]=])
fault(drop2_scale_is_missing drop2 accuracy flash2.hpp
  [=[inverse[h] = inverse[h] * p_.keep_scale;]=] [=[inverse[h] = inverse[h];]=])
fault(drop2_blocks_of_keys_share_a_mask drop2 accuracy flash2.hpp
  [=[warp_row() + row, block * bc + col);]=] [=[warp_row() + row, block * 0 + col);]=])
fault(drop2_heads_share_a_mask drop2 accuracy flash2.hpp
  [=[text::drop_weights(weights, b_, p_, head(),]=] [=[text::drop_weights(weights, b_, p_, 0,]=])
fault(drop1_old_o_is_scaled_again drop1 accuracy flash1.hpp
  [=[      scale_old[h] = text::sum_over<4>(b_, scale_old[h]) * inverse[h];
      if constexpr (drops) inverse[h] = inverse[h] * p_.keep_scale;]=]
  [=[      if constexpr (drops) inverse[h] = inverse[h] * p_.keep_scale;
      scale_old[h] = text::sum_over<4>(b_, scale_old[h]) * inverse[h];]=])
fault(drop1_warps_share_a_mask drop1 accuracy flash1.hpp
  [=[head(), first_row_ + row,]=] [=[head(), first_row_ - warp_row_ + row,]=])

# backward
fault(drop_backward_dv_is_not_scaled drop_backward accuracy flash2_backward_block.hpp
  [=[grad_v_, f32(text::keep_scale(p_)));]=] [=[grad_v_, f32(1.f));]=])
fault(drop_backward_dk_is_not_scaled drop_backward accuracy flash2_backward_block.hpp
  [=[f32(p_.scale * text::keep_scale(p_)));]=] [=[f32(p_.scale));]=])
fault(drop_backward_dq_is_not_scaled drop_backward accuracy flash2_backward.hpp
  [=[.scale * text::dropout_params(call).keep_scale}]=] [=[.scale}]=])
fault(drop_backward_delta_has_another_scale drop_backward accuracy flash2_backward_block.hpp
  [=[value = value * p_.kept_share;]=] [=[value = value * 1.f;]=])
fault(drop_backward_dv_of_all_weights drop_backward accuracy flash2_backward_block.hpp
  [=[weight = b_.select(stays, weight, f32(0.f));]=] [=[weight = b_.select(stays, weight, weight);]=])
fault(drop_backward_ds_of_kept_weights_alone drop_backward accuracy flash2_backward_block.hpp
  [=[gradient = weight * (b_.select(stays, gradient, f32(0.f)) - delta[r / 2]);
          weight = b_.select(stays, weight, f32(0.f));]=]
  [=[weight = b_.select(stays, weight, f32(0.f));
          gradient = weight * (b_.select(stays, gradient, f32(0.f)) - delta[r / 2]);]=])
fault(drop_backward_heads_of_a_group_share_a_mask drop_backward accuracy flash2_backward_block.hpp
  [=[kept.draw(b_, p_, head(member),]=] [=[kept.draw(b_, p_, head(0 * member),]=])
fault(drop_grad_q_dp_is_not_dropped drop_grad_q accuracy flash2_backward_query.hpp
  [=[b_.select(kept[r], gradient, f32(0.f))]=] [=[b_.select(kept[r], gradient, gradient)]=])
