#include "engine/options.hpp"

#include <algorithm>
#include <array>

#include "engine/option_targets.hpp"
#include "engine/option_values.hpp"
#include "support/text.hpp"

namespace vramauto::engine {
namespace {

using namespace option;

using W = Workload;
constexpr auto kSwitch = OptionType::switch_;
constexpr auto kInteger = OptionType::integer;
constexpr double kTokens = 1ull << 40;

constexpr std::array kEntries = {
    // What the engine is told: vLLM's own flags.
    Entry{{kInteger, "tensor-parallel-size", "tp", "", "1",
           "GPUs that share every layer: each holds a part of the weights and of the KV heads; auto: as few GPUs as will do"},
          1,
          4096,
          integer_or_auto<&W::tensor_parallel_size, &W::tensor_parallel_auto>},
    Entry{
        {kInteger, "pipeline-parallel-size", "pp", "", "1",
         "groups of GPUs that hold consecutive layers; the fullest stage decides the number of cache blocks; auto: as few as will "
         "do, with layers by their GPUs' memory"},
        1,
        4096,
        integer_or_auto<&W::pipeline_parallel_size, &W::pipeline_parallel_auto>},
    Entry{{kInteger, "data-parallel-size", "dp", "", "1",
           "independent copies of the engine, each on its own GPUs with its own cache; auto: as many as --sequences need"},
          1,
          4096,
          integer_or_auto<&W::data_parallel_size, &W::data_parallel_auto>,
          {8}},
    Entry{{kSwitch, "enable-expert-parallel", "ep", "", "false",
           "experts of a layer are dealt to the tensor-parallel and data-parallel ranks whole, instead of each being divided"},
          0,
          0,
          flag<&W::enable_expert_parallel>,
          {8}},
    Entry{{kInteger, "decode-context-parallel-size", "dcp", "", "1",
           "tensor-parallel ranks over which the tokens of one sequence are spread; holds longer sequences where KV heads are "
           "repeated"},
          1,
          4096,
          integer<&W::decode_context_parallel_size>,
          {10}},
    Entry{{OptionType::choice, "prefill-context-parallel-size", "", "1", "1",
           "ranks over which prompts are spread; more than 1 is not known here"},
          0,
          0,
          only_one,
          {12}},
    Entry{{kInteger, "max-model-len", "", "", "the model's own if it fits, else the longest that fits",
           "longest sequence, prompt and answer together: 4096, 32k (32,000), 32K (32,768), auto"},
          1,
          kTokens,
          max_model_len},
    Entry{{kInteger, "max-num-seqs", "", "", "by GPU and engine version",
           "sequences in one step: sizes the sampler's buffers and the CUDA graphs; auto: --sequences, or as many as the cache "
           "holds"},
          1,
          1 << 24,
          integer_or_auto<&W::max_num_seqs, &W::max_num_seqs_auto>},
    Entry{{kInteger, "max-num-batched-tokens", "", "", "by GPU and engine version",
           "tokens in one step: sizes the activations that are profiled at the start; auto: for --input-len and --output-len"},
          1,
          1 << 30,
          integer_or_auto<&W::max_num_batched_tokens, &W::max_num_batched_tokens_auto>},
    Entry{{OptionType::number, "gpu-memory-utilization", "", "", "0 (automatic)",
           "share of the GPU's total memory the engine allows itself; 0 lets vramauto choose, a value of yours is kept and judged"},
          0,
          1,
          utilization},
    Entry{{OptionType::bytes, "kv-cache-memory-bytes", "", "", "from the utilization",
           "memory of the KV cache on every GPU, instead of what the profile run leaves: 8GiB, or bytes"},
          1,
          0,
          bytes<&W::kv_cache_memory_bytes>},
    Entry{{OptionType::choice, "kv-cache-dtype", "",
           "auto|float16|bfloat16|fp8|fp8_e4m3|fp8_e5m2|fp8_per_token_head|int8_per_token_head|int4_per_token_head|nvfp4|nvfp4_"
           "4over6|turboquant_k8v4|turboquant_4bit_nc|turboquant_k3v4_nc|turboquant_3bit_nc|"
           "fp8_ds_mla|nvfp4_ds_mla",
           "auto (the model's dtype)", "numbers in the KV cache; fp8 halves it"},
          0,
          0,
          choice<&W::kv_cache_dtype>},
    Entry{{kInteger, "block-size", "", "", "16, or what the attention kernel needs",
           "tokens in one block of the KV cache: sequences occupy whole blocks"},
          1,
          1 << 20,
          integer<&W::block_size>},
    Entry{{OptionType::choice, "mamba-cache-mode", "", "none|align|all", "by engine version",
           "recurrent states with prefix caching: at the ends of a few blocks, or of every block; without it there is one"},
          0,
          0,
          choice<&W::mamba_cache_mode>,
          {15}},
    Entry{{OptionType::choice, "mamba-cache-dtype", "", "auto|float32|float16|bfloat16", "auto (the model's dtype)",
           "numbers of recurrent states: of convolutions, and of the rest where nothing else says"},
          0,
          0,
          choice<&W::mamba_cache_dtype>,
          {10}},
    Entry{{OptionType::choice, "mamba-ssm-cache-dtype", "", "auto|float32|float16|bfloat16", "auto (as the model asks)",
           "numbers of recurrent states but those of convolutions"},
          0,
          0,
          choice<&W::mamba_ssm_cache_dtype>,
          {10}},
    Entry{{OptionType::text, "attention-backend", "", "", "by GPU and cache dtype",
           "vLLM's name of the attention kernel, such as FLASHMLA: some need larger blocks"},
          0,
          0,
          text_of<&W::attention_backend>},
    Entry{{kInteger, "num-gpu-blocks-override", "", "", "from the memory",
           "blocks of the KV cache, whatever the memory holds; for tests of the engine"},
          1,
          1ull << 40,
          integer<&W::num_gpu_blocks_override>},
    Entry{{OptionType::choice, "dtype", "", "auto|half|float16|bfloat16|float|float32",
           "auto (the checkpoint's; float32 becomes 16 bit)", "numbers of weights and activations"},
          0,
          0,
          choice<&W::dtype>},
    Entry{
        {OptionType::choice, "quantization", "",
         "fp8|fp8_per_tensor|fp8_per_channel|fp8_per_block|mxfp8|mxfp4|bitsandbytes|compressed-tensors|gptq|gptq_marlin|auto_gptq|"
         "awq|awq_marlin|auto_awq|modelopt|modelopt_fp4|modelopt_mixed|fbgemm_fp8|quark|torchao|inc",
         "as the checkpoint says", "format of the weights; fp8 and its like quantise a 16 bit checkpoint while it is loaded"},
        0,
        0,
        choice<&W::quantization>},
    Entry{{kSwitch, "enforce-eager", "", "", "false", "no CUDA graphs: saves their memory, costs speed"},
          0,
          0,
          flag<&W::enforce_eager>},
    Entry{{kSwitch, "enable-prefix-caching", "", "", "true for generation",
           "keeps blocks of finished sequences for prompts that begin alike; takes no memory of its own"},
          0,
          0,
          flag<&W::enable_prefix_caching>},
    Entry{{kSwitch, "enable-chunked-prefill", "", "", "true for generation",
           "splits long prompts; without it one step must hold the longest sequence"},
          0,
          0,
          flag<&W::enable_chunked_prefill>},
    Entry{
        {OptionType::json, "limit-mm-per-prompt", "", "", "{}",
         "JSON: items of each modality in a prompt, such as {\"image\": 2, \"video\": 0}; a tower whose every modality is 0 is not "
         "loaded"},
        0,
        0,
        json_object<&W::limit_mm_per_prompt>},
    Entry{{OptionType::choice, "mm-encoder-tp-mode", "", "weights|data", "weights",
           "how ranks share an encoder: each a part of its weights, or all of them for a part of the items"},
          0,
          0,
          choice<&W::mm_encoder_tp_mode>},
    Entry{{kSwitch, "language-model-only", "", "", "false", "loads no encoder of a multimodal model"},
          0,
          0,
          flag<&W::language_model_only>},
    Entry{{kSwitch, "enable-lora", "", "", "true for an adapter", "room for LoRA adapters beside every linear layer"},
          0,
          0,
          flag<&W::enable_lora>},
    Entry{{kInteger, "max-loras", "", "", "1", "LoRA adapters in one batch: as many times their room"},
          1,
          4096,
          integer<&W::max_loras>},
    Entry{{kInteger, "max-lora-rank", "", "", "16, or the adapter's",
           "largest rank of LoRA adapters, for which room is made: 1, 8, 16, 32, 64, 128, 256, 320 or 512"},
          1,
          512,
          integer<&W::max_lora_rank>},
    Entry{{kSwitch, "async-scheduling", "", "", "true for generation, since 0.14",
           "plans a step while another runs: windows hold the tokens of both"},
          0,
          0,
          flag<&W::async_scheduling>,
          {10}},
    Entry{{OptionType::text, "kv-cache-dtype-skip-layers", "", "", "",
           "layers whose cache keeps the model's numbers: their numbers, separated by commas, or sliding_window"},
          0,
          0,
          text_of<&W::kv_cache_dtype_skip_layers>,
          {19}},
    Entry{{kSwitch, "disable-hybrid-kv-cache-manager", "", "", "false", "local layers keep whole sequences, as full ones do"},
          0,
          0,
          flag<&W::disable_hybrid_cache>,
          {9}},
    Entry{{kSwitch, "skip-mm-profiling", "", "", "false", "encoders are left out of the profile: what they take is not counted"},
          0,
          0,
          flag<&W::skip_mm_profiling>,
          {10}},
    Entry{{OptionType::number, "mm-ipc-gpu-memory-gb", "", "", "0", "GiB kept for items that other processes hand over"},
          0,
          1 << 20,
          gibibytes<&W::mm_ipc_gpu_memory_gib>,
          {25}},
    Entry{{OptionType::choice, "performance-mode", "", "balanced|interactivity|throughput", "balanced",
           "interactivity: a graph of every size up to 32; throughput: twice the default batch"},
          0,
          0,
          choice<&W::performance_mode>,
          {17}},
    Entry{{kSwitch, "fully-sharded-loras", "", "", "false", "ranks divide LoRA adapters like the layers they are for"},
          0,
          0,
          flag<&W::fully_sharded_loras>},
    Entry{{OptionType::choice, "lora-dtype", "", "auto|float16|bfloat16", "auto (the model's dtype)", "numbers of LoRA adapters"},
          0,
          0,
          choice<&W::lora_dtype>},
    Entry{{OptionType::number, "cpu-offload-gb", "", "", "0",
           "GiB of layers' parameters on every rank that are kept in the host's memory, the first ones first"},
          0,
          1 << 20,
          gibibytes<&W::cpu_offload_gib>},
    Entry{{kSwitch, "enable-sleep-mode", "", "", "false", "weights and cache in pools of their own, which can be given back"},
          0,
          0,
          flag<&W::enable_sleep_mode>,
          {7}},
    Entry{{kSwitch, "enable-eplb", "", "", "false",
           "balances experts over the ranks: room for counts of their use, and for one layer's experts"},
          0,
          0,
          flag<&W::enable_eplb>,
          {9}},
    Entry{{OptionType::json, "eplb-config", "", "", "{}",
           "JSON; num_redundant_experts, of a layer, are there twice; window_size steps are counted"},
          0,
          0,
          json_object<&W::eplb_config>,
          {10}},
    Entry{{kInteger, "num-redundant-experts", "", "", "0", "older name of num_redundant_experts in --eplb-config"},
          0,
          1 << 20,
          integer<&W::num_redundant_experts>,
          {9, 12}},
    Entry{{kInteger, "optimization-level", "O", "", "by engine version",
           "0: no CUDA graphs; 1: those of parts of a step; 2 and 3: of whole steps too; before 0.12: 3 compiles, less does not"},
          0,
          3,
          integer<&W::optimization_level>,
          {6}},
    Entry{{OptionType::text, "cudagraph-capture-sizes", "", "", "by engine version",
           "tokens of the CUDA graphs, separated by commas: as in --compilation-config"},
          1,
          1 << 20,
          numbers<&W::cudagraph_capture_sizes>,
          {11}},
    Entry{{kInteger, "max-cudagraph-capture-size", "", "", "by engine version",
           "largest of the CUDA graphs' tokens: as in --compilation-config"},
          0,
          1 << 20,
          integer<&W::max_cudagraph_capture_size>,
          {11}},
    Entry{{OptionType::text, "cuda-graph-sizes", "", "", "512", "older option: the largest size, or all, separated by commas"},
          1,
          1 << 20,
          numbers<&W::cuda_graph_sizes>,
          {8, 13}},
    Entry{{OptionType::json, "compilation-config", "", "", "{}",
           "JSON; cudagraph_mode, cudagraph_capture_sizes and max_cudagraph_capture_size decide the memory of CUDA graphs"},
          0,
          0,
          json_object<&W::compilation_config>},
    Entry{{OptionType::json, "speculative-config", "", "", "{}",
           "JSON; method (\"mtp\": layers of the model's own that draft) and num_speculative_tokens"},
          0,
          0,
          json_object<&W::speculative_config>},

    // What vramauto is told.
    Entry{{OptionType::choice, "engine", "", "vllm", "vllm", "engine whose arithmetic is used"}, 0, 0, choice<&W::engine>},
    Entry{
        {OptionType::text, "engine-version", "", "", "the newest known",
         "version of the engine: 0.33.0, 0.19 (its newest patch), auto (the one installed here)"},
        0,
        0,
        text_of<&W::engine_version>},
    Entry{{OptionType::choice, "method", "", "engine|rule", "engine",
           "the engine's own arithmetic, or the rule of thumb from the model's size"},
          0,
          0,
          choice<&W::method>},
    Entry{{OptionType::choice, "policy", "", "balanced|minimal|maximal", "balanced",
           "how much to take of what fits: some room for others, just enough, or all"},
          0,
          0,
          choice<&W::policy>},
    Entry{{kInteger, "sequences", "", "", "1",
           "sequences that should fit in the cache at once, all copies of the engine together: of input-len and output-len where "
           "those are given, else of max-model-len"},
          1,
          1ull << 32,
          sequences},
    Entry{{kInteger, "input-len", "", "", "not known", "usual tokens of a prompt"}, 1, kTokens, integer<&W::input_len>},
    Entry{{kInteger, "output-len", "", "", "not known", "usual tokens of an answer"}, 1, kTokens, integer<&W::output_len>},
    Entry{{OptionType::bytes, "reserve", "", "", "0; 10 % of unified memory",
           "memory to keep free on every GPU for other programs: 2GiB"},
          0,
          0,
          reserve},
    Entry{{OptionType::choice, "usage", "", "server|llm", "server",
           "vllm serve, or Python's LLM class: their default batch sizes differ"},
          0,
          0,
          choice<&W::usage>},
    Entry{{OptionType::text, "estimator", "", "", "the best match", "estimator that describes the model, by name"},
          0,
          0,
          text_of<&W::estimator>},
    Entry{{OptionType::text, "env", "", "", "",
           "NAME=VALUE of the engine's environment, may be repeated: VLLM_USE_V2_MODEL_RUNNER=0"},
          0,
          0,
          environment},
};

// Options of the engine that take no GPU memory, whatever their value; switches end in '!'.
constexpr std::string_view kNeutral =
    "additional-config aggregate-engine-logging! allow-credentials! allowed-headers allowed-local-media-path allowed-methods "
    "allowed-origins api-key api-server-count calculate-kv-scales! chat-template chat-template-content-format code-revision "
    "collect-detailed-traces config config-format cp-kv-cache-interleave-size data-parallel-address data-parallel-backend "
    "data-parallel-external-lb! data-parallel-hybrid-lb! data-parallel-rank data-parallel-rpc-port data-parallel-size-local "
    "data-parallel-start-rank dcp-kv-cache-interleave-size default-chat-template-kwargs disable-custom-all-reduce! "
    "disable-fastapi-docs! disable-frontend-multiprocessing! disable-log-requests! disable-log-stats! "
    "disable-mm-preprocessor-cache! disable-uvicorn-access-log! distributed-executor-backend download-dir "
    "enable-auto-tool-choice! enable-force-include-usage! enable-log-requests! enable-prompt-tokens-details! "
    "enable-request-id-headers! enable-server-load-tracking! enable-ssl-refresh! exclude-tools-when-tool-choice-none! "
    "generation-config guided-decoding-backend headless! hf-config-path hf-token host ignore-patterns interleave-mm-strings! "
    "kv-cache-metrics! kv-events-config kv-offloading-backend kv-offloading-size load-format log-config-file "
    "logits-processor-pattern logits-processors long-prefill-token-threshold lora-modules master-addr master-port "
    "max-cpu-loras max-log-len max-logprobs max-long-partial-prefills max-num-partial-prefills max-num-scheduled-tokens "
    "max-parallel-loading-workers max-seq-len-to-capture media-io-kwargs middleware mm-processor-cache-gb "
    "mm-processor-cache-type model-loader-extra-config nnodes node-rank num-lookahead-slots num-scheduler-steps "
    "otlp-traces-endpoint override-generation-config override-neuron-config port preemption-mode prefix-caching-hash-algo "
    "ray-workers-use-nsight! reasoning-parser response-role return-tokens-as-token-ids! revision root-path scheduler-cls "
    "scheduling-policy seed served-model-name show-hidden-metrics-for-version shutdown-timeout ssl-ca-certs ssl-certfile "
    "ssl-keyfile stream-interval structured-outputs-config swap-space tokenizer tokenizer-mode tokenizer-revision "
    "tool-call-parser tool-parser-plugin tool-server trust-remote-code! trust-request-chat-template! use-tqdm-on-load! "
    "use-v2-block-manager! uvicorn-log-level worker-cls worker-extension-cls";

// The table as a whole. Made once: so many rows of texts that differ in nothing but their name would only make the file larger.
struct Table {
  std::vector<Option> options;
  std::string names;  // of kNeutral, each with a NUL behind it: the C ABI hands them out as they are

