# flash1.hpp.
# Three blocks of keys, a tile of rows that see none of them, tiles that are done before the last block.
set(flash1_text flash1)
set(flash1_kernel rt_flash1)
set(flash1_family "flash1::Forward")
set(flash1_instances "flash1::KeysOutsideKernel<fp16, 64>")
set(flash1_shape 400 300 4 2 64 1)

fault(flash1_control flash1 nothing)

# Keys outside, queries inside
fault(flash1_no_wait_for_q flash1 unlanded flash1.hpp
  [=[if (!visit.first) read_statistics();
    rows_landed();]=] [=[if (!visit.first) read_statistics();
    b_.sync_warp();]=])
fault(flash1_no_wait_for_the_old_o flash1 unlanded flash1.hpp
  [=[rows_landed();  // O of the visit before]=] [=[]=])
fault(flash1_no_barrier_before_keys_are_overwritten flash1 race flash1.hpp
  [=[b_.sync();
    Attention keys]=] [=[Attention keys]=])
fault(flash1_keys_are_used_before_all_have_landed flash1 race flash1.hpp
  [=[keys.copies_landed();]=] [=[b_.template cp_wait<0>();]=])
fault(flash1_o_leaves_before_all_lanes_wrote_it flash1 race flash1.hpp
  [=[b_.sync_warp();
    // The next Q]=] [=[// The next Q]=])
# Not caught: on the host, as on any GPU so far, an ldmatrix has read for all lanes before one of them goes on. The PTX
# ISA does not say so, and the text keeps its sync_warp().
fault(flash1_old_o_takes_the_place_of_q_too_early flash1 nothing flash1.hpp
  [=[b_.sync_warp();  // all lanes have read Q]=] [=[]=])
fault(flash1_old_o_is_not_rescaled flash1 accuracy flash1.hpp
  [=[text::sum_over<4>(b_, scale_old[h]) * inverse[h]]=] [=[text::sum_over<4>(b_, scale_old[h])]=])
fault(flash1_all_lanes_read_l flash1 bytes flash1.hpp
  [=[b_.ld_global(p_.l + at, row, reads)]=] [=[b_.ld_global(p_.l + at, row, row < rows_left())]=])
fault(flash1_old_maximum_is_forgotten flash1 accuracy flash1.hpp
  [=[b_.select(reads, m, f32(Attention::minus_infinity))]=] [=[b_.select(reads, m * 0.f, f32(0.f))]=])
fault(flash1_diagonal_one_key_late flash1 accuracy flash1.hpp
  [=[first_row_ + offset() - block * bc :]=] [=[first_row_ + offset() + 1 - block * bc :]=])
fault(flash1_whole_blocks_begin_one_tile_early flash1 accuracy flash1.hpp
  [=[tiles_below((block + 1) * bc - 1 - offset() + br - 1)]=] [=[tiles_below((block + 1) * bc - 1 - offset())]=])
fault(flash1_rows_that_see_nothing_are_left_out flash1 accuracy flash1.hpp
  [=[for (int i = 0; i < seeing; ++i)]=] [=[for (int i = 1; i < seeing; ++i)]=])
fault(flash1_last_visit_keeps_l_and_m flash1 bytes flash1.hpp
  [=[head.template visit<true>({i, j, j == 0, i < kept})]=] [=[head.template visit<true>({i, j, j == 0, i + 1 < kept})]=])
fault(flash1_first_visit_reads_back flash1 accuracy flash1.hpp
  [=[head.template visit<true>({i, j, j == 0, i < kept})]=] [=[head.template visit<true>({i, j, j == 1, i < kept})]=])
