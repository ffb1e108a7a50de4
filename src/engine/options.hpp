// The one table of workload options: names, types, ranges, defaults, help. CLI, bindings and service are generated from it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "support/checked.hpp"
#include "support/result.hpp"

namespace vramauto::engine {

enum class OptionType : std::uint32_t { switch_ = 1, integer, number, bytes, choice, text, json, words };  // words: a line each

struct Option {
  OptionType type;
  std::string_view name;          // vLLM's own flag without the dashes
  std::string_view short_name;    // "tp", or ""
  std::string_view choices;       // "auto|fp8|…" for choice
  std::string_view default_text;  // "the model's own", for people
  std::string_view help;          // one line
  bool takes_memory = true;       // false: read so that a whole command line can be given
};
std::span<const Option> options();
const Option* find_option(std::string_view name_or_short);

// Releases of the engine that have the option, as minor numbers: from `since` on, and before `until`.
struct Served {
  std::uint8_t since = 0, until = 255;
};
Served served(const Option& option);

// What was asked: every member empty or at its default until set. Values are checked when set, as vLLM reads them.
struct Workload {
  std::string engine = "vllm", engine_version, method = "engine", policy = "balanced", usage = "server", estimator;
  std::uint32_t tensor_parallel_size = 1, pipeline_parallel_size = 1, data_parallel_size = 1, decode_context_parallel_size = 1;
  bool tensor_parallel_auto = false, pipeline_parallel_auto = false, data_parallel_auto = false;  // left to the plan
  bool enable_expert_parallel = false;
  std::optional<std::uint64_t> max_model_len;  // empty: auto
  bool max_model_len_auto = false;             // "auto" asked for by name
  std::optional<std::uint64_t> max_num_seqs, max_num_batched_tokens, block_size, num_gpu_blocks_override;
  bool max_num_seqs_auto = false, max_num_batched_tokens_auto = false;  // left to the plan
  std::optional<double> gpu_memory_utilization;                         // empty: automatic
  std::optional<Bytes> kv_cache_memory_bytes;
  std::string kv_cache_dtype = "auto", quantization, dtype = "auto", attention_backend;
  bool enforce_eager = false;
  std::optional<bool> enable_prefix_caching, enable_chunked_prefill, async_scheduling;
  double cpu_offload_gib = 0;
  std::string limit_mm_per_prompt, mm_encoder_tp_mode = "weights", speculative_config;
  std::string compilation_config;
  std::vector<std::uint32_t> cudagraph_capture_sizes, cuda_graph_sizes;
  std::optional<std::uint64_t> max_cudagraph_capture_size;
  std::optional<std::uint32_t> optimization_level;
  bool disable_hybrid_cache = false, skip_mm_profiling = false;
  std::string performance_mode = "balanced", kv_cache_dtype_skip_layers;
  double mm_ipc_gpu_memory_gib = 0;
  bool enable_lora = false, fully_sharded_loras = false, language_model_only = false, enable_sleep_mode = false;
  std::uint32_t max_loras = 1, max_lora_rank = 16;
  std::string lora_dtype = "auto";
  bool enable_eplb = false;
  std::string eplb_config, all2all_backend;
  std::uint32_t num_redundant_experts = 0;
  std::string mamba_cache_mode, mamba_cache_dtype = "auto", mamba_ssm_cache_dtype = "auto";
  std::uint64_t sequences = 1;  // that should fit at once: of their usual length where that is stated, else of max_model_len
  bool sequences_set = false;
  std::optional<std::uint64_t> input_len, output_len;  // usual tokens of a prompt, of an answer
  Bytes reserve = 0;                                   // kept free on every GPU
  bool reserve_set = false;
  std::vector<std::string> env;  // the engine's environment, NAME=VALUE

  std::vector<std::string> set_names;   // options that were set, in order, without repeats
  std::vector<std::string> set_values;  // their texts as given, in step with set_names (of --no-x: "false")
};

// Sets one option; value empty optional: back to the default. An unknown name suggests the nearest.
Result<void> set(Workload& workload, std::string_view name, std::optional<std::string_view> value);

}  // namespace vramauto::engine
