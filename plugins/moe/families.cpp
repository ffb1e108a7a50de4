// Sources: vLLM 0.33 and 0.19.1, model_executor/models/<family>.py.
#include "mixture.hpp"
#include "names.hpp"

namespace vramauto::moe {
namespace {

using estimator::kLlama;
using estimator::Norm;
using estimator::QkNorm;
using estimator::Tie;
using estimator::Width;
using estimator::Windows;

constexpr estimator::ExpertKeys kLocal{.count = "num_local_experts", .width = "intermediate_size"};

constexpr Mixture kMixtures[] = {
    {.decoder = {.architectures = "Qwen3MoeForCausalLM",
                 .names = &kLlama,
                 .qkv_bias = "attention_bias",
                 .qk_norm = QkNorm::head_rms,
                 .window_needs_switch = true},
     .names = &kOneShared,
     .keys = {.shared_width = "shared_expert_intermediate_size"},
     .sparse = Sparse::step},
    {.decoder = {.architectures = "Qwen2MoeForCausalLM",
                 .names = &kLlama,
                 .qkv_bias = "always",
                 .head_dim_key = false,
                 .window_needs_switch = true},
     .names = &kOneShared,
     .keys = {.shared_width = "shared_expert_intermediate_size"},
     .experts = {.has_switch = true},
     .sparse = Sparse::step},
    {.decoder = {.architectures = "MixtralForCausalLM", .names = &kLlama}, .names = &kMixtral, .keys = kLocal},
    {.decoder = {.architectures = "PhiMoEForCausalLM",
                 .names = &kLlama,
                 .norm = Norm::layer,
                 .qkv_bias = "always",
                 .o_bias = "always",
                 .head_bias = "always",
                 .tie = Tie::never},
     .names = &kMixtral,
     .keys = kLocal},
    {.decoder = {.architectures = "GraniteMoeForCausalLM GraniteMoeSharedForCausalLM GraniteMoeSWAForCausalLM",
                 .names = &kLlama,
                 .head_dim_key = false,
                 .windows = Windows::by_type},
     .names = &kGranite,
     .keys = {.count = "num_local_experts", .width = "intermediate_size", .shared_width = "shared_intermediate_size"},
     .sinks = "attention_sinks",
     .typed_sinks = true},
    {.decoder = {.architectures = "DbrxForCausalLM",
                 .names = &kDbrx,
                 .norm = Norm::layer_without_bias,
                 .kv = estimator::KvHeads::query,
                 .width = Width::none,
                 .head_dim_key = false,
                 .tie = Tie::never},
     .names = &kDbrxExperts,
     .keys = {.count = "ffn_config/moe_num_experts", .per_token = "ffn_config/moe_top_k", .width = "ffn_config/ffn_hidden_size"},
     .heads = Heads::nested},
    {.decoder = {.architectures = "OlmoeForCausalLM",
                 .names = &kLlama,
                 .head_dim_key = false,
                 .qk_norm = QkNorm::full_rms,
                 .tie = Tie::never},
     .names = &kPlain,
     .keys = {.width = "intermediate_size"}},
    {.decoder =
         {.architectures = "DeepseekForCausalLM DeepseekV2ForCausalLM", .names = &kLlama, .head_dim_key = false, .tie = Tie::never},
     .names = &kPlain,
     .keys = {.count = "n_routed_experts", .shared_count = "n_shared_experts"},
     .sparse = Sparse::dense_first},
    {.decoder =
         {.architectures = "GptOssForCausalLM", .names = &kLlama, .qkv_bias = "always", .o_bias = "always", .tie = Tie::never},
     .names = &kOssExperts,
     .keys = kLocal,
     .experts = {.bias = true, .router_bias = true},
     .sight = Sight::even_slides,
     .table_float32 = true,
     .sinks = "always"},
    {.decoder = {.architectures = "MiMoV2FlashForCausalLM MiMoV2ForCausalLM",
                 .names = &kLlama,
                 .qkv_bias = "attention_bias",
                 .tie = Tie::never},
     .names = &kPlain,
     .keys = {.count = "n_routed_experts"},
     .experts = {.router_dtype = VRAMAUTO_F32},
     .correction = "always",
     .sparse = Sparse::marked,
     .sight = Sight::pattern,
     .heads = Heads::swa,
     .tables = Tables::two,
     .sinks = "add_full_attention_sink_bias",
     .sliding_sinks = "add_swa_attention_sink_bias",
     .sinks_name = "self_attn.attention_sink_bias"},
    {.decoder = {.architectures = "LagunaForCausalLM",
                 .names = &kLlama,
                 .qkv_bias = "attention_bias",
                 .o_bias = "attention_bias",
                 .qk_norm = QkNorm::head_rms,
                 .windows = Windows::by_type},
     .names = &kLagunaExperts,
     .keys = {.shared_width = "shared_expert_intermediate_size"},
     .correction = "always",
     .sparse = Sparse::typed,
     .heads = Heads::per_layer,
     .tables = Tables::by_kind,
     .gate = Gate::keyed,
     .gate_name = "self_attn.g_proj",
     .sliding_sinks = "swa_attention_sink_enabled",
     .sinks_name = "self_attn.sink"},
    {.decoder = {.architectures = "AfmoeForCausalLM",
                 .names = &kAfmoe,
                 .qk_norm = QkNorm::head_rms,
                 .tie = Tie::never,
                 .windows = Windows::by_type},
     .names = &kAfmoeExperts,
     .keys = {.shared_count = "num_shared_experts"},
     .experts = {.router_dtype = VRAMAUTO_F32},
     .correction = "always",
     .sparse = Sparse::dense_first,
     .first = "num_dense_layers",
     .sight = Sight::global_every,
     .tables = Tables::sliding,
     .gate = Gate::channel},
};

bool has_word(std::string_view words, std::string_view wanted) {
  while (!words.empty()) {
    const auto end = words.find(' ');
    if (words.substr(0, end) == wanted) return true;
    words = end == std::string_view::npos ? std::string_view() : words.substr(end + 1);
  }
  return false;
}

}  // namespace

const Mixture* find_mixture(std::string_view architecture) {
  if (architecture.empty()) return nullptr;
  for (const auto& mixture : kMixtures)
    if (has_word(mixture.decoder.architectures, architecture)) return &mixture;
  return nullptr;
}

}  // namespace vramauto::moe
