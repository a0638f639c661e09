# split_kv.hpp and split_kv_merge.hpp.
# Parts without a key among them: the first queries see less than the first of two.
set(split_kv_text split_kv)
set(split_kv_kernel rt_split_kv)
set(split_kv_family "split_kv::Forward")
set(split_kv_instances "split_kv::SplitKernel<fp16, 64>, split_kv::MergeKernel<fp16, 64>")
set(split_kv_shape 200 300 8 2 64 1)

fault(split_kv_control split_kv nothing)

# Parts of the keys
fault(split_kv_no_wait_for_q split_kv pending_copy split_kv.hpp
  [=[b_.template cp_wait<0>();  // Q of a part without keys]=] [=[]=])
fault(split_kv_parts_overlap split_kv bytes split_kv.hpp
  [=[least((b_.block_y() + 1) * p_.part_blocks, all_blocks())]=]
  [=[least((b_.block_y() + 1) * p_.part_blocks + 1, all_blocks())]=])
fault(split_kv_last_part_goes_on split_kv out_of_bounds split_kv.hpp
  [=[return p_.causal ? least(reached(positions() - 1 + bc), last) : last;]=] [=[return last + 1;]=])
fault(split_kv_mask_off_by_one split_kv accuracy split_kv.hpp
  [=[first_position_ + offset() - block * bc :]=] [=[first_position_ + offset() - 1 - block * bc :]=])
fault(split_kv_mask_by_row_of_the_tile split_kv accuracy split_kv.hpp
  [=[(p_.causal ? positions() - 1 : 0)]=] [=[(p_.causal ? br - 1 : 0)]=])
fault(split_kv_wrong_kv_head split_kv accuracy split_kv.hpp
  [=[first_head_ / p.group)]=] [=[first_head_ % p.group)]=])
fault(split_kv_members_one_row_apart split_kv out_of_bounds split_kv.hpp
  [=[row(r, pitch) * row_elements]=] [=[row(r, pitch + 1) * row_elements]=])
fault(split_kv_partial_o_is_not_normalised split_kv accuracy split_kv.hpp
  [=[o[h * 2] * inverse[h]]=] [=[o[h * 2]]=])
fault(split_kv_last_member_is_left_out split_kv bytes split_kv.hpp
  [=[b.select((r >> position_bits) < members, i32(left), i32(0))]=] [=[b.select(r < 48, i32(left), i32(0))]=])

# Merging them
fault(merge_no_barrier_after_the_weights split_kv race split_kv_merge.hpp
  [=[x, b_.lane() < 1);
    b_.sync();]=] [=[x, b_.lane() < 1);]=])
fault(merge_no_barrier_before_the_sums_are_read split_kv race split_kv_merge.hpp
  [=[b_.sync();
    if (warp_ != 0)]=] [=[if (warp_ != 0)]=])
fault(merge_parts_weigh_alike split_kv accuracy split_kv_merge.hpp
  [=[b_.exp2((lse - base) * log2e)]=] [=[b_.exp2((base - base) * log2e)]=])
fault(merge_maximum_left_out_of_the_logsumexp split_kv accuracy split_kv_merge.hpp
  [=[f32(std::numbers::ln2_v<float>), base)]=] [=[f32(std::numbers::ln2_v<float>), f32(0.f))]=])
fault(merge_reads_parts_that_nobody_made split_kv out_of_bounds split_kv_merge.hpp
  [=[offset, part < p_.parts)]=] [=[offset, part < p_.parts + 1)]=])
fault(merge_sums_side_by_side split_kv conflicts split_kv_merge.hpp
  [=[chunk ^ ((chunk >> 3) & 1)]=] [=[chunk ^ 0]=])
