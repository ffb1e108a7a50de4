// Options that change memory, each on and off.
#include "engine/vllm/architectures.hpp"
#include "shipped.hpp"

using namespace shipped;

namespace {

constexpr std::string_view kLlama = R"({"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 4096,
  "intermediate_size": 14336, "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 128256,
  "max_position_embeddings": 8192, "tie_word_embeddings": false, "torch_dtype": "bfloat16"})";
constexpr std::string_view kMoe = R"({"architectures": ["Qwen3MoeForCausalLM"], "model_type": "qwen3_moe", "hidden_size": 2048,
  "intermediate_size": 6144, "moe_intermediate_size": 768, "num_hidden_layers": 48, "num_attention_heads": 32,
  "num_key_value_heads": 4, "head_dim": 128, "num_experts": 128, "num_experts_per_tok": 8, "vocab_size": 151936,
  "decoder_sparse_step": 1, "max_position_embeddings": 40960, "tie_word_embeddings": false, "torch_dtype": "bfloat16"})";
constexpr Bytes kExpert = 3ull * 2048 * 768 * 2 * 48;  // one of 128, in all layers

const engine::Component* component(const engine::Rank& rank, std::string_view name) {
  for (const auto& c : rank.components)
    if (c.name == name) return &c;
  return nullptr;
}

std::string why_not(std::string_view config, Options options) {
  const auto done = try_price(config, options);
  return done ? "priced" : done.error().where + ": " + done.error().message;
}

}  // namespace

TEST_CASE("flags: enforce-eager has no graphs, and none of what compiling takes") {
  for (const std::string_view version : {"0.7.3", "0.9.2", "0.11", "0.19", "0.29", "0.33"}) {
    CAPTURE(version);
    const auto graphs = price(kLlama, {{"engine-version", version}});
    const auto eager = price(kLlama, {{"engine-version", version}, {"enforce-eager", "true"}});
    CHECK(graphs->ranks[0].graphs.best > 0);
    CHECK(eager->ranks[0].graphs.high == 0);
    CHECK(component(eager->ranks[0], "CUDA graphs") == nullptr);
    CHECK(component(eager->ranks[0], "first compilation") == nullptr);
    CHECK(eager->ranks[0].weights.best == graphs->ranks[0].weights.best);
    CHECK(eager->bytes_per_token == graphs->bytes_per_token);
  }
}

TEST_CASE("flags: optimization levels are the engine's own, release by release") {
  const auto graphs = [](Options options) { return price(kLlama, options)->ranks[0].graphs.best; };
  CHECK(graphs({{"optimization-level", "0"}}) == 0);
  CHECK(graphs({{"O", "1"}}) > 0);
  CHECK(graphs({{"O", "1"}}) < graphs({{"O", "2"}}));
  CHECK(graphs({{"O", "3"}}) == graphs({}));
  CHECK(graphs({{"engine-version", "0.11"}, {"O", "1"}}) == 0);
  CHECK(graphs({{"engine-version", "0.11"}, {"O", "3"}}) == graphs({{"engine-version", "0.11"}}));
  CHECK(graphs({{"compilation-config", R"({"mode": 0})"}}) == 0);
  CHECK(graphs({{"compilation-config", R"({"mode": "VLLM_COMPILE"})"}}) == graphs({}));
}

TEST_CASE("flags: sizes of graphs by each of their names") {
  const auto graphs = [](Options options) { return price(kLlama, options)->ranks[0].graphs.best; };
  const auto few = graphs({{"compilation-config", R"({"cudagraph_capture_sizes": [1, 2, 4, 8]})"}});
  CHECK(few < graphs({}));
  CHECK(graphs({{"cudagraph-capture-sizes", "1,2,4,8"}}) == few);
  CHECK(graphs({{"cudagraph-capture-sizes", "1 2 4 8"}}) == few);
  CHECK(graphs({{"max-cudagraph-capture-size", "8"}}) == few);
  CHECK(graphs({{"engine-version", "0.10"}, {"cuda-graph-sizes", "8"}}) < graphs({{"engine-version", "0.10"}}));
  CHECK(why_not(kLlama, {{"engine-version", "0.13"}, {"cuda-graph-sizes", "8"}}) ==
        "cuda-graph-sizes: it exists up to vLLM 0.12, 0.13.0 was asked for");
}

