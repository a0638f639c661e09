# flash3.hpp: TMA, mbarriers, wgmma.
set(flash3_text flash3)
set(flash3_kernel rt_flash3)
set(flash3_family "flash3::Forward")
set(flash3_instances "flash3::ForwardKernel<fp16, 128>")
set(flash3_shape 200 700 4 2 128 1 sms=3)  # eight tiles on three SMs: CTAs stay for two or three

fault(flash3_control flash3 nothing)

# Warps with different jobs. Not among them: a K buffer that is released before its product is done. The producer asks for
# the V buffer of the trip before first, which is released after that product: the fault is harmless, and nothing sees it.
fault(flash3_mbarriers_are_not_published flash3 uninitialised flash3.hpp
  [=[b.mbarrier_publish();]=] [=[]=])
fault(flash3_no_wait_for_q flash3 unlanded flash3_consumer.hpp
  [=[b_.mbarrier_wait(shared_ + Place::q_landed + 8 * group_, parity_of(round));]=] [=[]=])
fault(flash3_no_wait_for_k flash3 unlanded flash3_consumer.hpp
  [=[b_.mbarrier_wait(shared_ + Place::k_landed + 8 * stage.index, stage.parity);]=] [=[]=])
fault(flash3_no_wait_for_v flash3 unlanded flash3_consumer.hpp
  [=[b_.mbarrier_wait(shared_ + Place::v_landed + 8 * stage.index, stage.parity);]=] [=[]=])
fault(flash3_producer_does_not_wait_for_free_buffers flash3 unlanded flash3.hpp
  [=[b_.mbarrier_wait(shared_ + free + 8 * stage_.index, stage_.parity);]=] [=[static_cast<void>(free);]=])
fault(flash3_producer_begins_in_the_wrong_phase flash3 deadlock flash3.hpp
  [=[stage_{0, 1};]=] [=[stage_{0, 0};]=])
fault(flash3_expects_half_of_the_bytes flash3 deadlock flash3.hpp
  [=[b_.mbarrier_expect(shared_ + landed, rows * head_dim * 2);]=] [=[b_.mbarrier_expect(shared_ + landed, rows * head_dim);]=])
fault(flash3_one_arrival_per_warpgroup_frees_k flash3 race flash3.hpp
  [=[Place::k_free + 8 * stage, Place::groups * group_warps);]=] [=[Place::k_free + 8 * stage, Place::groups);]=])
fault(flash3_v_is_free_before_its_product_is_done flash3 race flash3_consumer.hpp
  [=[b_.template wgmma_wait<0>(o_sum_);
    release(Place::v_free, before);]=] [=[release(Place::v_free, before);
    b_.template wgmma_wait<0>(o_sum_);]=])
fault(flash3_turns_are_not_passed_on flash3 deadlock flash3_consumer.hpp
  [=[pass_turn();
    b_.template]=] [=[b_.template]=])
fault(flash3_a_turn_is_left_over flash3 barrier_misuse flash3_consumer.hpp
  [=[if (group_ == 0) take_turn();]=] [=[]=])

# CTAs that stay. Not among them: another order that has every tile once. Results are right, only the work is shared less
# evenly: flash3_order_test.cpp looks at that.
fault(flash3_q_lands_before_o_of_the_tile_before_has_left flash3 race flash3.hpp
  [=[b_.mbarrier_wait(shared_ + Place::q_free + 8 * group, parity);]=] [=[static_cast<void>(parity);]=])
fault(flash3_q_is_free_before_o_is_stored flash3 race flash3_consumer.hpp
  [=[if (b_.warp() % group_warps == 0 && b_.elect()) store_o();
    b_.mbarrier_arrive(shared_ + Place::q_free + 8 * group_);]=] [=[b_.mbarrier_arrive(shared_ + Place::q_free + 8 * group_);
    if (b_.warp() % group_warps == 0 && b_.elect()) store_o();]=])
fault(flash3_q_is_free_before_o_is_read flash3 race flash3_consumer.hpp
  [=[b_.tma_store_wait();]=] [=[]=]
  [=[b_.mbarrier_arrive(shared_ + Place::q_free + 8 * group_);]=] [=[b_.mbarrier_arrive(shared_ + Place::q_free + 8 * group_);
    if (b_.warp() % group_warps == 0 && b_.elect()) b_.tma_store_wait();]=])
fault(flash3_consumers_await_the_first_phase_of_q_again flash3 unlanded flash3_consumer.hpp
  [=[8 * group_, parity_of(round));]=] [=[8 * group_, 0);]=])
fault(flash3_producer_awaits_the_first_phase_of_q_again flash3 deadlock flash3.hpp
  [=[parity_of(round) ^ 1u]=] [=[1u]=])
