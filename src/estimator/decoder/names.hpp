// How checkpoints of plain decoders name their tensors. Source: transformers 5.24, models/<family>; vLLM 0.19.1,
// model_executor/models, for classes that transformers does not have.
#pragma once

#include "estimator/decoder/family.hpp"

namespace vramauto::estimator {

constexpr Names kLlama{
    "model.embed_tokens", "model.layers.*.", "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj",
    "self_attn.o_proj",   "mlp.gate_proj",   "mlp.up_proj",      "mlp.down_proj",    "input_layernorm post_attention_layernorm",
    "model.norm",         "lm_head"};

// kLlama with other parts.
constexpr Names with_norms(Names names, std::string_view norms) { return names.norms = norms, names; }
constexpr Names with_attention(Names names, std::string_view qkv, std::string_view o) {
  names.q = names.k = names.v = qkv;
  names.o = o;
  return names;
}
constexpr Names with_mlp(Names names, std::string_view gate, std::string_view up, std::string_view down) {
  names.gate = gate;
  names.up = up;
  names.down = down;
  return names;
}
constexpr Names with_ends(Names names, std::string_view embed, std::string_view layer, std::string_view norm,
                          std::string_view head) {
  names.embed = embed;
  names.layer = layer;
  names.final_norm = norm;
  names.head = head;
  return names;
}

constexpr auto kGemma2Norms =
    with_norms(kLlama, "input_layernorm post_attention_layernorm pre_feedforward_layernorm post_feedforward_layernorm");
constexpr auto kGlm4 =
    with_mlp(with_norms(kLlama, "input_layernorm post_attention_layernorm post_self_attn_layernorm post_mlp_layernorm"),
             "mlp.gate_up_proj", "mlp.gate_up_proj", "mlp.down_proj");
constexpr auto kGlm = with_mlp(kLlama, "mlp.gate_up_proj", "mlp.gate_up_proj", "mlp.down_proj");
constexpr auto kPostNorms = with_norms(kLlama, "post_attention_layernorm post_feedforward_layernorm");
constexpr auto kOneNorm = with_norms(kLlama, "input_layernorm");
constexpr auto kNoNorms = with_norms(kLlama, "");
constexpr auto kApertus = with_norms(kLlama, "attention_layernorm feedforward_layernorm");
constexpr auto kPangu =
    with_norms(kLlama, "input_layernorm post_attention_layernorm pre_mlp_layernorm?sandwich_norm post_mlp_layernorm?sandwich_norm");
constexpr auto kHyper =
    with_norms(kLlama, "input_layernorm post_attention_layernorm post_norm1?use_post_norm post_norm2?use_post_norm");
constexpr auto kPhi3 = with_mlp(with_attention(kLlama, "self_attn.qkv_proj", "self_attn.o_proj"), "mlp.gate_up_proj",
                                "mlp.gate_up_proj", "mlp.down_proj");
constexpr auto kBaichuan = with_attention(kLlama, "self_attn.W_pack", "self_attn.o_proj");
constexpr auto kSharedMlp = with_mlp(kLlama, "shared_mlp.input_linear", "shared_mlp.input_linear", "shared_mlp.output_linear");
constexpr auto kStarcoder2 = with_mlp(kLlama, "", "mlp.c_fc", "mlp.c_proj");
constexpr auto kPlamo3 = with_norms(kPhi3, "pre_mixer_norm post_mixer_norm pre_mlp_norm post_mlp_norm");

constexpr Names kPhi{"model.embed_tokens",
                     "model.layers.*.",
                     "self_attn.q_proj",
                     "self_attn.k_proj",
                     "self_attn.v_proj",
                     "self_attn.dense",
                     "",
                     "mlp.fc1",
                     "mlp.fc2",
                     "input_layernorm",
                     "model.final_layernorm",
                     "lm_head"};
constexpr auto kPersimmon = with_mlp(with_ends(with_attention(kLlama, "self_attn.query_key_value", "self_attn.dense"),
                                               "model.embed_tokens", "model.layers.*.", "model.final_layernorm", "lm_head"),
                                     "", "mlp.dense_h_to_4h", "mlp.dense_4h_to_h");
constexpr Names kFalcon{"transformer.word_embeddings",
                        "transformer.h.*.",
                        "self_attention.query_key_value",
                        "self_attention.query_key_value",
                        "self_attention.query_key_value",
                        "self_attention.dense",
                        "",
                        "mlp.dense_h_to_4h",
                        "mlp.dense_4h_to_h",
                        "input_layernorm post_attention_layernorm",
                        "transformer.ln_f",
                        "lm_head"};
constexpr auto kChatGlm = with_ends(with_mlp(kFalcon, "mlp.dense_h_to_4h", "mlp.dense_h_to_4h", "mlp.dense_4h_to_h"),
                                    "transformer.embedding.word_embeddings", "transformer.encoder.layers.*.",
                                    "transformer.encoder.final_layernorm", "transformer.output_layer");
constexpr Names kGpt2{"wte", "h.*.",     "attn.c_attn", "attn.c_attn", "attn.c_attn", "attn.c_proj",
                      "",    "mlp.c_fc", "mlp.c_proj",  "ln_1 ln_2",   "ln_f",        "lm_head"};
constexpr auto kBigCode = with_ends(kGpt2, "transformer.wte", "transformer.h.*.", "transformer.ln_f", "lm_head");
constexpr auto kQwen = with_mlp(kBigCode, "mlp.w2", "mlp.w1", "mlp.c_proj");
constexpr Names kGptJ{"transformer.wte", "transformer.h.*.", "attn.q_proj", "attn.k_proj",      "attn.v_proj", "attn.out_proj", "",
                      "mlp.fc_in",       "mlp.fc_out",       "ln_1",        "transformer.ln_f", "lm_head"};
constexpr Names kNeoX{"gpt_neox.embed_in",
                      "gpt_neox.layers.*.",
                      "attention.query_key_value",
                      "attention.query_key_value",
                      "attention.query_key_value",
                      "attention.dense",
                      "",
                      "mlp.dense_h_to_4h",
                      "mlp.dense_4h_to_h",
                      "input_layernorm post_attention_layernorm",
                      "gpt_neox.final_layer_norm",
                      "embed_out"};
constexpr Names kOpt{"model.decoder.embed_tokens",
                     "model.decoder.layers.*.",
                     "self_attn.q_proj",
                     "self_attn.k_proj",
                     "self_attn.v_proj",
                     "self_attn.out_proj",
                     "",
                     "fc1",
                     "fc2",
                     "self_attn_layer_norm final_layer_norm",
                     "model.decoder.final_layer_norm",
                     "lm_head"};
constexpr Names kMpt{
    "transformer.wte", "transformer.blocks.*.", "attn.Wqkv",     "attn.Wqkv",          "attn.Wqkv", "attn.out_proj", "",
    "ffn.up_proj",     "ffn.down_proj",         "norm_1 norm_2", "transformer.norm_f", "lm_head"};
constexpr Names kInternLm2{
    "model.tok_embeddings", "model.layers.*.", "attention.wqkv",  "attention.wqkv",          "attention.wqkv", "attention.wo",
    "feed_forward.w1",      "feed_forward.w3", "feed_forward.w2", "attention_norm ffn_norm", "model.norm",     "output"};
constexpr Names kExaone{"transformer.wte",
                        "transformer.h.*.",
                        "attn.attention.q_proj",
                        "attn.attention.k_proj",
                        "attn.attention.v_proj",
                        "attn.attention.out_proj",
                        "mlp.c_fc_0",
                        "mlp.c_fc_1",
                        "mlp.c_proj",
                        "ln_1 ln_2",
                        "transformer.ln_f",
                        "lm_head"};
constexpr Names kTeleChat{"transformer.word_embeddings",
                          "transformer.h.*.",
                          "self_attention.query",
                          "self_attention.key_value",
                          "self_attention.key_value",
                          "self_attention.dense",
                          "mlp.gate_proj",
                          "mlp.up_proj",
                          "mlp.down_proj",
                          "input_layernorm post_attention_layernorm",
                          "transformer.ln_f",
                          "transformer.lm_head"};

}  // namespace vramauto::estimator
