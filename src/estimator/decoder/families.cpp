// Sources: vLLM 0.33 and 0.19.1, model_executor/models/<family>.py, for what is built; transformers 5.24, models/<family>, for
// names and for families that vLLM serves through it.
#include "estimator/decoder/family.hpp"

namespace vramauto::estimator {
namespace {

constexpr Names kLlama{"model.embed_tokens", "model.layers.*.", "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj",
                       "self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj",
                       "input_layernorm post_attention_layernorm", "model.norm", "lm_head"};

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
constexpr Names with_ends(Names names, std::string_view embed, std::string_view layer, std::string_view norm, std::string_view head) {
  names.embed = embed;
  names.layer = layer;
  names.final_norm = norm;
  names.head = head;
  return names;
}

constexpr auto kGemma2Norms = with_norms(
    kLlama, "input_layernorm post_attention_layernorm pre_feedforward_layernorm post_feedforward_layernorm");
constexpr auto kGlm4 = with_mlp(
    with_norms(kLlama, "input_layernorm post_attention_layernorm post_self_attn_layernorm post_mlp_layernorm"), "mlp.gate_up_proj",
    "mlp.gate_up_proj", "mlp.down_proj");
constexpr auto kGlm = with_mlp(kLlama, "mlp.gate_up_proj", "mlp.gate_up_proj", "mlp.down_proj");
constexpr auto kPostNorms = with_norms(kLlama, "post_attention_layernorm post_feedforward_layernorm");
constexpr auto kOneNorm = with_norms(kLlama, "input_layernorm");
constexpr auto kNoNorms = with_norms(kLlama, "");
constexpr auto kApertus = with_norms(kLlama, "attention_layernorm feedforward_layernorm");
constexpr auto kPangu = with_norms(
    kLlama, "input_layernorm post_attention_layernorm pre_mlp_layernorm?sandwich_norm post_mlp_layernorm?sandwich_norm");
constexpr auto kHyper = with_norms(kLlama, "input_layernorm post_attention_layernorm post_norm1?use_post_norm post_norm2?use_post_norm");
constexpr auto kPhi3 = with_mlp(with_attention(kLlama, "self_attn.qkv_proj", "self_attn.o_proj"), "mlp.gate_up_proj", "mlp.gate_up_proj",
                                "mlp.down_proj");
constexpr auto kBaichuan = with_attention(kLlama, "self_attn.W_pack", "self_attn.o_proj");
constexpr auto kSharedMlp = with_mlp(kLlama, "shared_mlp.input_linear", "shared_mlp.input_linear", "shared_mlp.output_linear");
constexpr auto kStarcoder2 = with_mlp(kLlama, "", "mlp.c_fc", "mlp.c_proj");
constexpr auto kPlamo3 = with_norms(kPhi3, "pre_mixer_norm post_mixer_norm pre_mlp_norm post_mlp_norm");

constexpr Names kPhi{"model.embed_tokens", "model.layers.*.", "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj",
                     "self_attn.dense", "", "mlp.fc1", "mlp.fc2", "input_layernorm", "model.final_layernorm", "lm_head"};
constexpr auto kPersimmon = with_mlp(
    with_ends(with_attention(kLlama, "self_attn.query_key_value", "self_attn.dense"), "model.embed_tokens", "model.layers.*.",
              "model.final_layernorm", "lm_head"), "", "mlp.dense_h_to_4h", "mlp.dense_4h_to_h");
constexpr Names kFalcon{"transformer.word_embeddings", "transformer.h.*.", "self_attention.query_key_value",
                        "self_attention.query_key_value", "self_attention.query_key_value", "self_attention.dense", "",
                        "mlp.dense_h_to_4h", "mlp.dense_4h_to_h", "input_layernorm post_attention_layernorm", "transformer.ln_f", "lm_head"};
constexpr auto kChatGlm = with_ends(with_mlp(kFalcon, "mlp.dense_h_to_4h", "mlp.dense_h_to_4h", "mlp.dense_4h_to_h"),
                                    "transformer.embedding.word_embeddings", "transformer.encoder.layers.*.",
                                    "transformer.encoder.final_layernorm", "transformer.output_layer");
constexpr Names kGpt2{"wte", "h.*.", "attn.c_attn", "attn.c_attn", "attn.c_attn", "attn.c_proj", "", "mlp.c_fc", "mlp.c_proj", "ln_1 ln_2",
                      "ln_f", "lm_head"};
constexpr auto kBigCode = with_ends(kGpt2, "transformer.wte", "transformer.h.*.", "transformer.ln_f", "lm_head");
constexpr auto kQwen = with_mlp(kBigCode, "mlp.w2", "mlp.w1", "mlp.c_proj");
constexpr Names kGptJ{"transformer.wte", "transformer.h.*.", "attn.q_proj", "attn.k_proj", "attn.v_proj", "attn.out_proj", "",
                      "mlp.fc_in", "mlp.fc_out", "ln_1", "transformer.ln_f", "lm_head"};
constexpr Names kNeoX{"gpt_neox.embed_in", "gpt_neox.layers.*.", "attention.query_key_value", "attention.query_key_value",
                      "attention.query_key_value", "attention.dense", "", "mlp.dense_h_to_4h", "mlp.dense_4h_to_h",
                      "input_layernorm post_attention_layernorm", "gpt_neox.final_layer_norm", "embed_out"};
constexpr Names kOpt{"model.decoder.embed_tokens", "model.decoder.layers.*.", "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj",
                     "self_attn.out_proj", "", "fc1", "fc2", "self_attn_layer_norm final_layer_norm", "model.decoder.final_layer_norm", "lm_head"};
constexpr Names kMpt{"transformer.wte", "transformer.blocks.*.", "attn.Wqkv", "attn.Wqkv", "attn.Wqkv", "attn.out_proj", "",
                     "ffn.up_proj", "ffn.down_proj", "norm_1 norm_2", "transformer.norm_f", "lm_head"};
constexpr Names kInternLm2{"model.tok_embeddings", "model.layers.*.", "attention.wqkv", "attention.wqkv", "attention.wqkv", "attention.wo",
                           "feed_forward.w1", "feed_forward.w3", "feed_forward.w2", "attention_norm ffn_norm", "model.norm", "output"};
constexpr Names kExaone{"transformer.wte", "transformer.h.*.", "attn.attention.q_proj", "attn.attention.k_proj", "attn.attention.v_proj",
                        "attn.attention.out_proj", "mlp.c_fc_0", "mlp.c_fc_1", "mlp.c_proj", "ln_1 ln_2", "transformer.ln_f", "lm_head"};
constexpr Names kTeleChat{"transformer.word_embeddings", "transformer.h.*.", "self_attention.query", "self_attention.key_value",
                          "self_attention.key_value", "self_attention.dense", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj",
                          "input_layernorm post_attention_layernorm", "transformer.ln_f", "transformer.lm_head"};

constexpr std::string_view kLlamaQkvBias = "qkv_bias>attention_bias|bias", kBias = "attention_bias|bias";

constexpr Family kFamilies[] = {
    {.architectures = "LlamaForCausalLM LLaMAForCausalLM LlamaModel InternLMForCausalLM InternLM3ForCausalLM XverseForCausalLM "
                      "AquilaModel AquilaForCausalLM IQuestCoderForCausalLM CwmForCausalLM TeleChat3ForCausalLM TeleFLMForCausalLM "
                      "MistralForCausalLM MistralModel Ministral3ForCausalLM Fairseq2LlamaForCausalLM",
     .names = &kLlama, .qkv_bias = kLlamaQkvBias, .o_bias = kBias, .mlp_bias = "mlp_bias", .windows = Windows::by_type},
    {.architectures = "ArceeForCausalLM", .names = &kLlama, .gated = false, .qkv_bias = kLlamaQkvBias, .o_bias = kBias,
     .mlp_bias = "mlp_bias", .head_bias = "lm_head_bias", .windows = Windows::by_type},
    {.architectures = "Phi3ForCausalLM", .names = &kPhi3, .qkv_bias = kLlamaQkvBias, .o_bias = kBias, .mlp_bias = "mlp_bias",
     .windows = Windows::by_type},
    {.architectures = "DeciLMForCausalLM", .names = &kLlama, .qkv_bias = kLlamaQkvBias, .o_bias = kBias, .mlp_bias = "mlp_bias",
     .blocks = true},
    {.architectures = "Ernie4_5ForCausalLM Ernie4_5_ForCausalLM", .names = &kLlama, .qkv_bias = "use_bias", .windows = Windows::by_type},
    {.architectures = "SmolLM3ForCausalLM", .names = &kLlama, .qkv_bias = "attention_bias", .o_bias = "attention_bias",
     .mlp_bias = "mlp_bias", .windows = Windows::by_type, .window_needs_switch = true},
    {.architectures = "HeliumForCausalLM", .names = &kLlama, .qkv_bias = "attention_bias", .mlp_bias = "mlp_bias"},
    {.architectures = "SolarForCausalLM", .names = &kLlama, .qkv_bias = kBias, .o_bias = kBias, .mlp_bias = "mlp_bias"},
    {.architectures = "Qwen2ForCausalLM Qwen2Model MiMoForCausalLM", .names = &kLlama, .qkv_bias = "always", .head_dim_key = false,
     .qk_norm = QkNorm::head_rms, .qk_norm_if = "qk_norm", .window_needs_switch = true},
    {.architectures = "Qwen3ForCausalLM", .names = &kLlama, .qkv_bias = "attention_bias", .qk_norm = QkNorm::head_rms,
     .windows = Windows::by_type, .window_needs_switch = true},
    {.architectures = "SeedOssForCausalLM", .names = &kLlama, .qkv_bias = "always", .o_bias = "attention_out_bias"},
    {.architectures = "QWenLMHeadModel", .names = &kQwen, .qkv_bias = "always", .kv = KvHeads::query, .width = Width::half,
     .head_dim_key = false},
    {.architectures = "GraniteForCausalLM GraniteSWAForCausalLM", .names = &kLlama, .qkv_bias = kBias, .o_bias = kBias,
     .mlp_bias = "mlp_bias", .windows = Windows::by_type},
    {.architectures = "GraniteMoeHybridForCausalLM", .names = &kSharedMlp, .qkv_bias = "attention_bias", .o_bias = "attention_bias",
     .head_dim_key = false, .position = Position::rope_if_named, .no_experts = "num_local_experts"},
    {.architectures = "NemotronForCausalLM", .names = &kLlama, .norm = Norm::layer, .gated = false, .qkv_bias = kBias, .o_bias = kBias,
     .mlp_bias = "mlp_bias", .rotary_part = 0.5},
    {.architectures = "HyperCLOVAXForCausalLM", .names = &kHyper, .qkv_bias = "attention_bias", .o_bias = "attention_bias",
     .mlp_bias = "mlp_bias"},
    {.architectures = "PanguEmbeddedForCausalLM", .names = &kPangu, .qkv_bias = kLlamaQkvBias, .o_bias = kBias, .mlp_bias = "mlp_bias",
     .windows = Windows::interleaved},
    {.architectures = "ApertusForCausalLM", .names = &kApertus, .gated = false, .qkv_bias = kLlamaQkvBias, .o_bias = kBias,
     .mlp_bias = "mlp_bias", .qk_norm = QkNorm::head_rms, .windows = Windows::by_type},
    {.architectures = "Jais2ForCausalLM", .names = &kLlama, .norm = Norm::layer, .gated = false, .qkv_bias = "+attention_bias",
     .o_bias = "+attention_bias", .mlp_bias = "+mlp_bias", .windows = Windows::interleaved},
    {.architectures = "HunYuanDenseV1ForCausalLM", .names = &kLlama, .qkv_bias = kBias, .o_bias = kBias, .mlp_bias = "mlp_bias",
     .qk_norm = QkNorm::head_rms, .qk_norm_if = "use_qk_norm"},
    {.architectures = "ExaoneForCausalLM", .names = &kExaone, .qkv_bias = kBias, .o_bias = kBias, .mlp_bias = "mlp_bias"},
    {.architectures = "Exaone4ForCausalLM", .names = &kPostNorms, .qkv_bias = kBias, .o_bias = kBias, .mlp_bias = "mlp_bias",
     .qk_norm = QkNorm::head_rms, .windows = Windows::by_type},
    {.architectures = "OlmoForCausalLM", .names = &kNoNorms, .norm = Norm::none, .qkv_bias = "attention_bias", .o_bias = "attention_bias",
     .head_dim_key = false},
    {.architectures = "Olmo2ForCausalLM Olmo3ForCausalLM", .names = &kPostNorms, .head_dim_key = false, .qk_norm = QkNorm::full_rms,
     .windows = Windows::by_type, .plain_rope_when_sliding = true},
    {.architectures = "GemmaForCausalLM", .names = &kLlama, .scales_embedding = true},
    {.architectures = "Gemma2ForCausalLM Gemma2Model", .names = &kGemma2Norms, .qkv_bias = "attention_bias", .o_bias = "attention_bias",
     .tie = Tie::always, .windows = Windows::by_type, .scales_embedding = true, .refuses_float16 = true},
    {.architectures = "Gemma3ForCausalLM Gemma3TextModel", .names = &kGemma2Norms, .qkv_bias = "attention_bias", .o_bias = "attention_bias",
     .qk_norm = QkNorm::head_rms, .windows = Windows::by_type, .plain_rope_when_sliding = true, .scales_embedding = true,
     .refuses_float16 = true},
    {.architectures = "GlmForCausalLM", .names = &kGlm, .qkv_bias = kLlamaQkvBias, .rotary_part = 0.5},
    {.architectures = "Glm4ForCausalLM", .names = &kGlm4, .qkv_bias = "attention_bias", .rotary_part = 0.5, .refuses_float16 = true},
    {.architectures = "ChatGLMModel ChatGLMForConditionalGeneration", .names = &kChatGlm, .norm = Norm::chatglm,
     .qkv_bias = "add_bias_linear|add_qkv_bias", .o_bias = "add_bias_linear", .mlp_bias = "add_bias_linear", .kv = KvHeads::chatglm,
     .head_dim_key = false, .positions = "seq_length", .rotary_part = 0.5},
    {.architectures = "CohereForCausalLM", .names = &kOneNorm, .norm = Norm::layer_without_bias, .head_dim_key = false,
     .qk_norm = QkNorm::per_head, .qk_norm_if = "use_qk_norm", .tie = Tie::always, .positions = "model_max_length|max_position_embeddings"},
    {.architectures = "Cohere2ForCausalLM", .names = &kOneNorm, .norm = Norm::layer_without_bias, .qk_norm = QkNorm::per_head,
     .qk_norm_if = "use_qk_norm", .tie = Tie::always, .positions = "model_max_length|max_position_embeddings",
     .windows = Windows::by_type, .window_extra = 1},
    {.architectures = "StableLmForCausalLM StableLMEpochForCausalLM", .names = &kLlama, .norm = Norm::layer, .qkv_bias = "use_qkv_bias",
     .head_dim_key = false, .rotary_part = 0.25},
    {.architectures = "OrionForCausalLM", .names = &kLlama, .norm = Norm::layer, .head_dim_key = false},
    {.architectures = "MiniCPMForCausalLM", .names = &kLlama, .head_dim_key = false, .no_experts = "num_experts"},
    {.architectures = "InternLM2ForCausalLM", .names = &kInternLm2, .head_dim_key = false},
    {.architectures = "BaichuanForCausalLM", .names = &kBaichuan, .kv = KvHeads::query, .head_dim_key = false, .position = Position::baichuan,
     .positions = "max_position_embeddings|model_max_length"},
    {.architectures = "BaiChuanForCausalLM", .names = &kBaichuan, .kv = KvHeads::query, .head_dim_key = false},
    {.architectures = "TeleChat2ForCausalLM TeleChatForCausalLM", .names = &kTeleChat, .o_bias = "always", .mlp_bias = "down",
     .head_dim_key = false},
    {.architectures = "Starcoder2ForCausalLM", .names = &kStarcoder2, .norm = Norm::layer, .gated = false, .qkv_bias = "+use_bias",
     .o_bias = "+use_bias", .mlp_bias = "+use_bias", .head_dim_key = false, .windows = Windows::all_layers},
    {.architectures = "PhiForCausalLM", .names = &kPhi, .norm = Norm::layer, .gated = false, .qkv_bias = "always", .o_bias = "always",
     .mlp_bias = "always", .head_bias = "always", .kv = KvHeads::keys, .head_dim_key = false, .tie = Tie::never, .rotary_part = 0.5},
    {.architectures = "PersimmonForCausalLM", .names = &kPersimmon, .norm = Norm::layer, .gated = false, .qkv_bias = "always",
     .o_bias = "always", .mlp_bias = "always", .kv = KvHeads::query, .head_dim_key = false, .qk_norm = QkNorm::head_layer,
     .qk_norm_if = "+qk_layernorm", .tie = Tie::never, .rotary_part = 0.5},
    {.architectures = "Plamo3ForCausalLM", .names = &kPlamo3, .qk_norm = QkNorm::head_rms, .windows = Windows::by_type},
    {.architectures = "FalconForCausalLM RWForCausalLM", .names = &kFalcon, .norm = Norm::layer, .gated = false, .qkv_bias = "bias",
     .o_bias = "bias", .mlp_bias = "bias", .kv = KvHeads::falcon, .width = Width::four, .head_dim_key = false, .position = Position::falcon},
    {.architectures = "BloomForCausalLM", .names = &kFalcon, .norm = Norm::layer, .gated = false, .qkv_bias = "always", .o_bias = "always",
     .mlp_bias = "always", .kv = KvHeads::query, .width = Width::four, .head_dim_key = false, .position = Position::alibi,
     .input_norm = "transformer.word_embeddings_layernorm"},
    {.architectures = "GPT2LMHeadModel", .names = &kGpt2, .norm = Norm::layer, .gated = false, .qkv_bias = "always", .o_bias = "always",
     .mlp_bias = "always", .kv = KvHeads::query, .width = Width::keys_or_four, .head_dim_key = false, .position = Position::learned},
    {.architectures = "GPTBigCodeForCausalLM", .names = &kBigCode, .norm = Norm::layer, .gated = false, .qkv_bias = "always",
     .o_bias = "always", .mlp_bias = "always", .kv = KvHeads::one_if_multi_query, .width = Width::keys_or_four, .head_dim_key = false,
     .position = Position::learned},
    {.architectures = "GPTJForCausalLM", .names = &kGptJ, .norm = Norm::layer, .gated = false, .mlp_bias = "always", .head_bias = "always",
     .kv = KvHeads::query, .width = Width::keys_or_four, .head_dim_key = false, .tie = Tie::never},
    {.architectures = "GPTNeoXForCausalLM", .names = &kNeoX, .norm = Norm::layer, .gated = false, .qkv_bias = "+attention_bias",
     .o_bias = "+attention_bias", .mlp_bias = "always", .kv = KvHeads::query, .head_dim_key = false, .rotary_part = 0.25},
    {.architectures = "OPTForCausalLM", .names = &kOpt, .norm = Norm::layer, .gated = false, .qkv_bias = "+enable_bias",
     .o_bias = "+enable_bias", .mlp_bias = "+enable_bias", .kv = KvHeads::query, .head_dim_key = false,
     .position = Position::learned_plus_two},
    {.architectures = "MPTForCausalLM MptForCausalLM", .names = &kMpt, .norm = Norm::layer, .gated = false, .qkv_bias = "!no_bias",
     .o_bias = "!no_bias", .mlp_bias = "!no_bias", .kv = KvHeads::keys, .width = Width::expansion, .head_dim_key = false,
     .qk_norm = QkNorm::full_layer, .qk_norm_if = "attn_config/qk_ln", .tie = Tie::always, .position = Position::alibi},
};

bool has_word(std::string_view words, std::string_view wanted) {
  for (std::size_t at = 0; at < words.size();) {
    const auto end = words.find(' ', at);
    if (words.substr(at, end == std::string_view::npos ? end : end - at) == wanted) return true;
    if (end == std::string_view::npos) break;
    at = end + 1;
  }
  return false;
}

}  // namespace

const Family* find_family(std::string_view architecture) {
  if (architecture.empty()) return nullptr;
  for (const auto& family : kFamilies)
    if (has_word(family.architectures, architecture)) return &family;
  return nullptr;
}

}  // namespace vramauto::estimator
