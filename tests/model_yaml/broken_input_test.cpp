// What is refused, each with the exact message that a user reads.
#include <gtest/gtest.h>

#include <string>

#include "rooftile/model_yaml/profile_reader.hpp"
#include "rooftile/model_yaml/spec_reader.hpp"
#include "rooftile/model_yaml/strict_yaml.hpp"
#include "scratch_folder.hpp"

namespace rooftile::yaml {
namespace {

/// A file x.yaml and the message that reading it ends with.
struct Broken {
  const char* text;
  const char* message;
};

// --- any YAML file ---------------------------------------------------------------------------------------------------

TEST(BrokenYaml, IsRefusedWithItsPlace) {
  const Broken rows[] = {
      {"", "x.yaml: the file is empty"},
      {"# only a comment\n", "x.yaml: the file is empty"},
      {"---\n", "x.yaml: the file is empty"},
      {"a: 1\na: 2\n", "x.yaml:2:1: duplicate key 'a'; first in line 1"},
      {"m: {b: 1, b: 2}\n", "x.yaml:1:11: duplicate key 'b'; first in line 1"},
      {"a: &x 1\n", "x.yaml:1:4: anchors (&) are not read here"},
      {"a: &x {b: 1}\n", "x.yaml:1:4: anchors (&) are not read here"},
      {"a: *x\n", "x.yaml:1:4: this is not YAML: the referenced anchor is not defined"},
      {"a: {<<: {b: 1}}\n", "x.yaml:1:5: merge keys (<<) are not read here"},
      {"a: !!int 3\n", "x.yaml:1:4: tags (!) are not read here"},
      {"a: !mine [1]\n", "x.yaml:1:4: tags (!) are not read here"},
      {"a: 1\n---\nb: 2\n", "x.yaml:2:1: a second document starts here; a file holds one"},
      {"a:\n\tb: 1\n", "x.yaml:2:1: a tab in the indentation; YAML indents with spaces"},
      {"a:\n  \t- 1\n", "x.yaml:2:3: a tab in the indentation; YAML indents with spaces"},
      {"a: [1, 2\n", "x.yaml:2:1: this is not YAML: end of sequence flow not found"},
      {"a: b: c\n", "x.yaml:1:5: this is not YAML: illegal map value"},
      {"a: 'open\n", "x.yaml:1:4: this quote is never closed"},
      {"a: \"open \\\"\n", "x.yaml:1:4: this quote is never closed"},
      {"? [1]\n: 2\n", "x.yaml:1:3: a key must be plain text"},
      {"? \n: 2\n", "x.yaml:2:1: a key must be plain text"},
  };
  for (const Broken& row : rows) {
    EXPECT_EQ(message_of([&] { (void)load_text(row.text, "x.yaml"); }), row.message) << row.text;
  }
}

/// yaml-cpp ends a text at such a byte, and places what it misses behind the end.
TEST(BrokenYaml, APlaceIsInsideTheText) {
  const auto refusal = [](const std::string& text) { return message_of([&] { (void)load_text(text, "x.yaml"); }); };
  EXPECT_EQ(refusal(std::string{"a: 1\nb: \0c\n", 11}), "x.yaml:2:4: a NUL byte; this is not a text file");
  EXPECT_EQ(refusal("a: \"\\"), "x.yaml:1:6: this is not YAML: unknown escape character");
}

TEST(BrokenYaml, WrongKindsNameWhatStandsThere) {
  const Node root =
      load_text("text: x\nlist: [1]\nmap: {a: 1}\nnothing:\nnumber: 3.5\nbig: 99999999999999999999\n", "x.yaml");
  const auto at = [&](const char* key) -> const Node& {
    for (const Entry& entry : root.as_entries()) {
      if (entry.key == key) return entry.value;
    }
    return root;
  };
  EXPECT_EQ(message_of([&] { (void)at("list").as_text(); }), "x.yaml:2:7: a text is expected, found a list");
  EXPECT_EQ(message_of([&] { (void)at("map").as_list(); }), "x.yaml:3:6: a list is expected, found a map");
  EXPECT_EQ(message_of([&] { (void)at("text").as_entries(); }), "x.yaml:1:7: a map is expected, found the text 'x'");
  EXPECT_EQ(message_of([&] { (void)at("nothing").as_text(); }), "x.yaml:4:1: a text is expected, found nothing");
  EXPECT_EQ(message_of([&] { (void)at("map").as_texts(); }), "x.yaml:3:6: a list of texts is expected, found a map");
  EXPECT_EQ(message_of([&] { (void)at("text").as_bool(); }), "x.yaml:1:7: 'x' is neither true nor false");
  EXPECT_EQ(message_of([&] { (void)at("number").as_integer(0, 9); }), "x.yaml:5:9: '3.5' is no whole number");
  EXPECT_EQ(message_of([&] { (void)at("big").as_integer(0, 9); }),
            "x.yaml:6:6: 99999999999999999999 is outside 0 .. 9");
  EXPECT_EQ(message_of([&] { (void)at("text").as_number(); }),
            "x.yaml:1:7: 'x' is no number; a plain number is expected, as in '108'");
  EXPECT_EQ(message_of([&] { (void)at("text").as_enum<Kind>(); }),
            "x.yaml:1:7: unknown kind 'x'; allowed: spec, device, measured, derived, assumed, set");
  Map map{root};
  EXPECT_EQ(message_of([&] { (void)map.required("absent"); }), "x.yaml:1:1: missing key 'absent'");
  EXPECT_EQ(message_of([&] { (void)map.required("nothing"); }), "x.yaml:4:1: key 'nothing' has no value");
}

TEST(BrokenYaml, FilesThatCannotBeRead) {
  const ScratchFolder folder;
  const auto load = [&](const char* name) {
    return folder.without_folder(message_of([&] { (void)load_file(folder.path() / name); }));
  };
  folder.write("inner/a.yaml", "a: 1\n");
  EXPECT_EQ(load("absent.yaml"), "absent.yaml: no such file");
  EXPECT_EQ(load("inner"), "inner: is a folder, not a file");
}

// --- profiles --------------------------------------------------------------------------------------------------------

/// Five lines that make a profile; what a row adds begins in line 5.
const std::string head = "schema: rooftile.profile/1\nname: x\nvendor: nvidia\ncompute_capability: \"8.0\"\n";

TEST(BrokenProfile, IsRefusedWithItsPlace) {
  const Broken rows[] = {
      {"price: 3\n",
       "x.yaml:5:1: unknown key 'price'; allowed: extends, schema, name, vendor, description, device_names, "
       "compute_capability, source, clock, sm, memory, launch, power, energy, measured, expect"},
      {"memory:\n  dram:\n    bandwith: 3 TB/s\n",
       "x.yaml:7:5: unknown key 'bandwith'; allowed: type, capacity, bandwidth, bus, clock, transfers_per_clock, "
       "latency, "
       "sustained_fraction; did you mean 'bandwidth'?"},
      {"sm: {rates: {exp2: 16}}\n",
       "x.yaml:5:14: unknown key 'exp2'; allowed: fma_fp32, ex2, convert_fp32_fp16, alu, shuffle; did you mean 'ex2'?"},
      {"memory: {dram: {bandwidth: 3 TB}}\n",
       "x.yaml:5:28: '3 TB' is an amount of bytes; bytes per second are expected, as in '1555 GB/s'"},
      {"memory: {dram: {bandwidth: 3}}\n",
       "x.yaml:5:28: '3' has no unit; bytes per second are expected, as in '1555 GB/s'"},
      {"sm: {smem_capacity: 164 KB}\n",
       "x.yaml:5:21: '164 KB': K is ambiguous; write kB for 1000 bytes or KiB for 1024 bytes"},
      {"sm: {count: 108.5}\n", "x.yaml:5:13: sm.count: '108.5' is not a whole number of units"},
      {"sm: {count: -1}\n", "x.yaml:5:13: sm.count: '-1' is outside 1 .. 100000"},
      {"memory: {dram: {bus: 5 bit}}\n", "x.yaml:5:22: memory.dram.bus: '5 bit' is outside 1 B .. 1 MB"},
      {"memory: {dram: {bus: 13 bit}}\n", "x.yaml:5:22: memory.dram.bus: '13 bit' is not a whole number of bytes"},
      {"clock: {boost: 1.41 kHz}\n", "x.yaml:5:16: clock.boost: '1.41 kHz' is outside 1 MHz .. 100 GHz"},
      {"memory: {dram: {sustained_fraction: 90}}\n",
       "x.yaml:5:37: memory.dram.sustained_fraction: '90' is outside 0.01 .. 1"},
      {"sm: 108\n", "x.yaml:5:5: a map is expected, found the text '108'"},
      {"sm:\n", "x.yaml:5:1: a map is expected, found nothing"},
      {"sm: {count: [108]}\n", "x.yaml:5:13: a text is expected, found a list"},
      {"sm: {count: {source: book}}\n", "x.yaml:5:13: missing key 'value'"},
      {"sm: {count: {value: 108, kind: guessed}}\n",
       "x.yaml:5:32: unknown kind 'guessed'; allowed: spec, device, measured, derived, assumed"},
      {"sm: {count: {value: 108, kind: set}}\n",
       "x.yaml:5:32: unknown kind 'set'; allowed: spec, device, measured, derived, assumed"},
      {"sm: {count: {value: 108, sauce: book}}\n",
       "x.yaml:5:26: unknown key 'sauce'; allowed: value, source, kind; did you mean 'source'?"},
      {"memory: {dram: {type: [HBM2]}}\n", "x.yaml:5:23: a text is expected, found a list"},
      {"measured: {dram_speed: 1 TB/s}\n",
       "x.yaml:5:12: unknown key 'dram_speed'; allowed: source, dram_init, dram_read, dram_scale, dram_copy, "
       "dram_triad, "
       "l2_read, l2_read_far, l1_read, gemm_fp16, gemm_bf16, gemm_fp8, gemm_tf32, gemm_fp32, wgmma_fp16, "
       "constant_power; "
       "did you mean 'dram_read'?"},
      {"expect: {dram: 1 TB}\n",
       "x.yaml:5:16: '1 TB' is an amount of bytes; bytes per second are expected, as in '1555 GB/s'"},
      {"expect: {fp16_fp32: 312 TFLOP/s}\n",
       "x.yaml:5:21: expect.fp16_fp32 cannot be checked: sm.count x sm.tensor.fp16_fp32 x clock.tensor_boost needs a "
       "leaf "
       "that is not stated"},
      {"sm: {count: 100, tensor: {fp16_fp32: 2048}}\nclock: {tensor_boost: 1410 MHz}\nexpect: {fp16_fp32: 312 "
       "TFLOP/s}\n",
       "x.yaml:7:21: expect.fp16_fp32 is 312 TFLOP/s, but sm.count x sm.tensor.fp16_fp32 x clock.tensor_boost = "
       "288.8 TFLOP/s (7.4 % apart, 1 % allowed)"},
      {"memory: {dram: {bus: 5120 bit, clock: 1215 MHz, transfers_per_clock: 1}}\nexpect: {dram: 1555 GB/s}\n",
       "x.yaml:6:16: expect.dram is 1.555 TB/s, but memory.dram.bus x memory.dram.clock x "
       "memory.dram.transfers_per_clock "
       "= 777.6 GB/s (49.9 % apart, 1 % allowed)"},
      {"sm: {smem_capacity: 164 KiB, smem_per_cta: 164 KiB, smem_reserved_per_cta: 1 KiB}\n",
       "x.yaml:5:44: sm.smem_per_cta 164 KiB and sm.smem_reserved_per_cta 1 KiB do not fit together in "
       "sm.smem_capacity 164 KiB"},
      {"sm: {smem_capacity: 164 KiB}\nmemory: {l1: {capacity: 128 KiB}}\n",
       "x.yaml:5:21: sm.smem_capacity 164 KiB is more than memory.l1.capacity 128 KiB, of which it is a part"},
      {"sm: {max_threads: 2048, max_warps: 48}\n", "x.yaml:5:19: sm.max_threads 2048 is not 32 x sm.max_warps 48"},
  };
  const ScratchFolder folder;
  for (const Broken& row : rows) {
    const auto file = folder.write("x.yaml", head + row.text);
    const std::string message = folder.without_folder(message_of([&] { (void)load_profile(file); }));
    EXPECT_EQ(message, row.message) << row.text;
  }
}

TEST(BrokenProfile, HeadsAndExtends) {
  const ScratchFolder folder;
  folder.write("arch/sm_80.yaml", "schema: rooftile.profile/1\ncompute_capability: \"8.0\"\n");
  folder.write("loop_a.yaml", "extends: loop_b\nname: loop_a\n");
  folder.write("loop_b.yaml", "extends: loop_a\nname: loop_b\n");
  const Broken rows[] = {
      {"name: x\n", "x.yaml:1:1: missing key 'schema'"},
      {"schema: rooftile.profile/2\nname: x\n",
       "x.yaml:1:9: schema 'rooftile.profile/2' is not read here; expected 'rooftile.profile/1'"},
      {"extends: arch/sm_80\n", "x.yaml:1:1: missing key 'name'"},
      {"extends: arch/sm_80\nname: a/b\n", "x.yaml:1:1: name 'a/b' may hold letters, digits, '_', '.' and '-' only"},
      {"schema: rooftile.profile/1\nname: x\n", "x.yaml:1:1: missing key 'compute_capability'"},
      {"extends: arch/sm_80\nname: x\ncompute_capability: \"80\"\n",
       "x.yaml:3:21: '80' is no compute capability; expected major.minor, as in \"8.0\""},
      {"extends: arch/sm_81\nname: x\n",
       "x.yaml:1:10: extends 'arch/sm_81', which is not found in <folder>; did you mean 'arch/sm_80'?"},
      {"extends: x\nname: x\n", "x.yaml:1:10: extends 'x', which extends this file in turn"},
      {"extends: loop_a\nname: x\n", "loop_b.yaml:1:10: extends 'loop_a', which extends this file in turn"},
      {"extends: [arch/sm_80]\nname: x\n", "x.yaml:1:10: a text is expected, found a list"},
      {"- 1\n", "x.yaml:1:1: a map is expected, found a list"},
  };
  for (const Broken& row : rows) {
    const auto file = folder.write("x.yaml", row.text);
    EXPECT_EQ(folder.without_folder(message_of([&] { (void)load_profile(file); })), row.message) << row.text;
  }
  folder.write("x.yaml", "extends: arch/sm_80\nname: y\n");
  const ProfileCatalogue catalogue{{folder.path()}};
  EXPECT_EQ(folder.without_folder(message_of([&] { (void)catalogue.load("x"); })),
            "x.yaml:1:1: name 'y' differs from the file's name 'x'");
  EXPECT_EQ(message_of([&] { (void)catalogue.load("loop_c"); }),
            "unknown profile 'loop_c'; allowed: loop_a, loop_b, x; did you mean 'loop_a'?");
}

// --- specs -----------------------------------------------------------------------------------------------------------

const std::string flash =
    "schema: rooftile.spec/1\nname: x\ndescription: d\nsource: s\nalgorithm: flash2\ndtypes: [fp16]\npasses: [fwd]\n"
    "masks: [none]\n";
const std::string tiles = "tiles: [{head_dim: 64, br: 128, bc: 64}]\n";

TEST(BrokenSpec, IsRefusedWithItsPlace) {
  const Broken rows[] = {
      {"tiles: tile_table\n", "x.yaml:9:8: tile_table has no rows for 'x'"},
      {"tiles: table\n", "x.yaml:9:8: 'table': expected a list of tiles or tile_table"},
      {"tiles: []\n", "x.yaml:9:8: an empty list"},
      {"tiles: {head_dim: 64}\n", "x.yaml:9:8: a list is expected, found a map"},
      {"tiles: [{head_dim: 64, br: 128}]\n", "x.yaml:9:9: missing key 'bc'"},
      {"tiles: [{head_dim: 64, br: 0, bc: 64}]\n", "x.yaml:9:28: 0 is outside 1 .. 65536"},
      {"tiles: [{head_dim: 64, br: 128, bc: 64, wraps: 4}]\n",
       "x.yaml:9:41: unknown key 'wraps'; allowed: architectures, head_dim, masks, br, bc, warps, stages, pass, "
       "registers, smem, dropout; did you mean 'warps'?"},
      {"tiles: [{head_dim: 64, br: 128, bc: 64, bk: 32}]\n",
       "x.yaml:9:41: unknown key 'bk'; allowed: architectures, head_dim, masks, br, bc, warps, stages, pass, "
       "registers, smem, dropout; did you mean 'br'?"},
      {"tiles: [{head_dim: 64, br: 128, bc: 64, smem: 64}]\n",
       "x.yaml:9:47: '64' has no unit; an amount of bytes is expected, as in '40 MiB'"},
      {"tiles: [{head_dim: 64, br: 128, bc: 64, masks: [casual]}]\n",
       "x.yaml:9:49: unknown mask 'casual'; allowed: none, causal, key_padding; did you mean 'causal'?"},
      {"tiles: [{head_dim: 64, br: 128, bc: 64, architectures: {from: \"9.0\", to: \"8.0\"}}]\n",
       "x.yaml:9:56: 'from' is behind 'to'"},
      {"", "x.yaml:1:1: missing key 'tiles'"},
      {"softmax: fused\ntiles: [{head_dim: 64, br: 128, bc: 64}]\n",
       "x.yaml:9:1: unknown key 'softmax'; allowed: schema, name, description, source, algorithm, dtypes, passes, "
       "masks, "
       "dropout, writes_cache, copies_group, sorts_sequences, kv_placement, max_seq_kv, architectures, launch, l2, "
       "math, dropout_bits, "
       "packs_group, longest_first, "
       "deterministic, sums_group, "
       "tiles, constants_of, instead"},
      {"math: wmma\ntiles: [{head_dim: 64, br: 128, bc: 64}]\n",
       "x.yaml:9:7: unknown math 'wmma'; allowed: mma_sync, wgmma, native; did you mean 'wgmma'?"},
      {"l2: hot\ntiles: [{head_dim: 64, br: 128, bc: 64}]\n", "x.yaml:9:5: unknown l2 'hot'; allowed: cold, warm"},
      {"score_padding: 8\ntiles: [{head_dim: 64, br: 128, bc: 64}]\n",
       "x.yaml:9:1: unknown key 'score_padding'; allowed: schema, name, description, source, algorithm, dtypes, "
       "passes, masks, "
       "dropout, writes_cache, copies_group, sorts_sequences, kv_placement, max_seq_kv, architectures, launch, l2, "
       "math, dropout_bits, "
       "packs_group, longest_first, "
       "deterministic, sums_group, "
       "tiles, constants_of, instead"},
      {"dropout: maybe\ntiles: [{head_dim: 64, br: 128, bc: 64}]\n", "x.yaml:9:10: 'maybe' is neither true nor false"},
  };
  const ScratchFolder folder;
  for (const Broken& row : rows) {
    const auto file = folder.write("x.yaml", flash + row.text);
    EXPECT_EQ(folder.without_folder(message_of([&] { (void)load_spec(file); })), row.message) << row.text;
  }
}

TEST(BrokenSpec, HeadsAndStandard) {
  const std::string standard =
      "schema: rooftile.spec/1\nname: x\ndescription: d\nsource: s\nalgorithm: standard\ndtypes: [fp16]\npasses: "
      "[fwd]\n"
      "masks: [none]\n";
  const std::string gemm_tiles = "tiles: [{head_dim: 64, br: 128, bc: 128, bk: 32}]\n";
  struct Row {
    std::string text;
    const char* message;
  };
  const Row rows[] = {
      {"schema: rooftile.profile/1\n",
       "x.yaml:1:9: schema 'rooftile.profile/1' is not read here; expected 'rooftile.spec/1'"},
      {"schema: rooftile.spec/1\nname: x\n", "x.yaml:1:1: missing key 'description'"},
      {"schema: rooftile.spec/1\nname: x\ndescription: d\nsource: s\nalgorithm: flash9\n",
       "x.yaml:5:12: unknown algorithm 'flash9'; allowed: standard, flash1, flash2, flash3, split_kv; did you mean "
       "'flash1'?"},
      {"schema: rooftile.spec/1\nname: x\ndescription: d\nsource: s\nalgorithm: flash2\ndtypes: []\n",
       "x.yaml:6:9: an empty list"},
      {"schema: rooftile.spec/1\nname: x\ndescription: d\nsource: s\nalgorithm: flash2\ndtypes: [fp16, fp16]\n",
       "x.yaml:6:16: 'fp16' twice"},
      {"schema: rooftile.spec/1\nname: x\ndescription: d\nsource: s\nalgorithm: flash2\ndtypes: fp16\n",
       "x.yaml:6:9: a list is expected, found the text 'fp16'"},
      {standard + gemm_tiles, "x.yaml:1:1: missing key 'softmax'"},
      {standard + "softmax: quick\n" + gemm_tiles,
       "x.yaml:9:10: unknown softmax 'quick'; allowed: naive, safe, online, fused"},
      {standard + "softmax: fused\n" + tiles, "x.yaml:10:9: missing key 'bk'"},
      {standard + "softmax: fused\nlongest_first: true\n" + gemm_tiles,
       "x.yaml:10:1: unknown key 'longest_first'; allowed: schema, name, description, source, algorithm, ops, dtypes, "
       "passes, masks, dropout, writes_cache, copies_group, sorts_sequences, kv_placement, max_seq_kv, architectures, "
       "launch, l2, math, "
       "softmax, row_kernels, copies_q_and_k, copies_v, scales_k, "
       "expands_kv, "
       "logsumexp, extra_passes, softmax_backward, scales_gradients, gathers_gradients, tiles, score_padding, "
       "constants_of, instead"},
      {standard + "softmax: fused\nlogsumexp: 1\n" + gemm_tiles, "x.yaml:10:12: '1' is neither true nor false"},
      {standard + "softmax: fused\nscore_padding: 0\n" + gemm_tiles, "x.yaml:10:16: 0 is outside 1 .. 64"},
      {standard + "softmax: fused\nscore_padding: 24\n" + gemm_tiles,
       "x.yaml:10:16: score_padding 24 must divide 64 and bk 32"},
      {standard + "softmax: fused\nscore_padding: 64\n" + gemm_tiles,
       "x.yaml:10:16: score_padding 64 must divide 64 and bk 32"},
      {standard + "softmax: fused\nextra_passes: [{name: a, place: before_softmax, when: always}]\n" + gemm_tiles,
       "x.yaml:10:16: extra pass 'a' neither reads nor writes"},
      {standard + "softmax: fused\nextra_passes: [{name: a, place: middle, when: always, score_reads: 1}]\n" +
           gemm_tiles,
       "x.yaml:10:33: unknown place 'middle'; allowed: before_softmax, after_softmax"},
      {standard + "softmax: fused\nextra_passes: [{name: a, place: before_softmax, when: always, score_reads: 2}]\n" +
           gemm_tiles,
       "x.yaml:10:76: 2 is outside 0 .. 1"},
      {standard +
           "softmax: fused\nextra_passes:\n  - {name: a, place: before_softmax, when: always, score_reads: 1}\n"
           "  - {name: a, place: before_softmax, when: always, score_reads: 1}\n" +
           gemm_tiles,
       "x.yaml:12:5: a second extra pass 'a'"},
  };
  const ScratchFolder folder;
  for (const Row& row : rows) {
    const auto file = folder.write("x.yaml", row.text);
    EXPECT_EQ(folder.without_folder(message_of([&] { (void)load_spec(file); })), row.message) << row.text;
  }
  const SpecCatalogue catalogue{{folder.path()}};
  EXPECT_EQ(message_of([&] { (void)catalogue.load("y"); }), "unknown kernel 'y'; allowed: x; did you mean 'x'?");
  folder.write("fa9.yaml", flash + tiles);
  EXPECT_EQ(folder.without_folder(message_of([&] { (void)catalogue.load("fa9"); })),
            "fa9.yaml:1:1: name 'x' differs from the file's name 'fa9'");
  EXPECT_EQ(message_of([&] { (void)catalogue.load("flash2"); }), "unknown kernel 'flash2'; allowed: fa9, x");
}

}  // namespace
}  // namespace rooftile::yaml
