// Sources: transformers 5.24, integrations/ggml.py, GGUF_CONFIG_MAPPING, and modeling_gguf_pytorch_utils.py; gguf 0.19,
// constants.py (Keys, MODEL_ARCH_NAMES) and tensor_mapping.py; vLLM 0.19.1, model_loader/gguf_loader.py.
#include <algorithm>

#include "model/gguf_model.hpp"

namespace vramauto::model {

namespace {

// Name in the file, model_type, class. "+": with experts; "^": whose router scores with a sigmoid. The last word: letters for
// "w" the window counts, "f" gate and up are one tensor, "x" Mixtral's names of experts, "s" shared_experts, not shared_expert.
constexpr std::string_view kArchitectures[] = {
    "llama llama LlamaForCausalLM -",
    "llama+ mixtral MixtralForCausalLM x",
    "mistral mistral MistralForCausalLM -",
    "mistral3 mistral MistralForCausalLM -",
    "qwen2 qwen2 Qwen2ForCausalLM -",
    "qwen3 qwen3 Qwen3ForCausalLM -",
    "qwen2moe qwen2_moe Qwen2MoeForCausalLM -",
    "qwen3moe qwen3_moe Qwen3MoeForCausalLM -",
    "qwen3next qwen3_next Qwen3NextForCausalLM -",
    "gemma gemma GemmaForCausalLM -",
    "gemma2 gemma2 Gemma2ForCausalLM w",
    "gemma3 gemma3_text Gemma3ForCausalLM w",
    "gemma4 gemma4_text Gemma4ForCausalLM w",
    "phi2 phi PhiForCausalLM -",
    "phi3 phi3 Phi3ForCausalLM f",
    "phimoe phimoe PhiMoEForCausalLM -",
    "deepseek deepseek DeepseekForCausalLM s",
    "deepseek2 deepseek_v2 DeepseekV2ForCausalLM s",
    "deepseek2^ deepseek_v3 DeepseekV3ForCausalLM s",
    "gpt-oss gpt_oss GptOssForCausalLM w",
    "falcon falcon FalconForCausalLM -",
    "starcoder2 starcoder2 Starcoder2ForCausalLM -",
    "stablelm stablelm StableLmForCausalLM -",
    "gpt2 gpt2 GPT2LMHeadModel -",
    "bloom bloom BloomForCausalLM -",
    "command-r cohere CohereForCausalLM -",
    "cohere2 cohere2 Cohere2ForCausalLM w",
    "olmo olmo OlmoForCausalLM -",
    "olmo2 olmo2 Olmo2ForCausalLM -",
    "olmoe olmoe OlmoeForCausalLM -",
    "granite granite GraniteForCausalLM -",
    "granitemoe granitemoe GraniteMoeForCausalLM -",
    "nemotron nemotron NemotronForCausalLM -",
    "internlm2 internlm2 InternLM2ForCausalLM -",
    "minicpm minicpm MiniCPMForCausalLM -",
    "exaone exaone ExaoneForCausalLM -",
    "exaone4 exaone4 Exaone4ForCausalLM w",
    "glm4 glm4 Glm4ForCausalLM f",
    "glm4moe glm4_moe Glm4MoeForCausalLM s",
    "smollm3 smollm3 SmolLM3ForCausalLM -",
    "lfm2 lfm2 Lfm2ForCausalLM -",
    "minimax-m2 minimax_m2 MiniMaxM2ForCausalLM -",
    "ernie4_5 ernie4_5 Ernie4_5ForCausalLM -",
    "hunyuan-dense hunyuan_v1_dense HunYuanDenseV1ForCausalLM -",
    "seed_oss seed_oss SeedOssForCausalLM -",
    "arcee arcee ArceeForCausalLM -",
};

// Key in the file, keys of the configuration. What a class does not read does no harm.
constexpr std::string_view kKeys[] = {
    "context_length max_position_embeddings",
    "embedding_length hidden_size",
    "block_count num_hidden_layers",
    "feed_forward_length intermediate_size",
    "attention.head_count num_attention_heads",
    "attention.head_count_kv num_key_value_heads",
    "attention.q_lora_rank q_lora_rank",
    "attention.kv_lora_rank kv_lora_rank",
    "expert_count num_experts num_local_experts n_routed_experts",
    "expert_used_count num_experts_per_tok",
    "expert_shared_count n_shared_experts",
    "expert_feed_forward_length moe_intermediate_size",
    "expert_shared_feed_forward_length shared_expert_intermediate_size",
    "leading_dense_block_count first_k_dense_replace",
    "nextn_predict_layers num_nextn_predict_layers",
    "rope.freq_base rope_theta",
    "ssm.conv_kernel linear_conv_kernel_dim mamba_d_conv",
    "ssm.state_size linear_key_head_dim mamba_d_state",
    "ssm.group_count linear_num_key_heads mamba_n_groups",
    "ssm.time_step_rank linear_num_value_heads",
    "shortconv.l_cache conv_L_cache",
};

// Of a layer: its names in the file and in a checkpoint. Longest first where one begins another.
constexpr std::string_view kTensors[] = {
    "attn_norm input_layernorm",
    "attn_q self_attn.q_proj",
    "attn_k self_attn.k_proj",
    "attn_v self_attn.v_proj",
    "attn_qkv self_attn.qkv_proj",
    "attn_output self_attn.o_proj",
    "attn_q_norm self_attn.q_norm",
    "attn_k_norm self_attn.k_norm",
    "attn_sinks self_attn.sinks",
    "attn_q_a self_attn.q_a_proj",
    "attn_q_a_norm self_attn.q_a_layernorm",
    "attn_q_b self_attn.q_b_proj",
    "attn_kv_a_mqa self_attn.kv_a_proj_with_mqa",
    "attn_kv_a_norm self_attn.kv_a_layernorm",
    "attn_kv_b self_attn.kv_b_proj",
    "post_attention_norm post_attention_layernorm",
    "post_ffw_norm post_feedforward_layernorm",
    "ffn_norm post_attention_layernorm",
    "ffn_gate mlp.gate_proj",
    "ffn_up mlp.up_proj",
    "ffn_down mlp.down_proj",
    "ffn_gate_inp mlp.gate",
    "ffn_gate_inp_shexp mlp.shared_expert_gate",
    "exp_probs_b mlp.gate.e_score_correction_bias",
};
constexpr std::string_view kEnds[] = {"token_embd model.embed_tokens", "output_norm model.norm", "output lm_head"};
constexpr std::string_view kFfn = "ffn_", kExperts = "_exps", kShared = "_shexp";

// The nth word of a row.
std::string_view word(std::string_view row, std::size_t n) {
  for (; n > 0 && !row.empty(); --n) row.remove_prefix(std::min(row.find(' '), row.size() - 1) + 1);
  return row.substr(0, row.find(' '));
}

template <std::size_t N>
std::string_view row_of(const std::string_view (&rows)[N], std::string_view first) {
  for (const auto row : rows)
    if (row.size() > first.size() && row[first.size()] == ' ' && row.starts_with(first)) return row;
  return {};
}

std::string_view architecture_row(std::string_view name, bool experts, bool sigmoid) {
  const std::string text(name);
  if (const auto row = row_of(kArchitectures, text + (sigmoid ? "^" : "+")); !row.empty() && (sigmoid || experts)) return row;
  return row_of(kArchitectures, text);
}

// The name of a stranger's architecture, fit for JSON.
std::string plain(std::string_view text) {
  std::string out(text.substr(0, 80));
  for (auto& letter : out)
    if (static_cast<unsigned char>(letter) < ' ' || letter == '"' || letter == '\\' || static_cast<unsigned char>(letter) > '~')
      letter = '?';
  return out;
}

class Config {
 public:
  Config(const Gguf& file) : file_(file), name_(file.text("general.architecture")) {}

