// Configuration classes of towers of pictures and sound, and of models that hold several configurations.
// Source: transformers 5.24.0, src/transformers/models/*/configuration_*.py. Left out is what memory does not depend on, what is
// false (but for tie_word_embeddings), and what a class derives from other keys, such as the head_dim of Llama.
#include "model/class_defaults_table.hpp"

namespace vramauto::model {
namespace {

constexpr ClassDefaults rows[] = {
    {"aria", "tie_word_embeddings=false vision_config?idefics3_vision text_config:aria_text"},
    {"clip", "projection_dim=512 vision_config:clip_vision_model text_config:clip_text_model"},
    {"clip_vision_model",
     "hidden_size=768 num_hidden_layers=12 num_attention_heads=12 intermediate_size=3072 projection_dim=512 num_channels=3 "
     "image_size=224 patch_size=32"},
    {"cohere2_vision",
     "tie_word_embeddings=true downsample_factor=2 alignment_intermediate_size=36864 vision_config?siglip_vision_model "
     "text_config?cohere2"},
    {"ernie4_5_vl_moe", "tie_word_embeddings=true vision_config:ernie4_5_vl_moe_vision text_config:ernie4_5_vl_moe_text"},
    {"ernie4_5_vl_moe_vision",
     "hidden_size=1280 depth|num_hidden_layers=32 num_heads|num_attention_heads=16 intermediate_size=5120 in_channels|in_chans=3 "
     "patch_size=14 spatial_merge_size=2 temporal_merge_size=2"},
    {"exaone4_5", "tie_word_embeddings=false vision_config:exaone4_5_vision text_config?exaone4"},
    {"exaone4_5_vision",
     "hidden_size=3584 depth|num_hidden_layers=32 num_heads|num_attention_heads=16 num_key_value_heads=8 intermediate_size=3420 "
     "in_channels|in_chans=3 patch_size=14 spatial_merge_size=2 temporal_patch_size=2 window_size=112 out_hidden_size=3584 "
     "fullatt_block_indexes=[7,15,23,31]"},
    {"fuyu", "tie_word_embeddings=false image_size=300 patch_size=30 num_channels=3 text_config?persimmon"},
    {"gemma3", "tie_word_embeddings=true mm_tokens_per_image=256 text_config:gemma3_text vision_config?siglip_vision_model"},
    {"gemma3n",
     "tie_word_embeddings=true audio_soft_tokens_per_image=188 vision_soft_tokens_per_image=256 text_config:gemma3n_text "
     "vision_config:gemma3n_vision audio_config:gemma3n_audio"},
    {"gemma3n_audio",
     "vocab_size=128 hidden_size=1536 vocab_offset=262272 input_feat_size=128 conf_attention_chunk_size=12 "
     "conf_num_attention_heads=8 conf_num_hidden_layers=12 conf_conv_kernel_size=5 conf_reduction_factor=4 "
     "sscp_conv_channel_size=[128,32] sscp_conv_kernel_size=[[3,3],[3,3]] sscp_conv_stride_size=[[2,2],[2,2]]"},
    {"gemma3n_vision", "vocab_size=128 hidden_size=2048 vocab_offset=262144"},
    {"gemma4", "tie_word_embeddings=true text_config:gemma4_text vision_config:gemma4_vision audio_config:gemma4_audio"},
    {"gemma4_audio",
     "hidden_size=1024 num_hidden_layers=12 num_attention_heads=8 conv_kernel_size=5 attention_chunk_size=12 "
     "use_clipped_linears=true output_proj_dims=1536"},
    {"gemma4_vision",
     "hidden_size=768 num_hidden_layers=16 num_attention_heads=12 num_key_value_heads=12 head_dim=64 intermediate_size=3072 "
     "max_position_embeddings=131072 pooling_kernel_size=3 patch_size=16 position_embedding_size=10240"},
    {"gemma4_unified",
     "tie_word_embeddings=true text_config:gemma4_unified_text vision_config:gemma4_unified_vision "
     "audio_config:gemma4_unified_audio"},
    {"gemma4_unified_audio", "audio_embed_dim|hidden_size|output_proj_dims=640"},
    {"gemma4_unified_vision", "patch_size=16 pooling_kernel_size=3 mm_embed_dim=3840 mm_posemb_size=1120 output_proj_dims=3840"},
    {"diffusion_gemma", "tie_word_embeddings=true text_config:diffusion_gemma_text vision_config?gemma4_vision"},
    {"glm4v", "tie_word_embeddings=false vision_config:glm4v_vision text_config!glm4v_text"},
    {"glm4v_moe", "tie_word_embeddings=false vision_config:glm4v_moe_vision text_config!glm4v_moe_text"},
    {"glm4v_moe_vision glm4v_vision",
     "hidden_size=1536 depth|num_hidden_layers=24 num_heads|num_attention_heads=12 intermediate_size=13696 in_channels|in_chans=3 "
     "image_size=336 patch_size=14 spatial_merge_size=2 temporal_patch_size=2 out_hidden_size=4096"},
    {"glm_ocr", "tie_word_embeddings=false vision_config:glm_ocr_vision text_config!glm_ocr_text"},
    {"glm_ocr_vision",
     "hidden_size=1024 depth|num_hidden_layers=24 num_heads|num_attention_heads=16 intermediate_size=4096 attention_bias=true "
     "in_channels|in_chans=3 image_size=336 patch_size=14 spatial_merge_size=2 temporal_patch_size=2 out_hidden_size=1536"},
    {"idefics3", "tie_word_embeddings=false text_config?llama vision_config:idefics3_vision"},
    {"idefics3_vision smolvlm_vision",
     "hidden_size=1152 num_hidden_layers=12 num_attention_heads=16 intermediate_size=3072 num_channels=3 image_size=224 "
     "patch_size=32"},
    {"internvl", "tie_word_embeddings=true downsample_ratio=0.5 text_config?qwen2 vision_config:internvl_vision"},
    {"internvl_vision",
     "hidden_size=1024 num_hidden_layers=24 num_attention_heads=16 intermediate_size=4096 image_size=[448,448] patch_size=[14,14] "
     "num_channels=3 use_absolute_position_embeddings=true"},
    {"kimi_k25", "tie_word_embeddings=true projection_hidden_size=1152 text_config?deepseek_v3 vision_config:kimi_k25_vision"},
    {"kimi_k25_vision",
     "hidden_size|vt_hidden_size=1152 num_hidden_layers|vt_num_hidden_layers=27 num_attention_heads|vt_num_attention_heads=16 "
     "intermediate_size|vt_intermediate_size=4304 patch_size=14 pos_emb_height|init_pos_emb_height=64 "
     "pos_emb_width|init_pos_emb_width=64 pos_emb_time|init_pos_emb_time=4 merge_kernel_size=[2,2]"},
    {"lfm2_vl",
     "tie_word_embeddings|tie_embedding=true projector_bias=true projector_use_layernorm=true downsample_factor=2 "
     "vision_config?siglip2_vision_model text_config?lfm2"},
    {"llama4", "tie_word_embeddings=false text_config:llama4_text vision_config:llama4_vision_model"},
    {"llama4_vision_model",
     "hidden_size=768 num_hidden_layers=34 num_attention_heads=16 intermediate_size=5632 num_channels=3 vision_output_dim=7680 "
     "image_size=448 patch_size=14 pixel_shuffle_ratio=0.5 projector_input_dim=4096 projector_output_dim=4096"},
    {"llava", "tie_word_embeddings=false multimodal_projector_bias=true vision_config?clip_vision_model text_config?llama"},
    {"llava_next", "tie_word_embeddings=false multimodal_projector_bias=true text_config?llama vision_config?clip_vision_model"},
    {"llava_next_video",
     "tie_word_embeddings=false multimodal_projector_bias=true video_seq_length=288 vision_config?clip_vision_model "
     "text_config?llama"},
    {"llava_onevision",
     "tie_word_embeddings=false multimodal_projector_bias=true vision_config?siglip_vision_model text_config?qwen2"},
    {"minicpmv4_6",
     "tie_word_embeddings=false insert_layer_id=6 image_size=448 merge_kernel_size=[2,2] merger_times=1 text_config?qwen3_5_text "
     "vision_config:minicpmv4_6_vision"},
    {"minicpmv4_6_vision",
     "hidden_size=768 num_hidden_layers=12 num_attention_heads=12 intermediate_size=3072 num_channels=3 image_size=224 "
     "patch_size=16 insert_layer_id=6 window_kernel_size=[2,2]"},
    {"minimax_m3_vl", "tie_word_embeddings=false text_config:minimax_m3_vl_text vision_config:minimax_m3_vl_vision"},
    {"minimax_m3_vl_vision",
     "hidden_size=1280 num_hidden_layers=32 num_attention_heads=16 intermediate_size=5120 num_channels=3 image_size=2016 "
     "patch_size=14 temporal_patch_size=2 spatial_merge_size=2"},
    {"mistral3", "tie_word_embeddings=true spatial_merge_size=2 text_config?mistral vision_config?pixtral"},
    {"mllama", "text_config:mllama_text_model vision_config:mllama_vision_model"},
    {"mllama_vision_model",
     "hidden_size=1280 num_hidden_layers=32 attention_heads|num_attention_heads=16 intermediate_size=5120 num_global_layers=8 "
     "num_channels=3 vision_output_dim=7680 image_size=448 patch_size=14 max_num_tiles=4"},
    {"molmo2",
     "tie_word_embeddings=false image_patch_id|image_token_id|video_token_id=151938 text_config:molmo2_text "
     "vision_config:molmo2_vision adapter_config:molmo2_adapter"},
    {"molmo2_adapter",
     "hidden_size=1152 num_attention_heads=16 num_key_value_heads=16 head_dim=72 intermediate_size=18944 attention_bias=true "
     "text_hidden_size=3584"},
    {"molmo2_vision",
     "hidden_size=1152 num_hidden_layers=25 num_attention_heads=16 num_key_value_heads=16 head_dim=72 intermediate_size=4304 "
     "patch_size=14 num_channels=3 attention_bias=true"},
    {"muse_glimmer", "out_hidden_size=6144 text_config:muse_glimmer_text vision_config:muse_glimmer_vision"},
    {"muse_glimmer_vision",
     "hidden_size=1536 num_hidden_layers=50 num_attention_heads=16 intermediate_size=8960 max_position_embeddings=1024 "
     "patch_size=14 pos_emb_height=32 pos_emb_width=32 patch_temporal=2 merge_size=2"},
    {"paddleocr_vl", "tie_word_embeddings=true vision_config:paddleocr_vl_vision text_config:paddleocr_vl_text"},
    {"paddleocr_vl_vision",
     "hidden_size=1152 num_hidden_layers=27 num_attention_heads=16 intermediate_size=4304 num_channels=3 image_size=384 "
     "patch_size=14 spatial_merge_size=2"},
    {"paligemma",
     "vocab_size=257152 hidden_size=2048 tie_word_embeddings=true projection_dim=2048 vision_config?siglip_vision_model "
     "text_config?gemma"},
    {"pixtral",
     "hidden_size=1024 num_hidden_layers=24 num_attention_heads=16 intermediate_size=4096 num_channels=3 image_size=1024 "
     "patch_size=16"},
    {"qwen2_5_omni", "thinker_config:qwen2_5_omni_thinker talker_config:qwen2_5_omni_talker"},
    {"qwen2_5_omni_audio_encoder",
     "d_model|hidden_size=1280 encoder_layers|num_hidden_layers=32 encoder_attention_heads|num_attention_heads=20 "
     "encoder_ffn_dim|intermediate_size=5120 num_mel_bins=128 max_source_positions=1500 n_window=100 output_dim=3584"},
    {"qwen2_5_omni_talker",
     "vocab_size=8448 hidden_size=3584 num_hidden_layers=28 num_attention_heads=28 num_key_value_heads=4 head_dim=128 "
     "intermediate_size=18944 max_position_embeddings=32768 tie_word_embeddings=false embedding_size=3584 spatial_merge_size=2 "
     "use_sliding_window=false"},
    {"qwen2_5_omni_thinker",
     "tie_word_embeddings=false text_config:qwen2_5_omni_text vision_config:qwen2_5_omni_vision_encoder "
     "audio_config:qwen2_5_omni_audio_encoder"},
    {"qwen2_5_omni_vision_encoder qwen2_5_vl_vision",
     "hidden_size=3584 depth|num_hidden_layers=32 num_heads|num_attention_heads=16 intermediate_size=3420 in_channels|in_chans=3 "
     "patch_size=14 spatial_merge_size=2 temporal_patch_size=2 window_size=112 out_hidden_size=3584 "
     "fullatt_block_indexes=[7,15,23,31]"},
    {"qwen2_5_vl", "tie_word_embeddings=false vision_config:qwen2_5_vl_vision text_config:qwen2_5_vl_text"},
    {"qwen2_audio", "text_config?qwen2 audio_config?qwen2_audio_encoder"},
    {"qwen2_audio_encoder",
     "d_model|hidden_size=1280 encoder_layers|num_hidden_layers=32 encoder_attention_heads|num_attention_heads=20 "
     "encoder_ffn_dim|intermediate_size=5120 num_mel_bins=128 max_source_positions=1500"},
    {"qwen2_vl", "tie_word_embeddings=false vision_config:qwen2_vl_vision text_config:qwen2_vl_text"},
    {"qwen2_vl_vision",
     "hidden_size=3584 depth|num_hidden_layers=32 num_heads|num_attention_heads=16 embed_dim=1280 mlp_ratio=4 "
     "in_channels|in_chans=3 patch_size=14 spatial_merge_size=2 temporal_patch_size=2"},
    {"qwen3_5", "tie_word_embeddings=false vision_config:qwen3_5_vision text_config:qwen3_5_text"},
    {"qwen3_5_moe", "tie_word_embeddings=false vision_config:qwen3_5_moe_vision text_config:qwen3_5_moe_text"},
    {"qwen3_5_moe_vision qwen3_5_vision",
     "hidden_size=1152 depth|num_hidden_layers=27 num_heads|num_attention_heads=16 intermediate_size=4304 in_channels|in_chans=3 "
     "patch_size=16 spatial_merge_size=2 temporal_patch_size=2 out_hidden_size=3584 num_position_embeddings=2304"},
    {"qwen3_asr", "tie_word_embeddings=true audio_config?qwen3_asr_encoder text_config?qwen3"},
    {"qwen3_asr_encoder",
     "d_model|hidden_size=1024 encoder_layers|num_hidden_layers=24 encoder_attention_heads|num_attention_heads=16 "
     "encoder_ffn_dim|intermediate_size=4096 max_position_embeddings=13 num_mel_bins=128 n_window=50 output_dim=3584 "
     "n_window_infer=800 downsample_hidden_size=480"},
    {"qwen3_omni_moe", "thinker_config:qwen3_omni_moe_thinker"},
    {"qwen3_omni_moe_audio_encoder",
     "d_model|hidden_size=1280 encoder_layers|num_hidden_layers=32 encoder_attention_heads|num_attention_heads=20 "
     "encoder_ffn_dim|intermediate_size=5120 num_mel_bins=128 max_source_positions=1500 n_window=50 output_dim=3584 "
     "n_window_infer=800 conv_chunksize=500 downsample_hidden_size=480"},
    {"qwen3_omni_moe_thinker",
     "tie_word_embeddings=false text_config:qwen3_omni_moe_text vision_config:qwen3_omni_moe_vision_encoder "
     "audio_config:qwen3_omni_moe_audio_encoder"},
    {"qwen3_omni_moe_vision_encoder qwen3_vl_moe_vision qwen3_vl_vision",
     "hidden_size=1152 depth|num_hidden_layers=27 num_heads|num_attention_heads=16 intermediate_size=4304 in_channels|in_chans=3 "
     "patch_size=16 spatial_merge_size=2 temporal_patch_size=2 out_hidden_size=3584 num_position_embeddings=2304 "
     "deepstack_visual_indexes=[8,16,24]"},
    {"qwen3_vl", "tie_word_embeddings=false vision_config:qwen3_vl_vision text_config:qwen3_vl_text"},
    {"qwen3_vl_moe", "tie_word_embeddings=false vision_config:qwen3_vl_moe_vision text_config:qwen3_vl_moe_text"},
    {"siglip", "vision_config:siglip_vision_model text_config:siglip_text_model"},
    {"siglip2_vision_model",
     "hidden_size=768 num_hidden_layers=12 num_attention_heads=12 intermediate_size=3072 num_channels=3 patch_size=16 "
     "num_patches=256"},
    {"siglip_vision_model",
     "hidden_size=768 num_hidden_layers=12 num_attention_heads=12 intermediate_size=3072 num_channels=3 image_size=224 "
     "patch_size=16"},
    {"smolvlm", "tie_word_embeddings=false text_config?llama vision_config:smolvlm_vision"},
    {"step3p5_vision",
     "hidden_size|width=1536 num_hidden_layers|layers=47 num_attention_heads|heads=16 max_position_embeddings=2704 num_channels=3 "
     "image_size=728 patch_size=14 mlp_ratio=5.833333333333333"},
    {"step3p7", "vision_config:step3p5_vision text_config:step3p5"},
    {"voxtral", "text_config?llama audio_config?voxtral_encoder"},
    {"voxtral_encoder",
     "vocab_size=51866 hidden_size|d_model=1280 num_hidden_layers|encoder_layers=32 num_attention_heads|encoder_attention_heads=20 "
     "intermediate_size|encoder_ffn_dim=5120 num_mel_bins=128 max_source_positions=1500"},
};

}  // namespace

std::span<const ClassDefaults> media_class_defaults() { return rows; }

}  // namespace vramauto::model
