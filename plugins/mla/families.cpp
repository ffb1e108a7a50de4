// Sources: vLLM 0.33 and 0.19.1, model_executor/models: deepseek_v2.py (DeepseekV2, V3, V32, GLM-5; in 0.33 also
// vllm/models/deepseek_v32), glm4_moe_lite.py, mistral_large_3.py, AXK1.py, openpangu.py, sarvam.py, minicpm3.py, longcat_flash.py.
#include "estimator/decoder/names.hpp"
#include "latent.hpp"

namespace vramauto::mla {
namespace {

using estimator::ExpertKeys;
using estimator::ExpertNames;
using estimator::kLlama;
using estimator::Tie;

constexpr ExpertNames kExperts{};
constexpr auto kPangu = estimator::with_norms(
    kLlama, "input_layernorm post_attention_layernorm pre_mlp_layernorm?sandwich_norm post_mlp_layernorm?sandwich_norm");
constexpr auto kAfterMlp = estimator::with_norms(kLlama, "input_layernorm post_attention_layernorm post_mlp_layernorm");

constexpr auto kLing = estimator::with_ends(kLlama, "model.word_embeddings", "model.layers.*.", "model.norm", "lm_head");
constexpr ExpertNames kLingExperts{.correction = "mlp.gate.expert_bias"};

constexpr auto kLongcat =
    estimator::with_norms(estimator::with_mlp(kLlama, "mlps.0.gate_proj", "mlps.0.up_proj", "mlps.0.down_proj"),
                          "input_layernorm.0 input_layernorm.1 post_attention_layernorm.0 post_attention_layernorm.1");
constexpr ExpertNames kLongcatExperts{.router = {}};

constexpr ExpertKeys kRouted{.count = "n_routed_experts", .shared_count = "n_shared_experts"};

constexpr Latent kLatents[] = {
    {.decoder = {.architectures = "DeepseekV2ForCausalLM DeepseekV3ForCausalLM DeepseekV32ForCausalLM GlmMoeDsaForCausalLM "
                                  "MistralLarge3ForCausalLM",
                 .names = &kLlama,
                 .head_dim_key = false,
                 .tie = Tie::never},
     .names = &kExperts,
     .keys = kRouted,
     .correction = Correction::noaux},
    {.decoder = {.architectures = "Glm4MoeLiteForCausalLM", .names = &kLlama, .head_dim_key = false, .tie = Tie::never},
     .names = &kExperts,
     .keys = kRouted,
     .experts = {.router_dtype = VRAMAUTO_F32},
     .correction = Correction::always},
    {.decoder = {.architectures = "AXK1ForCausalLM", .names = &kAfterMlp, .head_dim_key = false, .tie = Tie::never},
     .names = &kExperts,
     .keys = kRouted,
     .sparse = Sparse::listed,
     .correction = Correction::noaux_if_missing},
    {.decoder = {.architectures = "PanguUltraMoEForCausalLM", .names = &kPangu, .head_dim_key = false},
     .names = &kExperts,
     .keys = kRouted,
     .sparse = Sparse::first_only,
     .correction = Correction::key,
     .correction_key = "router_enable_expert_bias",
     .table = Table::plain},
    {.decoder = {.architectures = "SarvamMLAForCausalLM", .names = &kLlama, .head_dim_key = false},
     .names = &kExperts,
     .keys = {.count = "num_experts", .shared_count = "num_shared_experts"},
     .sparse = Sparse::from_first,
     .first_default = 1,
     .correction = Correction::key,
     .correction_key = "+moe_router_enable_expert_bias",
     .table = Table::stated,
     .shared_each = "moe_shared_expert_intermediate_size",
     .fused = false},
    {.decoder = {.architectures = "BailingMoeV2_5ForCausalLM", .names = &kLing, .mlp_bias = "use_bias", .head_dim_key = false},
     .names = &kLingExperts,
     .keys = {.count = "num_experts", .shared_count = "num_shared_experts"},
     .experts = {.router_dtype = VRAMAUTO_F32},
     .sparse = Sparse::first_only,
     .correction = Correction::key,
     .correction_key = "moe_router_enable_expert_bias",
     .table = Table::whole,
     .mixer = "attention.",
     .output = "dense",
     .shared_each = "moe_shared_expert_intermediate_size",
     .linear = Linear::lightning},
    {.decoder = {.architectures = "BailingMoeV3ForCausalLM", .names = &kLing, .mlp_bias = "use_bias", .head_dim_key = false},
     .names = &kLingExperts,
     .keys = {.count = "num_experts", .shared_count = "num_shared_experts"},
     .experts = {.router_dtype = VRAMAUTO_F32},
     .sparse = Sparse::first_only,
     .correction = Correction::always,
     .table = Table::whole,
     .mixer = "attention.",
     .output = "dense",
     .gate_key = "gated_attention_proj_granularity_type",
     .shared_each = "moe_shared_expert_intermediate_size",
     .linear = Linear::delta},
    {.decoder = {.architectures = "Glm5NextForCausalLM", .names = &kLlama, .head_dim_key = false, .tie = Tie::never},
     .names = &kExperts,
     .keys = kRouted,
     .sparse = Sparse::listed,
     .first_default = 3,
     .correction = Correction::noaux,
     .linear = Linear::low_rank,
     .unquantised = true,
     .pools = true,
     .streams = true},
    {.decoder = {.architectures = "LongcatFlashForCausalLM LongcatFlashNgramForCausalLM",
                 .names = &kLongcat,
                 .head_dim_key = false,
                 .tie = Tie::never},
     .names = &kLongcatExperts,
     .keys = {.count = "n_routed_experts",
              .per_token = "moe_topk|num_experts_per_tok",
              .width = "expert_ffn_hidden_size|moe_intermediate_size"},
     .sparse = Sparse::all,
     .twice = true},
    {.decoder = {.architectures = "MiniCPM3ForCausalLM", .names = &kLlama, .head_dim_key = false},
     .table = Table::stated,
     .fused = false,
     .expands = true},
};

}  // namespace

const Latent* find_latent(std::string_view architecture) {
  if (architecture.empty()) return nullptr;
  for (const auto& latent : kLatents)
    if (estimator::has_word(latent.decoder.architectures, architecture)) return &latent;
  return nullptr;
}

}  // namespace vramauto::mla