  std::string write(std::uint64_t vocabulary, bool tied) {
    constexpr std::uint64_t kSigmoid = 2;
    const auto row = architecture_row(name_, own("expert_count") > 0, own("expert_gating_func") == kSigmoid);
    out_ = fmt::format(R"({{"architectures": ["{}"], "model_type": "{}", "tie_word_embeddings": {}, "torch_dtype": "float32", )"
                       R"("quantization_config": {{"quant_method": "gguf"}})",
                       row.empty() ? plain(name_) : word(row, 2), row.empty() ? plain(name_) : word(row, 1), tied);
    for (const auto key : kKeys) copy(key);
    if (vocabulary) add("vocab_size", vocabulary);
    heads(word(row, 1).starts_with("deepseek_v"));
    if (word(row, 3) == "w") add("sliding_window", own("attention.sliding_window"));
    return out_ + "}";
  }

 private:
  std::uint64_t own(std::string_view key) const { return file_.number(fmt::format("{}.{}", name_, key)); }

  void add(std::string_view key, std::uint64_t value) {
    if (value) out_ += fmt::format(", \"{}\": {}", key, value);
  }

  void copy(std::string_view row) {
    const auto* value = file_.find(fmt::format("{}.{}", name_, word(row, 0)));
    if (!value || !(value->is_integer() || value->is_real())) return;
    for (std::size_t i = 1; !word(row, i).empty(); ++i)
      out_ += value->is_integer() ? fmt::format(", \"{}\": {}", word(row, i), value->integer)
                                  : fmt::format(", \"{}\": {:.1f}", word(row, i), value->real);
  }

