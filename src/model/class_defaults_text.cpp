// Configuration classes of language models.
// Source: transformers 5.24.0, src/transformers/models/*/configuration_*.py. Left out is what memory does not depend on, what is
// false (but for tie_word_embeddings), and what a class derives from other keys, such as the head_dim of Llama.
#include "model/class_defaults_table.hpp"

namespace vramauto::model {
namespace {

constexpr ClassDefaults rows[] = {
    {"afmoe",
     "vocab_size=200192 hidden_size=2048 num_hidden_layers=32 num_attention_heads=16 head_dim=128 intermediate_size=6144 "
     "max_position_embeddings=16384 tie_word_embeddings=false moe_intermediate_size=1408 num_dense_layers=1 num_experts=64 "
     "num_experts_per_tok=6 num_shared_experts=2 global_attn_every_n_layers=4 sliding_window=1024"},
    {"albert",
     "vocab_size=30000 hidden_size=4096 num_hidden_layers=12 num_attention_heads=64 intermediate_size=16384 "
     "max_position_embeddings=512 tie_word_embeddings=true embedding_size=128 num_hidden_groups=1 inner_group_num=1 "
     "type_vocab_size=2"},
    {"apertus",
     "vocab_size=131072 hidden_size=4096 num_hidden_layers=32 num_attention_heads=32 intermediate_size=14336 "
     "max_position_embeddings=65536 tie_word_embeddings=false"},
    {"arcee",
     "vocab_size=32000 hidden_size=2560 num_hidden_layers=32 num_attention_heads=32 intermediate_size=18432 "
     "max_position_embeddings=4096 tie_word_embeddings=false"},
    {"aria_text",
     "vocab_size=32000 hidden_size=4096 num_hidden_layers=32 num_attention_heads=32 intermediate_size=4096 "
     "max_position_embeddings=2048 tie_word_embeddings=false moe_num_experts=8 moe_topk=2 moe_num_shared_experts=2"},
    {"bart",
     "vocab_size=50265 d_model|hidden_size=1024 encoder_layers|num_hidden_layers=12 encoder_attention_heads|num_attention_heads=16 "
     "max_position_embeddings=1024 tie_word_embeddings=true is_encoder_decoder=true encoder_ffn_dim=4096 decoder_layers=12 "
     "decoder_ffn_dim=4096 decoder_attention_heads=16"},
    {"bert xlm-roberta",
     "vocab_size=30522 hidden_size=768 num_hidden_layers=12 num_attention_heads=12 intermediate_size=3072 "
     "max_position_embeddings=512 tie_word_embeddings=true type_vocab_size=2"},
    {"bloom",
     "vocab_size=250880 hidden_size|n_embed=64 n_layer|num_hidden_layers=2 n_head|num_attention_heads=8 tie_word_embeddings=true"},
    {"clip_text_model",
     "vocab_size=49408 hidden_size=512 num_hidden_layers=12 num_attention_heads=8 intermediate_size=2048 "
     "max_position_embeddings=77 projection_dim=512"},
    {"cohere",
     "vocab_size=256000 hidden_size=8192 num_hidden_layers=40 num_attention_heads=64 intermediate_size=22528 "
     "max_position_embeddings=8192 tie_word_embeddings=true"},
    {"cohere2",
     "vocab_size=256000 hidden_size=8192 num_hidden_layers=40 num_attention_heads=64 intermediate_size=22528 "
     "max_position_embeddings=8192 tie_word_embeddings=true sliding_window=4096 sliding_window_pattern=4 layer_types~4"},
    {"cohere2_moe",
     "vocab_size=256000 hidden_size=8192 num_hidden_layers=40 num_attention_heads=64 head_dim=128 intermediate_size=22528 "
     "max_position_embeddings=8192 tie_word_embeddings=true sliding_window=4096 sliding_window_pattern=4 num_experts_per_tok=2 "
     "num_experts=8 num_shared_experts=0 layer_types~4"},
    {"cwm",
     "vocab_size=128256 hidden_size=6144 num_hidden_layers=64 num_attention_heads=48 num_key_value_heads=8 head_dim=128 "
     "intermediate_size=21504 max_position_embeddings=131072 tie_word_embeddings=false sliding_window=8192"},
    {"dbrx",
     "vocab_size=32000 d_model|hidden_size=2048 n_layers|num_hidden_layers=24 n_heads|num_attention_heads=16 "
     "max_seq_len|max_position_embeddings=2048 tie_word_embeddings=false"},
    {"deepseek_v2",
     "vocab_size=102400 hidden_size=4096 num_hidden_layers=32 num_attention_heads=32 intermediate_size=11008 "
     "max_position_embeddings=2048 tie_word_embeddings=false first_k_dense_replace=0 kv_lora_rank=512 q_lora_rank=1536 "
     "n_routed_experts|num_experts=64 n_shared_experts=2 qk_nope_head_dim=128 qk_rope_head_dim=64 v_head_dim=128 "
     "moe_intermediate_size=1407"},
    {"deepseek_v3 kimi_k2",
     "vocab_size=129280 hidden_size=7168 num_hidden_layers=61 num_attention_heads=128 num_key_value_heads=128 "
     "intermediate_size=18432 max_position_embeddings=4096 tie_word_embeddings=false moe_intermediate_size=2048 n_shared_experts=1 "
     "n_routed_experts|num_local_experts=256 kv_lora_rank=512 q_lora_rank=1536 qk_rope_head_dim=64 v_head_dim=128 "
     "qk_nope_head_dim=128 num_experts_per_tok=8 first_k_dense_replace=3"},
    {"deepseek_v32",
     "vocab_size=129280 hidden_size=7168 num_hidden_layers=61 num_attention_heads=128 num_key_value_heads=128 "
     "intermediate_size=18432 max_position_embeddings=163840 tie_word_embeddings=false moe_intermediate_size=2048 "
     "n_shared_experts=1 n_routed_experts|num_local_experts|num_experts=256 kv_lora_rank=512 q_lora_rank=1536 qk_rope_head_dim=64 "
     "v_head_dim=128 qk_nope_head_dim=128 num_experts_per_tok=8 index_topk=2048 index_head_dim=128 index_n_heads=64 "
     "first_k_dense_replace=3"},
    {"deepseek_v4",
     "vocab_size=129280 hidden_size=4096 num_hidden_layers=43 num_attention_heads=64 num_key_value_heads=1 head_dim=512 "
     "moe_intermediate_size|intermediate_size=2048 max_position_embeddings=1048576 tie_word_embeddings=false q_lora_rank=1024 "
     "num_experts_per_tok=6 n_routed_experts|num_local_experts=256 n_shared_experts=1 hc_mult=4 sliding_window=128 o_groups=8 "
     "o_lora_rank=1024 index_n_heads=64 index_head_dim=128 index_topk=512 num_nextn_predict_layers=1"},
    {"dots1",
     "vocab_size=152064 hidden_size=4608 num_hidden_layers=62 num_attention_heads=32 num_key_value_heads=32 "
     "intermediate_size=10944 "
     "max_position_embeddings=2048 tie_word_embeddings=false moe_intermediate_size=1408 first_k_dense_replace=0"},
    {"ernie4_5 paddleocr_vl_text",
     "vocab_size=103424 hidden_size=1024 num_hidden_layers=18 num_attention_heads=16 num_key_value_heads=2 head_dim=128 "
     "intermediate_size=3072 max_position_embeddings=131072 tie_word_embeddings=true"},
    {"ernie4_5_moe",
     "vocab_size=103424 hidden_size=2560 num_hidden_layers=28 num_attention_heads=20 num_key_value_heads=4 intermediate_size=12288 "
     "max_position_embeddings=131072 tie_word_embeddings=true moe_intermediate_size=1536 moe_k|num_experts_per_tok=6 "
     "moe_num_experts|num_experts=64 moe_num_shared_experts=2 moe_layer_start_index=1 moe_layer_end_index=-1 moe_layer_interval=1"},
    {"ernie4_5_vl_moe_text",
     "vocab_size=103424 hidden_size=2560 num_hidden_layers=28 num_attention_heads=20 num_key_value_heads=4 intermediate_size=12288 "
     "max_position_embeddings=131072 tie_word_embeddings=true moe_k|num_experts_per_tok=6 moe_num_experts|num_experts=64 "
     "moe_num_shared_experts=2"},
    {"exaone",
     "vocab_size=102400 hidden_size=4096 num_hidden_layers|num_layers=32 num_attention_heads=32 num_key_value_heads=8 "
     "intermediate_size=14336 max_position_embeddings=4096 tie_word_embeddings=false"},
    {"exaone4",
     "vocab_size=102400 hidden_size=4096 num_hidden_layers=32 num_attention_heads=32 num_key_value_heads=32 "
     "intermediate_size=16384 max_position_embeddings=2048 tie_word_embeddings=false sliding_window=4096 sliding_window_pattern=4 "
     "layer_types~4"},
    {"exaone_moe",
     "vocab_size=102400 hidden_size=4096 num_hidden_layers=32 num_attention_heads=32 num_key_value_heads=32 "
     "intermediate_size=16384 max_position_embeddings=2048 tie_word_embeddings=false sliding_window=4096 sliding_window_pattern=4 "
     "first_k_dense_replace=1 moe_intermediate_size=1024 num_experts=64 num_experts_per_tok=8 num_shared_experts=1"},
    {"falcon",
     "vocab_size=65024 hidden_size|n_embed=4544 num_hidden_layers=32 num_attention_heads=71 max_position_embeddings=2048 "
     "tie_word_embeddings=true multi_query=true parallel_attn=true"},
    {"falcon_h1",
     R"(vocab_size=128000 hidden_size=4096 num_hidden_layers=32 num_attention_heads=32 num_key_value_heads=8 intermediate_size=14336 max_position_embeddings=8192 tie_word_embeddings=false mamba_d_ssm=1024 mamba_n_heads=128 mamba_d_head="auto" mamba_n_groups=1 mamba_d_state=256 mamba_d_conv=4 mamba_expand=2 mamba_chunk_size=256 mamba_conv_bias=true)"},
    {"falcon_mamba mamba",
     "vocab_size=50280 hidden_size=768 num_hidden_layers=32 tie_word_embeddings=true state_size=16 expand=2 conv_kernel=4 "
     "use_conv_bias=true"},
    {"flex_olmo",
     "vocab_size=100352 hidden_size=4096 num_hidden_layers=32 num_attention_heads=32 intermediate_size=11008 "
     "max_position_embeddings=4096 tie_word_embeddings=false num_experts_per_tok=5 num_experts|num_local_experts=7"},
    {"gemma",
     "vocab_size=256000 hidden_size=3072 num_hidden_layers=28 num_attention_heads=16 num_key_value_heads=16 head_dim=256 "
     "intermediate_size=24576 max_position_embeddings=8192 tie_word_embeddings=true"},
    {"gemma2",
     "vocab_size=256000 hidden_size=2304 num_hidden_layers=26 num_attention_heads=8 num_key_value_heads=4 head_dim=256 "
     "intermediate_size=9216 max_position_embeddings=8192 tie_word_embeddings=true sliding_window=4096 layer_types~2"},
    {"gemma3_text",
     "vocab_size=262208 hidden_size=2304 num_hidden_layers=26 num_attention_heads=8 num_key_value_heads=4 head_dim=256 "
     "intermediate_size=9216 max_position_embeddings=131072 tie_word_embeddings=true sliding_window=4096 sliding_window_pattern=6 "
     "layer_types~6"},
    {"gemma3n_text",
     "vocab_size=262400 hidden_size=2048 num_hidden_layers=35 num_attention_heads=8 num_key_value_heads=2 head_dim=256 "
     "intermediate_size=16384 max_position_embeddings=32768 tie_word_embeddings=true sliding_window=512 "
     "vocab_size_per_layer_input=262144 hidden_size_per_layer_input=256 altup_num_inputs=4 num_kv_shared_layers=15 laurel_rank=64"},
    {"gemma4_text",
     "vocab_size=262144 hidden_size=2304 num_hidden_layers=30 num_attention_heads=8 num_key_value_heads=4 head_dim=256 "
     "intermediate_size=9216 max_position_embeddings=131072 tie_word_embeddings=true sliding_window=512 "
     "vocab_size_per_layer_input=262144 hidden_size_per_layer_input=256 num_kv_shared_layers=0 sliding_window_pattern=6 "
     "global_head_dim=512"},
    {"gemma4_unified_text",
     "vocab_size=262144 hidden_size=2304 num_hidden_layers=30 num_attention_heads=8 num_key_value_heads=4 head_dim=256 "
     "intermediate_size=9216 max_position_embeddings=262144 tie_word_embeddings=true sliding_window=1024 "
     "num_kv_shared_layers=0 hidden_size_per_layer_input=0 global_head_dim=512"},
    {"diffusion_gemma_text",
     "vocab_size=262144 hidden_size=2304 num_hidden_layers=30 num_attention_heads=8 num_key_value_heads=4 head_dim=256 "
     "intermediate_size=9216 max_position_embeddings=131072 tie_word_embeddings=true sliding_window=512 "
     "num_kv_shared_layers=0 hidden_size_per_layer_input=0 global_head_dim=512 attention_k_eq_v=true"},
    {"glm glm4",
     "vocab_size=151552 hidden_size=4096 num_hidden_layers=40 num_attention_heads=32 num_key_value_heads=2 head_dim=128 "
     "intermediate_size=13696 max_position_embeddings=131072 tie_word_embeddings=false attention_bias=true"},
    {"glm4_moe",
     "vocab_size=151552 hidden_size=4096 num_hidden_layers=46 num_attention_heads=96 num_key_value_heads=8 intermediate_size=10944 "
     "max_position_embeddings=131072 tie_word_embeddings=false moe_intermediate_size=1408 num_experts_per_tok=8 n_shared_experts=1 "
     "n_routed_experts|num_local_experts=128 first_k_dense_replace=1"},
    {"glm4_moe_lite",
     "vocab_size=154880 hidden_size=2048 num_hidden_layers=47 num_attention_heads=20 num_key_value_heads=20 "
     "intermediate_size=10240 max_position_embeddings=202752 tie_word_embeddings=false moe_intermediate_size=1536 "
     "n_shared_experts=1 n_routed_experts|num_local_experts=64 kv_lora_rank=512 q_lora_rank=768 qk_rope_head_dim=64 v_head_dim=256 "
     "qk_nope_head_dim=192 num_experts_per_tok=4"},
    {"glm4v_moe_text",
     "vocab_size=151424 hidden_size=4096 num_hidden_layers=46 num_attention_heads=96 num_key_value_heads=8 intermediate_size=10944 "
     "max_position_embeddings=65536 tie_word_embeddings=false attention_bias=true moe_intermediate_size=1408 num_experts_per_tok=8 "
     "n_shared_experts=1 n_routed_experts|num_local_experts=128 first_k_dense_replace=1"},
    {"glm4v_text",
     "vocab_size=151552 hidden_size=4096 num_hidden_layers=40 num_attention_heads=32 num_key_value_heads=2 intermediate_size=13696 "
     "max_position_embeddings=32768"},
    {"glm_moe_dsa",
     "vocab_size=154880 hidden_size=6144 num_hidden_layers=78 num_attention_heads=64 num_key_value_heads=64 "
     "intermediate_size=12288 max_position_embeddings=202752 tie_word_embeddings=false moe_intermediate_size=2048 "
     "n_shared_experts=1 n_routed_experts|num_local_experts|num_experts=256 kv_lora_rank=512 q_lora_rank=2048 qk_rope_head_dim=64 "
     "v_head_dim=256 qk_nope_head_dim=192 num_experts_per_tok=8 index_topk=2048 index_head_dim=128 index_n_heads=32 "
     "first_k_dense_replace=3"},
    {"glm_ocr_text",
     "vocab_size=59392 hidden_size=1024 num_hidden_layers=16 num_attention_heads=16 num_key_value_heads=8 intermediate_size=4096 "
     "max_position_embeddings=131072"},
    {"gpt-sw3 gpt2",
     "vocab_size=50257 n_embd|hidden_size=768 n_layer|num_hidden_layers=12 n_head|num_attention_heads=12 "
     "n_positions|max_position_embeddings=1024 tie_word_embeddings=true"},
    {"gpt_bigcode",
     "vocab_size=50257 n_embd|hidden_size=768 n_layer|num_hidden_layers=12 n_head|num_attention_heads=12 "
     "n_positions|max_position_embeddings=1024 tie_word_embeddings=true multi_query=true"},
    {"gpt_neo",
     "vocab_size=50257 hidden_size=2048 num_layers|num_hidden_layers=24 num_heads|num_attention_heads=16 "
     "max_position_embeddings=2048 tie_word_embeddings=true window_size=256"},
    {"gpt_neox",
     "vocab_size=50432 hidden_size=6144 num_hidden_layers=44 num_attention_heads=64 intermediate_size=24576 "
     "max_position_embeddings=2048 tie_word_embeddings=false attention_bias=true"},
    {"gpt_oss",
     "vocab_size=201088 hidden_size=2880 num_hidden_layers=36 num_attention_heads=64 num_key_value_heads=8 head_dim=64 "
     "intermediate_size=2880 max_position_embeddings=131072 tie_word_embeddings=false num_local_experts|num_experts=128 "
     "sliding_window=128 num_experts_per_tok=4 attention_bias=true layer_types~2"},
    {"codegen gptj",
     "vocab_size=50400 n_embd|hidden_size=4096 n_layer|num_hidden_layers=28 n_head|num_attention_heads=16 "
     "n_positions|max_position_embeddings=2048 tie_word_embeddings=false"},
    {"granite llama llava_llama nemotron-nas",
     "vocab_size=32000 hidden_size=4096 num_hidden_layers=32 num_attention_heads=32 intermediate_size=11008 "
     "max_position_embeddings=2048 tie_word_embeddings=false"},
    {"granitemoe",
     "vocab_size=32000 hidden_size=4096 num_hidden_layers=32 num_attention_heads=32 intermediate_size=11008 "
     "max_position_embeddings=2048 tie_word_embeddings=false num_local_experts=8 num_experts_per_tok=2"},
    {"granitemoe_swa",
     "vocab_size=32000 hidden_size=4096 num_hidden_layers=32 num_attention_heads=32 intermediate_size=11008 "
     "max_position_embeddings=2048 tie_word_embeddings=false num_local_experts=8 num_experts_per_tok=2 shared_intermediate_size=0 "
     "sliding_window=128"},
    {"granitemoehybrid",
     R"(vocab_size=32000 hidden_size=4096 num_hidden_layers=32 num_attention_heads=32 intermediate_size=11008 max_position_embeddings=2048 tie_word_embeddings=false num_local_experts=8 num_experts_per_tok=2 shared_intermediate_size=1024 mamba_n_heads=128 mamba_n_groups=1 mamba_d_state=256 mamba_d_head="auto" mamba_d_conv=4 mamba_expand=2 mamba_chunk_size=256 mamba_conv_bias=true)"},
    {"granitemoeshared",
     "vocab_size=32000 hidden_size=4096 num_hidden_layers=32 num_attention_heads=32 intermediate_size=11008 "
     "max_position_embeddings=2048 tie_word_embeddings=false num_local_experts=8 num_experts_per_tok=2 shared_intermediate_size=0"},
    {"hunyuan_v1_dense",
     "vocab_size=290943 hidden_size=4096 num_hidden_layers=32 num_attention_heads=32 intermediate_size=11008 "
     "max_position_embeddings=2048 tie_word_embeddings=false"},
    {"hunyuan_v1_moe",
     "vocab_size=290943 hidden_size=4096 num_hidden_layers=32 num_attention_heads=32 intermediate_size=11008 "
     "max_position_embeddings=2048 tie_word_embeddings=false num_experts|num_local_experts=1 moe_topk|num_experts_per_tok=1"},
    {"hy_v3",
     "vocab_size=120832 hidden_size=4096 num_hidden_layers=80 num_attention_heads=64 num_key_value_heads=8 head_dim=128 "
     "intermediate_size=13312 max_position_embeddings=131072 tie_word_embeddings=false num_experts|num_local_experts=192 "
     "num_experts_per_tok=8 num_shared_experts=1 moe_intermediate_size=1536"},
    {"internlm3",
     "vocab_size=128512 hidden_size=4096 num_hidden_layers=48 num_attention_heads=32 num_key_value_heads=2 head_dim=128 "
     "intermediate_size=10240 max_position_embeddings=32768 tie_word_embeddings=false"},
    {"jamba",
     R"(vocab_size=65536 hidden_size=4096 num_hidden_layers=32 num_attention_heads=32 num_key_value_heads=8 intermediate_size=14336 max_position_embeddings=262144 tie_word_embeddings=false num_experts_per_tok=2 num_experts|num_local_experts=16 expert_layer_period=2 expert_layer_offset=1 attn_layer_period=8 attn_layer_offset=4 mamba_d_state=16 mamba_d_conv=4 mamba_expand=2 mamba_dt_rank="auto" mamba_conv_bias=true)"},
    {"kimi_linear",
     "vocab_size=163840 hidden_size=2304 num_hidden_layers=27 num_attention_heads=32 num_key_value_heads=32 intermediate_size=9216 "
     "tie_word_embeddings=false moe_intermediate_size=1024 kv_lora_rank=512 qk_rope_head_dim=64 v_head_dim=128 "
     "qk_nope_head_dim=128"},
    {"kolibri1",
     "vocab_size=128000 hidden_size=2560 num_hidden_layers=50 num_attention_heads=48 num_key_value_heads=4 head_dim=128 "
     "max_position_embeddings=262144 tie_word_embeddings=false moe_intermediate_size=512 num_experts_per_tok=6 "
     "num_experts|num_local_experts=384 shared_expert_intermediate_size=512 sliding_window=513 layer_types~5"},
    {"laguna",
     "vocab_size=100352 hidden_size=2048 num_hidden_layers=40 num_attention_heads=48 num_key_value_heads=8 head_dim=128 "
     "intermediate_size=8192 max_position_embeddings=131072 tie_word_embeddings=false sliding_window=512 moe_intermediate_size=512 "
     "shared_expert_intermediate_size=512 num_experts_per_tok=8 num_experts=256 gating=true"},
    {"lfm2",
     "vocab_size=65536 hidden_size=2560 num_hidden_layers=32 num_attention_heads=32 num_key_value_heads=8 "
     "intermediate_size|block_ff_dim=12288 max_position_embeddings=128000 tie_word_embeddings|tie_embedding=true conv_L_cache=3 "
     "block_multiple_of=256"},
    {"lfm2_moe",
     "vocab_size=65536 hidden_size=2048 num_hidden_layers=32 num_attention_heads=32 num_key_value_heads=8 "
     "intermediate_size|block_ff_dim=7168 max_position_embeddings=128000 tie_word_embeddings|tie_embedding=true "
     "moe_intermediate_size=1792 conv_L_cache=3 num_dense_layers=2 num_experts_per_tok=4 num_experts=32 use_expert_bias=true"},
    {"llama4_text",
     "vocab_size=202048 hidden_size=5120 num_hidden_layers=48 num_attention_heads=40 num_key_value_heads=8 head_dim=128 "
     "intermediate_size=8192 max_position_embeddings=131072 tie_word_embeddings=false intermediate_size_mlp=16384 "
     "num_experts_per_tok=1 num_local_experts=16 interleave_moe_layer_step=1 use_qk_norm=true no_rope_layer_interval=4 "
     "attention_chunk_size=8192"},
    {"longcat_flash",
     "vocab_size=131072 hidden_size=6144 num_attention_heads=64 ffn_hidden_size|intermediate_size=12288 "
     "max_position_embeddings=131072 tie_word_embeddings=false num_layers=28 q_lora_rank=1536 kv_lora_rank=512 "
     "qk_nope_head_dim=128 qk_rope_head_dim=64 v_head_dim=128 moe_topk|num_experts_per_tok=12 "
     "n_routed_experts|num_local_experts=512 zero_expert_num=256 expert_ffn_hidden_size|moe_intermediate_size=2048"},
    {"mamba2",
     "vocab_size=32768 hidden_size=4096 num_hidden_layers=64 head_dim=64 tie_word_embeddings=false num_heads=128 state_size=128 "
     "expand=2 conv_kernel=4 n_groups=8 use_conv_bias=true chunk_size=256"},
    {"mellum",
     "vocab_size=98304 hidden_size=2304 num_hidden_layers=28 num_attention_heads=32 num_key_value_heads=4 head_dim=128 "
     "intermediate_size=7168 max_position_embeddings=131072 tie_word_embeddings=false moe_intermediate_size=896 "
     "num_experts_per_tok=8 num_experts|num_local_experts=64 sliding_window=1024"},
    {"mimo_v2_flash",
     "vocab_size=152576 hidden_size=4096 num_hidden_layers=48 num_attention_heads=64 num_key_value_heads=4 head_dim=192 "
     "intermediate_size=16384 max_position_embeddings=131072 tie_word_embeddings=false moe_intermediate_size=2048 "
     "num_experts_per_tok=8 n_routed_experts|num_local_experts=256 v_head_dim=128 sliding_window|sliding_window_size=129"},
    {"minicpm3",
     "vocab_size=73448 hidden_size=2560 num_hidden_layers=62 num_attention_heads=40 num_key_value_heads=40 intermediate_size=6400 "
     "max_position_embeddings=32768 tie_word_embeddings=true kv_lora_rank=256 q_lora_rank=768 qk_nope_head_dim=64 "
     "qk_rope_head_dim=32"},
    {"minimax_m2",
     "vocab_size=200064 hidden_size=3072 num_hidden_layers=62 num_attention_heads=48 num_key_value_heads=8 head_dim=128 "
     "intermediate_size=1536 max_position_embeddings=196608 tie_word_embeddings=false num_experts_per_tok=8 "
     "num_local_experts|num_experts=256"},
    {"minimax_m3_vl_text",
     "vocab_size=200064 hidden_size=6144 num_hidden_layers=60 num_attention_heads=64 num_key_value_heads=4 head_dim=128 "
     "intermediate_size=3072 max_position_embeddings=524288 tie_word_embeddings=false num_experts_per_tok=4 "
     "num_local_experts|num_experts=128 dense_intermediate_size=12288 shared_intermediate_size=3072 index_n_heads=4 "
     "index_head_dim=128 index_block_size=128 index_topk_blocks=16 index_local_blocks=1"},
    {"ministral3",
     "vocab_size=131072 hidden_size=4096 num_hidden_layers=34 num_attention_heads=32 num_key_value_heads=8 head_dim=128 "
     "intermediate_size=14336 max_position_embeddings=262144 tie_word_embeddings=false"},
    {"mistral",
     "vocab_size=32000 hidden_size=4096 num_hidden_layers=32 num_attention_heads=32 num_key_value_heads=8 intermediate_size=14336 "
     "max_position_embeddings=131072 tie_word_embeddings=false sliding_window=4096"},
    {"mistral4",
     "vocab_size=131072 hidden_size=4096 num_hidden_layers=36 num_attention_heads=32 num_key_value_heads=32 "
     "intermediate_size=12288 max_position_embeddings=1048576 tie_word_embeddings=false moe_intermediate_size=2048 "
     "n_shared_experts=1 n_routed_experts|num_local_experts=128 kv_lora_rank=256 q_lora_rank=1024 qk_rope_head_dim=64 "
     "v_head_dim=128 qk_nope_head_dim=64 num_experts_per_tok=4 first_k_dense_replace=0"},
    {"mixtral",
     "vocab_size=32000 hidden_size=4096 num_hidden_layers=32 num_attention_heads=32 num_key_value_heads=8 intermediate_size=14336 "
     "max_position_embeddings=131072 tie_word_embeddings=false num_experts_per_tok=2 num_local_experts|num_experts=8"},
    {"mllama_text_model",
     "vocab_size=128256 hidden_size=4096 num_hidden_layers=40 num_attention_heads=32 num_key_value_heads=8 intermediate_size=14336 "
     "max_position_embeddings=131072 tie_word_embeddings=false"},
    {"modernbert",
     "vocab_size=50368 hidden_size=768 num_hidden_layers=22 num_attention_heads=12 intermediate_size=1152 "
     "max_position_embeddings=8192 tie_word_embeddings=true decoder_bias=true"},
    {"molmo2_text",
     "vocab_size=151936 hidden_size=4096 num_hidden_layers=36 num_attention_heads=32 num_key_value_heads=8 head_dim=128 "
     "intermediate_size=12288 max_position_embeddings=36864 tie_word_embeddings=false additional_vocab_size=128"},
    {"mpt",
     "vocab_size=50368 d_model|hidden_size=2048 n_layers|num_hidden_layers=24 n_heads|num_attention_heads=16 "
     "tie_word_embeddings=true expansion_ratio=4 max_seq_len=2048 learned_pos_emb=true no_bias=true embedding_fraction=1.0"},
    {"muse_glimmer_text",
     "vocab_size=202048 hidden_size=6656 num_hidden_layers=52 num_attention_heads=32 num_key_value_heads=2 head_dim=128 "
     "intermediate_size=19968 max_position_embeddings=131072 tie_word_embeddings=false sliding_window=2048"},
    {"nemotron",
     "vocab_size=256000 hidden_size=6144 num_hidden_layers=32 num_attention_heads=48 intermediate_size=24576 "
     "max_position_embeddings=4096 tie_word_embeddings=false"},
    {"nemotron_h",
     R"(vocab_size=131072 hidden_size=4096 num_attention_heads=32 num_key_value_heads=8 head_dim=128 intermediate_size=21504 max_position_embeddings=4096 tie_word_embeddings=false ssm_state_size=128 mamba_num_heads=128 mamba_head_dim=64 n_groups|mamba_n_groups=8 conv_kernel|mamba_d_conv=4 expand|mamba_expand=2 use_conv_bias|mamba_conv_bias=true chunk_size|mamba_chunk_size=128)"},
    {"olmo olmo2",
     "vocab_size=50304 hidden_size=4096 num_hidden_layers=32 num_attention_heads=32 intermediate_size=11008 "
     "max_position_embeddings=2048 tie_word_embeddings=false"},
    {"olmo3",
     "vocab_size=50304 hidden_size=4096 num_hidden_layers=32 num_attention_heads=32 intermediate_size=11008 "
     "max_position_embeddings=2048 tie_word_embeddings=false sliding_window=4096 layer_types~4"},
    {"olmo_hybrid",
     "vocab_size=100352 hidden_size=3840 num_hidden_layers=32 num_attention_heads=30 intermediate_size=11008 "
     "max_position_embeddings=65536 tie_word_embeddings=false linear_conv_kernel_dim=4"},
    {"olmoe",
     "vocab_size=50304 hidden_size=2048 num_hidden_layers=16 num_attention_heads=16 intermediate_size=2048 "
     "max_position_embeddings=4096 tie_word_embeddings=false num_experts_per_tok=8 num_experts|num_local_experts=64"},
    {"opt",
     "vocab_size=50272 hidden_size=768 num_hidden_layers=12 num_attention_heads=12 max_position_embeddings=2048 "
     "tie_word_embeddings=true ffn_dim=3072 do_layer_norm_before=true enable_bias=true"},
    {"persimmon",
     "vocab_size=262144 hidden_size=4096 num_hidden_layers=36 num_attention_heads=64 intermediate_size=16384 "
     "max_position_embeddings=16384 tie_word_embeddings=false qk_layernorm=true"},
    {"phi",
     "vocab_size=51200 hidden_size=2048 num_hidden_layers=24 num_attention_heads=32 intermediate_size=8192 "
     "max_position_embeddings=2048 tie_word_embeddings=false"},
    {"phi3 phi3_v",
     "vocab_size=32064 hidden_size=3072 num_hidden_layers=32 num_attention_heads=32 intermediate_size=8192 "
     "max_position_embeddings=4096 tie_word_embeddings=false"},
    {"phimoe",
     "vocab_size=32064 hidden_size=4096 num_hidden_layers=32 num_attention_heads=32 num_key_value_heads=8 intermediate_size=6400 "
     "max_position_embeddings=131072 tie_word_embeddings=false num_experts_per_tok=2 num_local_experts=16"},
    {"mimo qwen2 videollama3_qwen2",
     "vocab_size=151936 hidden_size=4096 num_hidden_layers=32 num_attention_heads=32 num_key_value_heads=32 "
     "intermediate_size=22016 max_position_embeddings=32768 tie_word_embeddings=false use_sliding_window=false"},
    {"qwen2_5_omni_text",
     "vocab_size=152064 hidden_size=3584 num_hidden_layers=28 num_attention_heads=28 num_key_value_heads=4 intermediate_size=18944 "
     "max_position_embeddings=32768 tie_word_embeddings=true use_sliding_window=false"},
    {"qwen2_5_vl_text qwen2_vl_text",
     "vocab_size=152064 hidden_size=8192 num_hidden_layers=80 num_attention_heads=64 num_key_value_heads=8 intermediate_size=29568 "
     "max_position_embeddings=32768 use_sliding_window=false"},
    {"qwen2_moe",
     "vocab_size=151936 hidden_size=2048 num_hidden_layers=24 num_attention_heads=16 num_key_value_heads=16 intermediate_size=5632 "
     "max_position_embeddings=32768 tie_word_embeddings=false decoder_sparse_step=1 moe_intermediate_size=1408 "
     "shared_expert_intermediate_size=5632 num_experts_per_tok=4 num_experts=60 qkv_bias=true use_sliding_window=false"},
    {"qwen3",
     "vocab_size=151936 hidden_size=4096 num_hidden_layers=32 num_attention_heads=32 num_key_value_heads=32 head_dim=128 "
     "intermediate_size=22016 max_position_embeddings=32768 tie_word_embeddings=false use_sliding_window=false"},
    {"qwen3_5_moe_text",
     "vocab_size=248320 hidden_size=2048 num_hidden_layers=40 num_attention_heads=16 num_key_value_heads=2 head_dim=256 "
     "max_position_embeddings=32768 tie_word_embeddings=false linear_conv_kernel_dim=4 linear_key_head_dim=128 "
     "linear_value_head_dim=128 linear_num_key_heads=16 linear_num_value_heads=32 moe_intermediate_size=512 "
     "shared_expert_intermediate_size=512 num_experts_per_tok=8 num_experts=256 full_attention_interval=4"},
    {"qwen3_5_text",
     "vocab_size=248320 hidden_size=4096 num_hidden_layers=32 num_attention_heads=16 num_key_value_heads=4 head_dim=256 "
     "intermediate_size=12288 max_position_embeddings=32768 tie_word_embeddings=false linear_conv_kernel_dim=4 "
     "linear_key_head_dim=128 linear_value_head_dim=128 linear_num_key_heads=16 linear_num_value_heads=32 "
     "full_attention_interval=4"},
    {"qwen3_moe",
     "vocab_size=151936 hidden_size=2048 num_hidden_layers=24 num_attention_heads=32 num_key_value_heads=4 intermediate_size=6144 "
     "max_position_embeddings=32768 tie_word_embeddings=false decoder_sparse_step=1 moe_intermediate_size=768 "
     "num_experts_per_tok=8 use_sliding_window=false"},
    {"qwen3_next",
     "vocab_size=151936 hidden_size=2048 num_hidden_layers=48 num_attention_heads=16 num_key_value_heads=2 head_dim=256 "
     "intermediate_size=5632 max_position_embeddings=32768 tie_word_embeddings=false linear_conv_kernel_dim=4 "
     "linear_key_head_dim=128 linear_value_head_dim=128 linear_num_key_heads=16 linear_num_value_heads=32 decoder_sparse_step=1 "
     "moe_intermediate_size=512 shared_expert_intermediate_size=512 num_experts_per_tok=10 num_experts=512 "
     "full_attention_interval=4"},
    {"qwen3_omni_moe_text",
     "vocab_size=3584 hidden_size=2048 num_hidden_layers=28 num_attention_heads=28 num_key_value_heads=4 intermediate_size=18944 "
     "max_position_embeddings=32768 decoder_sparse_step=1 moe_intermediate_size=768 num_experts_per_tok=8 num_experts=128"},
    {"qwen3_vl_moe_text",
     "vocab_size=151936 hidden_size=2048 num_hidden_layers=24 num_attention_heads=16 num_key_value_heads=16 intermediate_size=5632 "
     "max_position_embeddings=128000 tie_word_embeddings=true decoder_sparse_step=1 moe_intermediate_size=1408 "
     "num_experts_per_tok=4"},
    {"qwen3_vl_text",
     "vocab_size=151936 hidden_size=4096 num_hidden_layers=32 num_attention_heads=32 num_key_value_heads=32 head_dim=128 "
     "intermediate_size=22016 max_position_embeddings=128000"},
    {"roberta",
     "vocab_size=50265 hidden_size=768 num_hidden_layers=12 num_attention_heads=12 intermediate_size=3072 "
     "max_position_embeddings=512 tie_word_embeddings=true type_vocab_size=2"},
    {"sarvam_moe",
     "vocab_size=262144 hidden_size=4096 num_hidden_layers=19 num_attention_heads=64 num_key_value_heads=4 head_dim=64 "
     "intermediate_size=8192 max_position_embeddings=131072 tie_word_embeddings=false moe_intermediate_size=1024 "
     "num_experts_per_tok=6 n_shared_experts|num_shared_experts=1 n_routed_experts|num_experts|num_local_experts=128 "
     "first_k_dense_replace=1 use_qk_norm=true"},
    {"sarvam_mla",
     "vocab_size=262144 hidden_size=4096 num_hidden_layers=32 num_attention_heads=64 intermediate_size=16384 "
     "max_position_embeddings=4096 tie_word_embeddings=false moe_intermediate_size=2048 n_shared_experts|num_shared_experts=1 "
     "n_routed_experts|num_local_experts|num_experts=128 kv_lora_rank=512 qk_rope_head_dim=64 v_head_dim=128 qk_nope_head_dim=128 "
     "num_experts_per_tok=8 first_k_dense_replace=1"},
    {"seed_oss",
     "vocab_size=155136 hidden_size=4096 num_hidden_layers=64 num_attention_heads=80 num_key_value_heads=8 head_dim=128 "
     "intermediate_size=27648 max_position_embeddings=524288 tie_word_embeddings=false attention_bias=true"},
    {"siglip_text_model",
     "vocab_size=32000 hidden_size=768 num_hidden_layers=12 num_attention_heads=12 intermediate_size=3072 "
     "max_position_embeddings=64"},
    {"smollm3",
     "vocab_size=128256 hidden_size=2048 num_hidden_layers=36 num_attention_heads=16 num_key_value_heads=4 intermediate_size=11008 "
     "max_position_embeddings=32768 tie_word_embeddings=true no_rope_layer_interval=4 use_sliding_window=false"},
    {"stablelm",
     "vocab_size=50304 hidden_size=2560 num_hidden_layers=32 num_attention_heads=32 num_key_value_heads=32 intermediate_size=6912 "
     "max_position_embeddings=4096 tie_word_embeddings=false"},
    {"starcoder2",
     "vocab_size=49152 hidden_size=3072 num_hidden_layers=30 num_attention_heads=24 num_key_value_heads=2 intermediate_size=12288 "
     "max_position_embeddings=4096 tie_word_embeddings=true use_bias=true"},
    {"step3p5",
     "vocab_size=128815 hidden_size=4096 num_hidden_layers=45 num_attention_heads=64 num_key_value_heads|num_attention_groups=8 "
     "head_dim=128 intermediate_size=11264 max_position_embeddings=128000 tie_word_embeddings=false "
     "num_experts_per_tok|moe_top_k=8 moe_intermediate_size=1280 "
     "n_routed_experts|num_local_experts|moe_num_experts|num_experts=288 share_expert_dim|share_expert_dims=1280"},
    {"t5",
     "vocab_size=32128 d_model|hidden_size=512 num_layers|num_hidden_layers=6 num_heads|num_attention_heads=8 d_kv|head_dim=64 "
     "is_encoder_decoder=true d_ff=2048 relative_attention_num_buckets=32"},
    {"whisper",
     "vocab_size=51865 d_model|hidden_size=384 encoder_layers|num_hidden_layers=4 "
     "encoder_attention_heads|num_key_value_heads|num_attention_heads=6 tie_word_embeddings=true is_encoder_decoder=true "
     "num_mel_bins=80 decoder_layers=4 decoder_attention_heads=6 decoder_ffn_dim=1536 encoder_ffn_dim=1536 "
     "max_source_positions=1500 max_target_positions=448"},
    {"zamba2",
     "vocab_size=32000 hidden_size=2560 num_hidden_layers=54 num_attention_heads=32 max_position_embeddings=4096 "
     "tie_word_embeddings=true mamba_d_state=64 mamba_d_conv=4 mamba_expand=2 mamba_ngroups=1 n_mamba_heads=8 use_conv_bias=true "
     "chunk_size=256 num_mem_blocks=1 adapter_rank=128"},
};

}  // namespace

std::span<const ClassDefaults> text_class_defaults() { return rows; }

}  // namespace vramauto::model
