// The memory rules of vLLM by version: one row per range of releases in which nothing that moves bytes changed.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace vramauto::engine::vllm {

struct Version {
  std::uint32_t major = 0, minor = 0, patch = 0;
  auto operator<=>(const Version&) const = default;
};

// "0.19.1", "v0.19.1.post1", "0.19.1rc1.dev71+g1234" (its base release), "0.19" (patch empty). Nothing for any other text.
struct VersionText {
  Version version;
  bool has_patch = false, dev = false;
};
std::optional<VersionText> parse_version(std::string_view text);

enum class Budget : std::uint8_t {
  own_delta_v0,  // V0: as own_delta, without the check of free memory at the start
  device_fill,   // V1 <= 0.9.0: everything in use on the device counts, other processes too
  own_delta,     // 0.9.1 to 0.26: weights + activation peak + non-torch growth of this process
  own_consumed,  // >= 0.27: everything consumed since the snapshot, runner buffers and fragmentation included
};
enum class Snapshot : std::uint8_t { none, before_distributed, after_distributed, after_distributed_and_cublas };
enum class SamplerPath : std::uint8_t { sort, flashinfer_if_importable, triton, flashinfer };
enum class InFlight : std::uint8_t { batch, concurrent_batches };  // tokens a sliding window may still hold
enum class ContextParallel : std::uint8_t { none, decode };        // what divides a request's tokens
enum class Capacity : std::uint8_t { blocks, blocks_per_group, concurrency };
enum class PagePadding : std::uint8_t { none, if_block_stride, any_attention };
enum class StateRule : std::uint8_t { none, length, none_align_all, none_align };
enum class RunnerRule : std::uint8_t { v0, v1, qwen3, three_dense, listed, dense, dense_0_26, dense_0_27, dense_0_28, all };
enum class BatchRule : std::uint8_t { v0, hopper_many, hopper, big, big_not_a100, huge, huge_not_gb10 };
enum class CaptureRule : std::uint8_t {
  v0,
  grid8,
  grid8_by_seqs,
  grid16_by_seqs,       // at most twice the sequences
  grid16_by_rows,       // twice the rows of a decode step: sequences x (1 + drafted tokens)
  grid16_plus_tokens,   // the batched tokens are a size of their own
  grid16_by_seqs_1024,  // twice as far on compute capability 10
  grid16_plus_decode,   // what speculation decodes: multiples of 1 + drafted tokens
  grid16_plus_seqs,     // without speculation: the number of sequences
};

struct Profile {
  Version from;                 // the last row of its engine with `from` <= version holds
  std::string_view name;        // "0.18": the first release of the range
  bool v1 = true;               // engine V1
  double utilization = 0.90;    // default of --gpu-memory-utilization
  bool ceil_requested = false;  // ceil(total x utilization)
  Budget budget = Budget::own_delta;
  Snapshot snapshot = Snapshot::before_distributed;
  bool v1_graphs_estimated = false, graphs_subtracted = false, mrv2_graphs_estimated = false;
  bool rocm_graphs_estimated = false, xpu_graphs_estimated = false;  // the same on AMD's and Intel's GPUs
  SamplerPath sampler = SamplerPath::sort;
  std::uint8_t mrv2_sampler = 0;  // bytes per row and vocabulary entry on the FlashInfer path; 0: no such runner
  InFlight in_flight = InFlight::batch;
  ContextParallel context_parallel = ContextParallel::none;
  bool null_block_checked = false;  // the start-up check sets one block aside
  Capacity capacity = Capacity::blocks;
  bool one_buffer = false;          // the whole cache is one allocation
  bool hybrid_groups = true;        // layers of different kinds get groups of their own (0.9.1); else all are full attention
  std::uint8_t group_factor = 100;  // percent: the largest bucket is the group size when below this share of the smallest
  PagePadding padding = PagePadding::none;
  bool state_prefix_caching = false;  // prefix caching on by default for models with state layers
  StateRule state = StateRule::none;
  RunnerRule runner = RunnerRule::v1;
  BatchRule batch = BatchRule::big_not_a100;
  CaptureRule capture = CaptureRule::grid16_by_seqs;
  bool full_graphs = true;          // full graphs for decode beside the piecewise ones
  bool cache_bytes_flag = true;     // --kv-cache-memory-bytes exists
  bool auto_length = false;         // --max-model-len auto exists
  bool encoder_on_mrv2 = false;     // MRV2 profiles the encoder
  std::uint8_t load_split_mib = 0;  // max_split_size_mb while loading; 0: none
  std::uint8_t mrope_rows = 4;      // rows of M-RoPE tables per position; 1: interleaved ones hold one (0.32)
};

std::span<const Profile> profiles();  // in rising order, engine V0 first

struct Found {
  const Profile* profile = nullptr;
  Version version;    // as priced: "0.19" is its newest patch
  std::string text;   // "0.19.1"
  bool known = true;  // false: a version without rules of its own; `why` says what was used
  std::string why;
};
// "auto" is the newest. Any text finds a profile. `v0`: the V0 engine was asked for (VLLM_USE_V1=0).
Found find_profile(std::string_view version, bool v0 = false);

std::string to_string(const Version& version);

}  // namespace vramauto::engine::vllm