TEST_CASE("flags: an option that a release has not is refused with the first that has it") {
  CHECK(why_not(kLlama, {{"engine-version", "0.9.2"}, {"decode-context-parallel-size", "1"}}) ==
        "decode-context-parallel-size: it exists from vLLM 0.10 on, 0.9.2 was asked for");
  CHECK(why_not(kMoe, {{"engine-version", "0.8.5"}, {"enable-eplb", "true"}}) ==
        "enable-eplb: it exists from vLLM 0.9 on, 0.8.5 was asked for");
  CHECK(why_not(kLlama, {{"engine-version", "0.14"}, {"mamba-cache-mode", "align"}}) ==
        "mamba-cache-mode: it exists from vLLM 0.15 on, 0.14.1 was asked for");
}

TEST_CASE("flags: ranks for prompts alone are one, from the release that has the option on") {
  CHECK(why_not(kLlama, {{"prefill-context-parallel-size", "1"}}) == "priced");
  engine::Workload asked;
  CHECK(engine::set(asked, "prefill-context-parallel-size", "2").error().message == "found \"2\", expected one of 1");
}

TEST_CASE("flags: parameters move to the host one by one, those of the first layers first") {
  const auto all = price(kLlama, {}), less = price(kLlama, {{"cpu-offload-gb", "4"}}),
             most = price(kLlama, {{"cpu-offload-gb", "100"}});
  const auto moved = all->ranks[0].weights.best - less->ranks[0].weights.best;
  CHECK(moved >= 4 * kGiB);
  CHECK(moved < 4 * kGiB + 2ull * 4096 * 28672);  // the largest parameter
  const auto left = component(most->ranks[0], "embedding")->amount.best + component(most->ranks[0], "head")->amount.best;
  CHECK(most->ranks[0].weights.best >= left);
  CHECK(most->ranks[0].weights.best < left + (16 << 20));
  CHECK(component(most->ranks[0], "layers") == nullptr);
  const auto halves = price(kLlama, {{"cpu-offload-gb", "4"}, {"tensor-parallel-size", "2"}});
  CHECK(price(kLlama, {{"tensor-parallel-size", "2"}})->ranks[1].weights.best - halves->ranks[1].weights.best >= 4 * kGiB);
}

TEST_CASE("flags: sleep mode only widens the bounds") {
  const auto plain = price(kLlama, {}), sleeps = price(kLlama, {{"enable-sleep-mode", "true"}});
  CHECK(sleeps->ranks[0].fixed().best == plain->ranks[0].fixed().best);
  CHECK(sleeps->ranks[0].fixed().high - plain->ranks[0].fixed().high == 44 << 20);
}

TEST_CASE("flags: TurboQuant packs all layers but two at each end, each in its own way") {
  const auto token = [](std::string_view dtype) { return price(kLlama, {{"kv-cache-dtype", dtype}})->bytes_per_token; };
  constexpr Bytes kPlain = 4 * 8 * 512;
  CHECK(token("turboquant_k8v4") == 28 * 8 * (128 + 64 + 4) + kPlain);
  CHECK(token("turboquant_4bit_nc") == 28 * 8 * (64 + 2 + 64 + 4) + kPlain);
  CHECK(token("turboquant_k3v4_nc") == 28 * 8 * (48 + 2 + 64 + 4) + kPlain);
  CHECK(token("turboquant_3bit_nc") == 28 * 8 * (48 + 2 + 48 + 4) + kPlain);
  CHECK(price(kLlama, {{"kv-cache-dtype", "turboquant_k8v4"}})->groups.size() == 1);
  CHECK(why_not(kLlama, {{"engine-version", "0.19"}, {"kv-cache-dtype", "turboquant_k8v4"}})
            .starts_with("kv-cache-dtype: turboquant_k8v4"));
}