  Table() : names(kNeutral) {
    constexpr std::string_view kHelp = "takes no GPU memory; read so that a whole command line can be given";
    for (const auto& entry : kEntries) options.push_back(entry.option);
    for (std::size_t at = 0, end = 0; at < names.size(); at = end + 1) {
      end = std::min(names.find(' ', at), names.size());
      const bool on_or_off = names[end - 1] == '!';
      names[end] = names[end - on_or_off] = '\0';
      const std::string_view name(names.data() + at, end - at - on_or_off);
      options.push_back({on_or_off ? OptionType::switch_ : OptionType::text, name, "", "", "", kHelp, false});
    }
  }
};

const Table& table() {
  static const Table kTable;
  return kTable;
}

bool same(std::string_view known, std::string_view name) {
  return known.size() == name.size() && !known.empty() &&
         std::equal(known.begin(), known.end(), name.begin(), [](char a, char b) { return a == b || (a == '-' && b == '_'); });
}

const Entry* find_entry(std::string_view name) {
  for (const auto& entry : kEntries)
    if (same(entry.option.name, name) || same(entry.option.short_name, name)) return &entry;
  return nullptr;
}

const Option* find_neutral(std::string_view name) {
  for (const auto& option : table().options)
    if (!option.takes_memory && same(option.name, name)) return &option;
  return nullptr;
}

Unexpected unknown(std::string_view name) {
  std::vector<std::string_view> names;
  for (const auto& option : table().options) names.push_back(option.name);
  const auto shown = name.substr(0, 100);
  const auto nearest = text::nearest(shown, names.data(), names.size());
  if (nearest.empty()) return fail(VRAMAUTO_E_ARGUMENT, shown, "there is no option of this name");
  return fail(VRAMAUTO_E_ARGUMENT, shown, "there is no option of this name; the nearest is {}", nearest);
}

void remember(Workload& workload, std::string_view name, Value value) {
  const auto at = std::find(workload.set_names.begin(), workload.set_names.end(), name);
  const auto of = workload.set_values.begin() + (at - workload.set_names.begin());
  const bool known = at != workload.set_names.end();
  if (value && known) {
    *of = *value;
  } else if (value) {
    workload.set_names.emplace_back(name);
    workload.set_values.emplace_back(*value);
  } else if (known) {
    workload.set_names.erase(at);
    workload.set_values.erase(of);
  }
}

}  // namespace

std::span<const Option> options() { return table().options; }

const Option* find_option(std::string_view name_or_short) {
  const auto* entry = find_entry(name_or_short);
  return entry ? &table().options[static_cast<std::size_t>(entry - kEntries.data())] : find_neutral(name_or_short);
}

Served served(const Option& option) {
  const auto* entry = find_entry(option.name);
  return entry ? entry->served : Served{};
}

namespace {

// What takes no memory: a text, or a switch that is one.
Result<void> set_neutral(Workload& workload, const Option& option, Value value) {
  const Entry entry{option};
  if (value && option.type == OptionType::switch_) TRY(parse_switch(option.name, *value));
  if (value) TRY(text_in(entry, *value));
  remember(workload, option.name, value);
  return {};
}

}  // namespace

Result<void> set(Workload& workload, std::string_view name, std::optional<std::string_view> value) {
  const auto* option = find_option(name);
  const bool negated = !option && (name.starts_with("no-") || name.starts_with("no_"));
  if (negated) option = find_option(name.substr(3));
  if (!option || (negated && option->type != OptionType::switch_)) return unknown(name);
  if (negated && value) {
    const bool off = TRY(parse_switch(name, *value));
    value = off ? "false" : "true";
  }
  const auto* entry = find_entry(option->name);
  if (!entry) return set_neutral(workload, *option, value);
  TRY(entry->target.apply(workload, *entry, value));
  remember(workload, option->name, value);
  return {};
}

}  // namespace vramauto::engine
