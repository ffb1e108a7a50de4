// Configuration classes that transformers does not have.
// Sources: chatglm, RefinedWeb, deepseek_vl_v2: vLLM 0.33, vllm/transformers_utils/configs. The others: the configuration_*.py that
// lies beside the weights on Hugging Face (Qwen/Qwen-7B, internlm/internlm-7b and internlm2-7b, openbmb/MiniCPM-2B-sft-bf16,
// deepseek-ai/deepseek-moe-16b-base, baichuan-inc/Baichuan2-7B-Base, xverse/XVERSE-7B, OrionStarAI/Orion-14B-Chat).
#include "model/class_defaults_table.hpp"

namespace vramauto::model {
namespace {

constexpr ClassDefaults rows[] = {
    {"qwen",
     "vocab_size=151936 hidden_size=4096 num_hidden_layers=32 num_attention_heads=32 kv_channels=128 intermediate_size=22016 "
     "max_position_embeddings=8192 tie_word_embeddings=false no_bias=true"},
    {"chatglm",
     "padded_vocab_size|vocab_size=65024 hidden_size=4096 num_layers|num_hidden_layers|n_layer=28 num_attention_heads=32 "
     "kv_channels=128 ffn_hidden_size=13696 seq_length=2048 multi_query_group_num=1"},
    {"internlm",
     "vocab_size=103168 hidden_size=4096 num_hidden_layers=32 num_attention_heads=32 intermediate_size=11008 "
     "max_position_embeddings=2048 tie_word_embeddings=false bias=true"},
    {"internlm2",
     "vocab_size=103168 hidden_size=4096 num_hidden_layers=32 num_attention_heads=32 intermediate_size=11008 "
     "max_position_embeddings=2048 tie_word_embeddings=false bias=true"},
    {"baichuan", "tie_word_embeddings=false"},
    {"xverse", "tie_word_embeddings=false"},
    {"orion", "tie_word_embeddings=false"},
    {"minicpm",
     "vocab_size=32000 hidden_size=4096 num_hidden_layers=32 num_attention_heads=32 intermediate_size=11008 "
     "max_position_embeddings=2048 tie_word_embeddings=true"},
    {"deepseek",
     "vocab_size=102400 hidden_size=4096 num_hidden_layers=30 num_attention_heads=32 num_key_value_heads=32 "
     "intermediate_size=11008 moe_intermediate_size=1407 max_position_embeddings=2048 tie_word_embeddings=false"},
    {"RefinedWeb RefinedWebModel",
     "vocab_size=250880 hidden_size|n_embed=64 n_layer|num_hidden_layers=2 n_head|num_attention_heads=8 multi_query=true"},
    {"deepseek_vl_v2 deepseek_ocr", "architectures=[\"DeepseekVLV2ForCausalLM\"] language_config?deepseek_v2"},
};

}  // namespace

std::span<const ClassDefaults> own_class_defaults() { return rows; }

}  // namespace vramauto::model
