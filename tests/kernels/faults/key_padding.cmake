# key_padding.hpp, and what flash1.hpp and gemm.hpp do with it. Two sequences that keep 139 and 125 of 297 keys, 141 and
# 126 of 301: odd numbers, ends within a word and within a block.
set(padded1_text flash1)
set(padded1_kernel rt_flash1)
set(padded1_family "flash1::Forward")
set(padded1_instances "flash1::PaddingKernel<fp16, 64>")
set(padded1_shape 100 297 4 2 64 0 batch=2 padding=1)
set(padded_product_text standard)
set(padded_product_kernel rt_standard_online)
set(padded_product_family "standard::Online")
set(padded_product_instances "\
standard::PaddedGemmKernel<fp16, 128>, standard::GemmKernel<fp16, 64, standard::BLayout::rows_of_k>, ${online_softmax}, 1>")
set(padded_product_shape 40 301 2 1 64 0 batch=2 padding=1)

fault(padded1_control padded1 nothing)
fault(padded_product_control padded_product nothing)

# bits of keys
fault(padded1_sequences_share_a_mask padded1 accuracy key_padding.hpp
  [=[std::int64_t{batch} * p.key_mask_pitch]=] [=[std::int64_t{batch} * 0]=])
fault(padded1_mask_without_its_pitch padded1 out_of_bounds key_padding.hpp
  [=[.key_mask_pitch = key_mask(call).pitch]=] [=[.key_mask_pitch = key_mask(call).cols]=])
fault(padded1_keys_beyond_the_last_are_read padded1 out_of_bounds key_padding.hpp
  [=[b.lane() < keys - first)]=] [=[b.lane() < (first < keys ? word_keys : 0))]=])
fault(padded1_keeps_what_is_padded padded1 accuracy key_padding.hpp
  [=[b.lane() < keys - first) != 0u]=] [=[b.lane() < keys - first) == 0u]=])
fault(padded1_lanes_share_columns padded1 accuracy key_padding.hpp
  [=[kept >> ((b.lane() & 3) << 1)]=] [=[kept >> ((b.lane() & 2) << 1)]=])
fault(padded1_columns_of_a_pair_share_a_bit padded1 accuracy key_padding.hpp
  [=[j % 4 * 8 + r % 2]=] [=[j % 4 * 8 + r % 1]=])

# flash1
fault(padded1_words_of_the_first_block padded1 bytes flash1.hpp
  [=[block * bc + b_.warp() * text::word_keys]=] [=[0 * block + b_.warp() * text::word_keys]=])
fault(padded1_words_change_places padded1 accuracy flash1.hpp
  [=[kept_word(w))]=] [=[kept_word(w ^ 1))]=])
fault(padded1_half_the_words_are_made padded1 uninitialised flash1.hpp
  [=[if (b_.warp() >= Kept::words) return;]=] [=[if (b_.warp() >= Kept::words / 2) return;]=])
fault(padded1_words_are_made_behind_the_barrier padded1 race flash1.hpp
  [=[    if constexpr (pads) make_kept(block);
    keys.copies_landed();]=] [=[    keys.copies_landed();
    if constexpr (pads) make_kept(block);]=])
fault(padded1_words_are_overwritten_too_early padded1 race flash1.hpp
  [=[    b_.sync();
    Attention keys]=] [=[    if constexpr (pads) make_kept(block);
    b_.sync();
    Attention keys]=]
  [=[    if constexpr (pads) make_kept(block);
    keys.]=] [=[    keys.]=])
fault(padded1_mask_behind_the_row_sums padded1 accuracy flash1.hpp
  [=[rows_.start_kept(s, kept());]=] [=[rows_.start(s);]=]
  [=[    if constexpr (drops) drop(s, visit.block);]=] [=[    if constexpr (pads) {
      const Kept late = kept();
      for (int j = 0; j < Attention::n_tiles; ++j) {
        for (int r = 0; r < 4; ++r) s[0][j].c[r] = b_.select(late.keeps(j, r), s[0][j].c[r], f32(0.f));
      }
    }]=])
fault(padded1_whole_blocks_are_not_masked padded1 accuracy flash1.hpp
  [=[if constexpr (!text::masks_keys<Params>) {]=] [=[{]=]
  [=[if (pads || (block]=] [=[if ((block]=]
  [=[if constexpr (pads) {
      rows_.start_kept]=] [=[if constexpr (pads && masked) {
      rows_.start_kept]=])

# Q Kᵀ
fault(padded_product_is_not_masked padded_product accuracy gemm.hpp
  [=[if constexpr (pads) mask_columns();]=] [=[]=])
fault(padded_product_mask_of_the_head padded_product accuracy gemm.hpp
  [=[head() / p_.mask_heads, first]=] [=[head() % p_.mask_heads, first]=])
fault(padded_product_columns_of_the_left_warps padded_product accuracy gemm.hpp
  [=[first = col() + warp_col_;]=] [=[first = col();]=])
fault(padded_product_half_of_the_rows_ask padded_product bytes gemm.hpp
  [=[    if constexpr (pads) {
      const int batch]=] [=[    if (b_.warp() >= 2) return;
    if constexpr (pads) {
      const int batch]=])