TEST_CASE("flags: experts of data-parallel ranks are divided, or dealt, among all of them; the rest is whole on each") {
  const auto one = price(kMoe, {}), divided = price(kMoe, {{"data-parallel-size", "2"}});
  const auto dealt = price(kMoe, {{"data-parallel-size", "2"}, {"enable-expert-parallel", "true"}});
  const auto tensor = price(kMoe, {{"tensor-parallel-size", "2"}});
  REQUIRE(divided->ranks.size() == 2);
  CHECK(divided->ranks[0].dp == 0);
  CHECK(divided->ranks[1].dp == 1);
  CHECK(divided->ranks[1].device == 1);
  CHECK(one->ranks[0].parameter_bytes - divided->ranks[1].parameter_bytes == 64 * kExpert);
  CHECK(dealt->ranks[1].parameter_bytes - divided->ranks[1].parameter_bytes == 48 * 128 * 4);  // and a map
  CHECK(tensor->ranks[0].parameter_bytes < divided->ranks[0].parameter_bytes);
  CHECK(divided->bytes_per_token == one->bytes_per_token);
  CHECK(why_not(kMoe, {{"data-parallel-size", "5"}}) ==
        "data-parallel-size: the intermediate size 768 of experts is not divisible by 5");
}

TEST_CASE("flags: DeepEP's kernels have buffers, the others none") {
  const auto buffers = [](Options options) {
    const auto estimate = price(kMoe, options);
    const auto* found = component(estimate->ranks[0], "all-to-all buffers");
    return found ? found->amount : engine::Amount{};
  };
  constexpr std::pair<std::string_view, std::string_view> kDp{"data-parallel-size", "2"}, kEp{"enable-expert-parallel", "true"};
  CHECK(buffers({kDp, kEp}).high == 0);
  CHECK(buffers({kDp, kEp, {"all2all-backend", "allgather_reducescatter"}}).high == 0);
  CHECK(buffers({kDp, {"all2all-backend", "deepep_high_throughput"}}).high == 0);  // experts are divided
  CHECK(buffers({kDp, kEp, {"all2all-backend", "deepep_high_throughput"}}).best == kGiB);
  const auto low = buffers({kDp, kEp, {"all2all-backend", "deepep_low_latency"}, {"max-num-batched-tokens", "1024"}});
  CHECK(low.low == kGiB + 4ull * 128 * 256 * (2048 / 128 * 4 + 2 * 2048));
  CHECK(low.best == kGiB + 4ull * 128 * 1024 * (2048 / 128 * 4 + 2 * 2048));
  CHECK(buffers({kDp, kEp, {"engine-version", "0.10"}, {"env", "VLLM_ALL2ALL_BACKEND=deepep_high_throughput"}}).best == kGiB);
}

TEST_CASE("flags: balancing keeps more experts than there are, and counts their use") {
  const auto plain = price(kMoe, {{"tensor-parallel-size", "4"}, {"enable-expert-parallel", "true"}});
  const auto balanced = price(kMoe, {{"tensor-parallel-size", "4"},
                                     {"enable-expert-parallel", "true"},
                                     {"enable-eplb", "true"},
                                     {"eplb-config", R"({"num_redundant_experts": 8, "window_size": 100})"}});
  CHECK(balanced->ranks[0].parameter_bytes - plain->ranks[0].parameter_bytes == 2 * kExpert);  // 34 of 136 for 32 of 128
  const auto* counts = component(balanced->ranks[0], "expert balancing");
  REQUIRE(counts);
  CHECK(counts->amount.low == 100ull * 48 * 136 * 4);
  CHECK(counts->amount.best == counts->amount.low + 34 * kExpert / 48);
  CHECK(why_not(kMoe, {{"enable-eplb", "true"}}).starts_with("enable-eplb: enable_expert_parallel must be True"));
}

