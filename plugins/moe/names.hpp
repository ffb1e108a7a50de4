// How checkpoints name the tensors of these families. Source: the load_weights of vLLM 0.33 and 0.19.1, model_executor/models.
#pragma once

#include "estimator/decoder/experts.hpp"
#include "estimator/decoder/names.hpp"

namespace vramauto::moe {

using estimator::ExpertNames;

constexpr ExpertNames kPlain{};
constexpr ExpertNames with_routed(ExpertNames names, std::string_view gate, std::string_view up, std::string_view down) {
  names.gate = gate;
  names.up = up;
  names.down = down;
  return names;
}
constexpr ExpertNames with_shared(ExpertNames names, std::string_view gate, std::string_view up, std::string_view down) {
  names.shared_gate = gate;
  names.shared_up = up;
  names.shared_down = down;
  return names;
}
constexpr ExpertNames with_router(ExpertNames names, std::string_view router, std::string_view correction = {}) {
  names.router = router;
  if (!correction.empty()) names.correction = correction;
  return names;
}

constexpr auto kOneShared =
    with_shared(kPlain, "mlp.shared_expert.gate_proj", "mlp.shared_expert.up_proj", "mlp.shared_expert.down_proj");
constexpr auto kMixtral = with_router(
    with_routed(kPlain, "block_sparse_moe.experts.*.w1", "block_sparse_moe.experts.*.w3", "block_sparse_moe.experts.*.w2"),
    "block_sparse_moe.gate", "block_sparse_moe.e_score_correction_bias");
constexpr auto kGranite = with_shared(with_router(with_routed(kPlain, "block_sparse_moe.input_linear",
                                                              "block_sparse_moe.input_linear", "block_sparse_moe.output_linear"),
                                                  "block_sparse_moe.router.layer"),
                                      "shared_mlp.input_linear", "shared_mlp.input_linear", "shared_mlp.output_linear");
constexpr auto kDbrxExperts =
    with_router(with_routed(kPlain, "ffn.experts.mlp.w1", "ffn.experts.mlp.v1", "ffn.experts.mlp.w2"), "ffn.router.layer");
constexpr auto kOssExperts =
    with_router(with_routed(kPlain, "mlp.experts.gate_up_proj", "mlp.experts.gate_up_proj", "mlp.experts.down_proj"), "mlp.router");
constexpr auto kAfmoeExperts = with_router(kPlain, "mlp.router.gate", "mlp.expert_bias");
constexpr auto kLagunaExperts = with_router(kOneShared, "mlp.gate", "mlp.experts.e_score_correction_bias");
constexpr auto kErnieExperts = with_router(kPlain, "mlp.gate", "mlp.moe_statics.e_score_correction_bias");
constexpr auto kLlama4Experts = with_shared(
    with_router(with_routed(kPlain, "feed_forward.experts.gate_up_proj", "feed_forward.experts.gate_up_proj",
                            "feed_forward.experts.down_proj"),
                "feed_forward.router"),
    "feed_forward.shared_expert.gate_proj", "feed_forward.shared_expert.up_proj", "feed_forward.shared_expert.down_proj");

constexpr auto kAfmoe =
    estimator::with_norms(estimator::kLlama, "input_layernorm post_attention_layernorm pre_mlp_layernorm post_mlp_layernorm");
constexpr auto kLlama4 =
    estimator::with_mlp(estimator::kLlama, "feed_forward.gate_proj", "feed_forward.up_proj", "feed_forward.down_proj");
constexpr estimator::Names kDbrx{"transformer.wte",
                                 "transformer.blocks.*.",
                                 "norm_attn_norm.attn.Wqkv",
                                 "norm_attn_norm.attn.Wqkv",
                                 "norm_attn_norm.attn.Wqkv",
                                 "norm_attn_norm.attn.out_proj",
                                 "",
                                 "",
                                 "",
                                 "norm_attn_norm.norm_1 norm_attn_norm.norm_2",
                                 "transformer.norm_f",
                                 "lm_head"};

}  // namespace vramauto::moe
