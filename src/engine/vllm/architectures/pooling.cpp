// Sources: see architectures.cpp; is_causal: models/config.py.
#include "engine/vllm/architectures.hpp"

namespace vramauto::engine::vllm {
namespace {

constexpr Version kV24{0, 24, 0}, kV25{0, 25, 0}, kV26{0, 26, 0};

constexpr Architecture kRows[] = {
    // Encoders: on one pipeline stage only.
    {.names = "BertModel BertSpladeSparseEmbeddingModel GteModel GteNewModel ModernBertModel NomicBertModel SiglipModel HF_ColBERT "
              "ColBERTModernBertModel ColBERTJinaRobertaModel ColModernVBertForRetrieval BertForTokenClassification "
              "ModernBertForTokenClassification BertForSequenceClassification GteNewForSequenceClassification "
              "ModernBertForSequenceClassification Terratorch",
     .refuses_pp = true,
     .encoder_only = true},
    {.names = "BgeM3EmbeddingModel RobertaForMaskedLM RobertaModel XLMRobertaModel RobertaForSequenceClassification "
              "XLMRobertaForSequenceClassification",
     .until = kV25,
     .refuses_pp = true,
     .encoder_only = true,
     .plain_tables = true},
    {.names = "BgeM3EmbeddingModel RobertaForMaskedLM RobertaModel XLMRobertaModel RobertaForSequenceClassification "
              "XLMRobertaForSequenceClassification",
     .since = kV25,
     .refuses_pp = true,
     .encoder_only = true},
    // Transformers' class once, which has no plan to divide it and leaves the head out; a class of vLLM's own since.
    {.names = "BertForMaskedLM",
     .until = kV26,
     .refuses_tp = true,
     .refuses_pp = true,
     .encoder_only = true,
     .plain_tables = true,
     .builds_no_head = true},
    {.names = "BertForMaskedLM RobertaForTokenClassification XLMRobertaForTokenClassification",
     .since = {0, 26, 0},
     .refuses_pp = true,
     .encoder_only = true},
    {.names = "ColUltraVBertForRetrieval ModernVBertModel", .since = {0, 33, 0}, .refuses_pp = true, .encoder_only = true},
    {.names = "ErnieModel ErnieForTokenClassification ErnieForSequenceClassification",
     .until = kV24,
     .refuses_pp = true,
     .encoder_only = true},
    {.names = "PrithviGeoSpatialMAE", .until = {0, 29, 0}, .refuses_pp = true, .encoder_only = true},

    // Decoders that look both ways.
    {.names = "LlamaBidirectionalModel LlamaBidirectionalForSequenceClassification", .refuses_pp = true, .encoder_only = true},
    {.names = "LlamaNemotronVLModel LlamaNemotronVLForSequenceClassification", .encoder_only = true},
    {.names = "VoyageQwen3BidirectionalEmbedModel", .refuses_pp = true, .encoder_only = true, .builds_no_head = true},
    {.names = "Lfm2BidirectionalModel", .since = {0, 33, 0}, .refuses_pp = true, .encoder_only = true, .builds_no_head = true},
    {.names = "OpenAIPrivacyFilterForTokenClassification",
     .since = {0, 25, 0},
     .refuses_pp = true,
     .encoder_only = true,
     .builds_no_head = true},
    {.names = "DeepseekV3BidirectionalModel", .since = {0, 29, 0}, .encoder_only = true},
    {.names = "EmbeddingGemma2Model", .since = {0, 32, 0}, .encoder_only = true},

    // Decoders that are pooled.
    {.names = "InternLM2ForRewardModel", .ends_on_all_stages = true},
    {.names = "Qwen2ForRewardModel", .builds_no_head = true},
    {.names = "Qwen2ForProcessRewardModel", .pools_whole_prompt = true, .builds_no_head = true},
    {.names = "GPT2ForSequenceClassification", .refuses_pp = true, .builds_no_head = true},
    {.names = "JinaForRanking", .since = {0, 20, 0}, .refuses_pp = true, .builds_no_head = true},
    {.names = "ColBERTLfm2Model", .refuses_pp = true, .builds_no_head = true},
    {.names = "CLIPModel", .refuses_pp = true, .ignores_cache_dtype = true},
    {.names = "JambaForSequenceClassification ColPaliForRetrieval ColQwen3 OpsColQwen3Model ColQwen3_5 Qwen3VLNemotronEmbedModel "
              "JinaVLForRanking"},
    {.names = "Qwen3ASRForcedAlignerForTokenClassification", .builds_no_head = true},
    {.names = "JinaEmbeddingsV5Model", .since = {0, 20, 0}},
    {.names = "ClefOmniForJointSchema", .since = {0, 32, 0}},
    {.names = "ClefFlashForJointSchema", .since = {0, 33, 0}},
    {.names = "D3ForSequenceClassification", .since = {0, 33, 0}, .refuses_pp = true},
};

}  // namespace

std::span<const Architecture> pooling_architectures() { return kRows; }

}  // namespace vramauto::engine::vllm