fault(flash3_buffers_begin_anew_with_each_tile flash3 deadlock flash3_consumer.hpp
  [=[begin();
      b_]=] [=[begin();
      stage_ = {};
      b_]=])
fault(flash3_last_buffer_is_used_again flash3 deadlock flash3_consumer.hpp
  [=[release(Place::v_free, stage_);
    stage_.advance();]=] [=[release(Place::v_free, stage_);]=])
fault(flash3_turns_begin_anew_with_each_tile flash3 deadlock flash3_consumer.hpp
  [=[begin();
      b_]=] [=[begin();
      if (round > 0 && group_ == Place::groups - 1) pass_turn();
      b_]=])
fault(flash3_sums_go_on_in_the_next_tile flash3 accuracy flash3_consumer.hpp
  [=[begin();
      b_]=] [=[if (round == 0) begin();
      b_]=])
fault(flash3_last_tile_is_left_out flash3 accuracy flash3_order.hpp
  [=[return tiles_per_head * all_heads;]=] [=[return tiles_per_head * all_heads - 1;]=])
fault(flash3_way_back_is_one_off flash3 accuracy flash3_order.hpp
  [=[ctas - 1 - cta]=] [=[ctas - cta]=])
fault(flash3_there_and_there_again flash3 accuracy flash3_order.hpp
  [=[return round * ctas +]=] [=[return (round - round % 2) * ctas +]=])

# Asynchronous products
fault(flash3_no_wait_for_the_scores flash3 race flash3_consumer.hpp
  [=[wgmma_wait<1>(s)]=] [=[wgmma_wait<2>(s)]=])
fault(flash3_no_fence_of_registers flash3 race flash3_consumer.hpp
  [=[b_.wgmma_fence();
    ROOFTILE_UNROLL for (int d = 0;]=] [=[ROOFTILE_UNROLL for (int d = 0;]=])
fault(flash3_p_is_overwritten_before_its_product_is_done flash3 race flash3_consumer.hpp
  [=[b_.template wgmma_wait<0>(o_sum_);
    release(Place::v_free, before);
    keep_probabilities(s);]=] [=[keep_probabilities(s);
    b_.template wgmma_wait<0>(o_sum_);
    release(Place::v_free, before);]=])
fault(flash3_o_is_rescaled_before_the_product_is_done flash3 accuracy flash3_consumer.hpp
  [=[b_.template wgmma_wait<0>(o_sum_);
    release(Place::v_free, before);
    keep_probabilities(s);
    rescale();]=] [=[rescale();
    b_.template wgmma_wait<0>(o_sum_);
    release(Place::v_free, before);
    keep_probabilities(s);]=])
fault(flash3_scores_of_the_first_group_for_all flash3 race flash3_consumer.hpp
  [=[Place::q + group_ * group_rows * box_row;]=] [=[Place::q;]=])
fault(flash3_v_steps_along_the_rows flash3 accuracy flash3_consumer.hpp
  [=[matrix_descriptor(v + k * box_row,]=] [=[matrix_descriptor(v + k % box_cols * 2,]=])
fault(flash3_wrong_distance_of_boxes flash3 accuracy flash3_consumer.hpp
  [=[bc * box_row, eight_rows)]=] [=[eight_rows, eight_rows)]=])

# On the way out, and limits
fault(flash3_no_proxy_fence_before_o_leaves flash3 race flash3_consumer.hpp
  [=[b_.fence_proxy_async();]=] [=[]=])
fault(flash3_no_barrier_before_o_leaves flash3 race flash3_consumer.hpp
  [=[b_.barrier_sync(1 + Place::groups + group_, group_warps);]=] [=[]=])
fault(flash3_ends_before_o_has_left flash3 pending_copy flash3_consumer.hpp
  [=[b_.tma_store_wait();]=] [=[]=])
fault(flash3_o_without_swizzle flash3 conflicts fragment_places.hpp
  [=[u32(Swizzle<row_bytes>::place(b.lane() & 15, b.lane() >> 4))]=]
  [=[u32((b.lane() & 15) * row_bytes + ((b.lane() >> 4) << 4))]=])
fault(flash3_causal_limit_off_by_one flash3 accuracy flash3_consumer.hpp
  [=[warp_row() + p_.seq_kv - p_.seq_q - block * bc]=] [=[warp_row() + p_.seq_kv - p_.seq_q + 1 - block * bc]=])
fault(flash3_wrong_kv_head flash3 accuracy flash3_tile.hpp
  [=[kv_head{head / p.group}]=] [=[kv_head{head % p.kv_heads}]=])
