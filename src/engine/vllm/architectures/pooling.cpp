// Sources: see architectures.cpp; is_causal: models/config.py.
#include "engine/vllm/architectures.hpp"

namespace vramauto::engine::vllm {
namespace {

constexpr Version kV20{0, 20, 0}, kV24{0, 24, 0};

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
     .until = kV20,
     .refuses_pp = true,
     .encoder_only = true,
     .plain_tables = true},
    {.names = "BgeM3EmbeddingModel RobertaForMaskedLM RobertaModel XLMRobertaModel RobertaForSequenceClassification "
              "XLMRobertaForSequenceClassification",
     .since = kV20,
     .refuses_pp = true,
     .encoder_only = true},
    // Transformers' class once, which has no plan to divide it and leaves the head out; a class of vLLM's own since.
    {.names = "BertForMaskedLM",
     .until = kV20,
     .refuses_tp = true,
     .refuses_pp = true,
     .encoder_only = true,
     .plain_tables = true,
     .builds_no_head = true},
    {.names = "BertForMaskedLM ColUltraVBertForRetrieval ModernVBertModel RobertaForTokenClassification "
              "XLMRobertaForTokenClassification",
     .since = kV20,
     .refuses_pp = true,
     .encoder_only = true},
    {.names = "ErnieModel ErnieForTokenClassification ErnieForSequenceClassification",
     .until = kV24,
     .refuses_pp = true,
     .encoder_only = true},
    {.names = "PrithviGeoSpatialMAE", .until = {0, 29, 0}, .refuses_pp = true, .encoder_only = true},

    // Decoders that look both ways.
    {.names = "LlamaBidirectionalModel LlamaBidirectionalForSequenceClassification", .refuses_pp = true, .encoder_only = true},
    {.names = "LlamaNemotronVLModel LlamaNemotronVLForSequenceClassification", .encoder_only = true},
    {.names = "VoyageQwen3BidirectionalEmbedModel", .refuses_pp = true, .encoder_only = true, .builds_no_head = true},
    {.names = "Lfm2BidirectionalModel", .since = kV20, .refuses_pp = true, .encoder_only = true, .builds_no_head = true},
    {.names = "OpenAIPrivacyFilterForTokenClassification",
     .since = kV20,
     .refuses_pp = true,
     .encoder_only = true,
     .builds_no_head = true},
    {.names = "DeepseekV3BidirectionalModel EmbeddingGemma2Model", .since = kV20, .encoder_only = true},

    // Decoders that are pooled.
    {.names = "InternLM2ForRewardModel", .ends_on_all_stages = true},
    {.names = "Qwen2ForRewardModel", .builds_no_head = true},
    {.names = "Qwen2ForProcessRewardModel", .pools_whole_prompt = true, .builds_no_head = true},
    {.names = "GPT2ForSequenceClassification", .refuses_pp = true, .builds_no_head = true},
    {.names = "JinaForRanking", .since = kV20, .refuses_pp = true, .builds_no_head = true},
    {.names = "ColBERTLfm2Model", .refuses_pp = true, .builds_no_head = true},
    {.names = "CLIPModel", .refuses_pp = true, .ignores_cache_dtype = true},
    {.names = "JambaForSequenceClassification ColPaliForRetrieval ColQwen3 OpsColQwen3Model ColQwen3_5 Qwen3VLNemotronEmbedModel "
              "JinaVLForRanking"},
    {.names = "Qwen3ASRForcedAlignerForTokenClassification", .builds_no_head = true},
    {.names = "JinaEmbeddingsV5Model ClefFlashForJointSchema ClefOmniForJointSchema", .since = kV20},
    {.names = "D3ForSequenceClassification", .since = kV20, .refuses_pp = true},
};

}  // namespace

std::span<const Architecture> pooling_architectures() { return kRows; }

}  // namespace vramauto::engine::vllm
