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
constexpr auto kBailingExperts = with_router(kPlain, "mlp.gate", "mlp.gate.expert_bias");
constexpr auto kExaoneExperts = with_router(kPlain, "mlp.gate", "mlp.e_score_correction_bias");
constexpr auto kHyExperts = with_shared(with_router(kPlain, "mlp.router.gate", "mlp.expert_bias"), "mlp.shared_mlp.gate_proj",
                                        "mlp.shared_mlp.up_proj", "mlp.shared_mlp.down_proj");
constexpr auto kHunYuanExperts = with_shared(with_router(kPlain, "mlp.gate.wg"), "mlp.shared_mlp.gate_proj",
                                             "mlp.shared_mlp.up_proj", "mlp.shared_mlp.down_proj");
constexpr auto kStepExperts =
    with_shared(with_router(with_routed(kPlain, "moe.gate_proj", "moe.up_proj", "moe.down_proj"), "moe.gate", "moe.router_bias"),
                "share_expert.gate_proj", "share_expert.up_proj", "share_expert.down_proj");
constexpr auto kGrokExperts =
    with_router(with_routed(kPlain, "moe_block.experts.*.linear", "moe_block.experts.*.linear_v", "moe_block.experts.*.linear_1"),
                "moe_block.gate");
constexpr auto kM3Experts = with_shared(kMixtral, "block_sparse_moe.shared_experts.gate_proj",
                                        "block_sparse_moe.shared_experts.up_proj", "block_sparse_moe.shared_experts.down_proj");
constexpr auto kLlama4Experts = with_shared(
    with_router(with_routed(kPlain, "feed_forward.experts.gate_up_proj", "feed_forward.experts.gate_up_proj",
                            "feed_forward.experts.down_proj"),
                "feed_forward.router"),
    "feed_forward.shared_expert.gate_proj", "feed_forward.shared_expert.up_proj", "feed_forward.shared_expert.down_proj");

constexpr auto kAfmoe =
    estimator::with_norms(estimator::kLlama, "input_layernorm post_attention_layernorm pre_mlp_layernorm post_mlp_layernorm");
constexpr auto kGlimmer = estimator::with_norms(
    estimator::kLlama, "input_layernorm post_attention_layernorm pre_feedforward_layernorm post_feedforward_layernorm");
constexpr auto kLlama4 =
    estimator::with_mlp(estimator::kLlama, "feed_forward.gate_proj", "feed_forward.up_proj", "feed_forward.down_proj");
constexpr auto kBailing =
    estimator::with_ends(estimator::with_attention(estimator::kLlama, "attention.query_key_value", "attention.dense"),
                         "model.word_embeddings", "model.layers.*.", "model.norm", "lm_head");
constexpr estimator::Names kGrok{"model.embed_tokens", "model.layers.*.",
                                 "attn.q_proj",        "attn.k_proj",
                                 "attn.v_proj",        "attn.o_proj",
                                 "mlp.gate_proj",      "mlp.up_proj",
                                 "mlp.down_proj",      "pre_attn_norm post_attn_norm pre_moe_norm post_moe_norm",
                                 "model.norm",         "lm_head"};
constexpr auto kArctic =
    estimator::with_mlp(estimator::kLlama, "block_sparse_moe.mlp.w1", "block_sparse_moe.mlp.w3", "block_sparse_moe.mlp.w2");
constexpr auto kArcticResidual = estimator::with_norms(
    estimator::with_mlp(estimator::kLlama, "residual_mlp.w1", "residual_mlp.w3", "residual_mlp.w2"), "residual_layernorm");
constexpr auto kGrokResidual = estimator::with_norms(estimator::kLlama, "");
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