TEST_CASE("flags: shared experts are whole where tokens are spread before the experts") {
  using engine::vllm::has_whole_shared_experts;
  CHECK(has_whole_shared_experts("DeepseekV3ForCausalLM", {0, 11, 0}));
  CHECK_FALSE(has_whole_shared_experts("DeepseekV3ForCausalLM", {0, 10, 2}));
  CHECK_FALSE(has_whole_shared_experts("Qwen3NextForCausalLM", {0, 19, 1}));
  CHECK(has_whole_shared_experts("Qwen3NextForCausalLM", {0, 20, 0}));
  CHECK_FALSE(has_whole_shared_experts("Glm4MoeForCausalLM", {0, 33, 0}));
}

TEST_CASE("flags: adapters divided like their layers take less on each rank") {
  const auto room = [](Options options) { return component(price(kLlama, options)->ranks[0], "LoRA adapters")->amount.low; };
  const Options whole = {{"enable-lora", "true"}, {"tensor-parallel-size", "2"}};
  const Options divided = {{"enable-lora", "true"}, {"tensor-parallel-size", "2"}, {"fully-sharded-loras", "true"}};
  CHECK(2 * room(divided) == room({{"enable-lora", "true"}}));
  CHECK(room(divided) < room(whole));
  CHECK(why_not(kLlama,
                {{"enable-lora", "true"}, {"tensor-parallel-size", "2"}, {"fully-sharded-loras", "true"}, {"max-lora-rank", "1"}})
            .starts_with("fully-sharded-loras: 1 is not divisible by 2"));
}

TEST_CASE("flags: named layers keep the model's numbers in their cache") {
  const auto fp8 = price(kLlama, {{"kv-cache-dtype", "fp8"}})->bytes_per_token;
  CHECK(price(kLlama, {{"kv-cache-dtype", "fp8"}, {"kv-cache-dtype-skip-layers", "0,5, 31"}})->bytes_per_token ==
        fp8 + 3 * 8 * 256);
  CHECK(price(kLlama, {{"kv-cache-dtype", "fp8"}, {"kv-cache-dtype-skip-layers", "sliding_window"}})->bytes_per_token == fp8);
}

TEST_CASE("flags: performance modes change the default batch, or the graphs") {
  const auto plain = price(kLlama, {}), wide = price(kLlama, {{"performance-mode", "throughput"}});
  CHECK(wide->effective.max_num_seqs == 2 * plain->effective.max_num_seqs);
  CHECK(wide->effective.max_num_batched_tokens == 2 * plain->effective.max_num_batched_tokens);
  CHECK(price(kLlama, {{"performance-mode", "interactivity"}})->ranks[0].graphs.best > plain->ranks[0].graphs.best);
}

TEST_CASE("flags: memory for items of other processes comes out of the cache's") {
  const auto plain = price(kLlama, {}), kept = price(kLlama, {{"mm-ipc-gpu-memory-gb", "1.5"}});
  CHECK(kept->ranks[0].fixed().best - plain->ranks[0].fixed().best == kGiB * 3 / 2);
}

TEST_CASE("flags: without the hybrid manager windows are kept in full") {
  constexpr std::string_view kGemma = R"({"architectures": ["Gemma3ForCausalLM"], "model_type": "gemma3_text", "hidden_size": 1152,
    "intermediate_size": 6912, "num_hidden_layers": 26, "num_attention_heads": 4, "num_key_value_heads": 1, "head_dim": 256,
    "vocab_size": 262144, "sliding_window": 512, "sliding_window_pattern": 6, "max_position_embeddings": 32768,
    "torch_dtype": "bfloat16"})";
  const auto groups = price(kGemma, {}), one = price(kGemma, {{"disable-hybrid-kv-cache-manager", "true"}});
  CHECK(groups->groups.size() > 1);
  CHECK(one->groups.size() == 1);
  CHECK(one->groups[0].layers == 26);
}