  // MLA is stored with the widths of its heads, or as one wide head beside which those are kept under names of their own.
  void heads(bool latent) {
    const auto rope = own("rope.dimension_count"), mla = own("attention.key_length_mla"),
               key = mla ? mla : own("attention.key_length");
    if (!latent) return add("head_dim", key ? key : name_ == "llama" ? rope : 0);
    if (!own("attention.q_lora_rank")) out_ += R"(, "q_lora_rank": null)";  // the class would have one
    add("qk_rope_head_dim", rope);
    add("qk_nope_head_dim", key > rope ? key - rope : 0);
    add("v_head_dim", mla ? own("attention.value_length_mla") : own("attention.value_length"));
    if (own("expert_gating_func") == 2) out_ += R"(, "topk_method": "noaux_tc")";
  }

  const Gguf& file_;
  std::string_view name_;
  std::string out_;
};

// "ffn_gate_exps" is one tensor of all experts, under the name of the first: as vLLM maps it.
std::string in_layer(std::string_view part, std::string_view letters) {
  if (part.starts_with(kFfn) && part.ends_with(kExperts)) {
    const auto which = part.substr(kFfn.size(), part.size() - kFfn.size() - kExperts.size());
    if (letters != "x") return fmt::format("mlp.experts.0.{}_proj", which);
    return fmt::format("block_sparse_moe.experts.0.w{}", which == "gate" ? 1 : which == "down" ? 2 : 3);
  }
  if (part.starts_with(kFfn) && part.ends_with(kShared) && !part.starts_with("ffn_gate_inp"))
    return fmt::format("mlp.shared_expert{}.{}_proj", letters == "s" ? "s" : "",
                       part.substr(kFfn.size(), part.size() - kFfn.size() - kShared.size()));
  if (letters == "f" && part == "ffn_up") return "mlp.gate_up_proj";
  if (letters == "x" && part == "ffn_gate_inp") return "block_sparse_moe.gate";
  return std::string(word(row_of(kTensors, part), 1));
}

}  // namespace

std::string config_of(const Gguf& file, std::uint64_t vocabulary, bool tied) { return Config(file).write(vocabulary, tied); }

std::string tensor_name(std::string_view name, std::string_view architecture, bool experts) {
  constexpr std::string_view kBlock = "blk.";
  const auto dot = name.rfind('.');
  const auto suffix = dot == std::string_view::npos ? std::string_view() : name.substr(dot);
  auto stem = name.substr(0, dot);
  std::string layer, mapped;
  if (stem.starts_with(kBlock)) {
    const auto end = stem.find('.', kBlock.size());
    if (end == std::string_view::npos) return std::string(name);
    layer = fmt::format("model.layers.{}.", stem.substr(kBlock.size(), end - kBlock.size()));
    mapped = in_layer(stem.substr(end + 1), word(architecture_row(architecture, experts, false), 3));
  } else {
    mapped = word(row_of(kEnds, stem), 1);
  }
  if (mapped.empty()) return std::string(name);
  return layer.append(mapped).append(suffix);
}

}  // namespace vramauto::model
