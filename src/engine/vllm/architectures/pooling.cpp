// Sources: see architectures.cpp.
#include "engine/vllm/architectures.hpp"

namespace vramauto::engine::vllm {
namespace {

constexpr Version kV20{0, 20, 0};

constexpr Architecture kRows[] = {
    {.names = "BertModel BertSpladeSparseEmbeddingModel BgeM3EmbeddingModel GteModel GteNewModel "
              "LlamaBidirectionalModel ModernBertModel NomicBertModel RobertaForMaskedLM RobertaModel "
              "VoyageQwen3BidirectionalEmbedModel XLMRobertaModel CLIPModel ColPaliForRetrieval "
              "LlamaNemotronVLModel SiglipModel Terratorch HF_ColBERT ColBERTModernBertModel "
              "ColBERTJinaRobertaModel ColBERTLfm2Model ColModernVBertForRetrieval ColQwen3 OpsColQwen3Model "
              "ColQwen3_5 Qwen3VLNemotronEmbedModel InternLM2ForRewardModel Qwen2ForRewardModel "
              "Qwen2ForProcessRewardModel BertForTokenClassification ModernBertForTokenClassification "
              "Qwen3ASRForcedAlignerForTokenClassification BertForSequenceClassification "
              "GPT2ForSequenceClassification GteNewForSequenceClassification JambaForSequenceClassification "
              "LlamaBidirectionalForSequenceClassification ModernBertForSequenceClassification "
              "RobertaForSequenceClassification XLMRobertaForSequenceClassification JinaVLForRanking "
              "LlamaNemotronVLForSequenceClassification"},
    {.names = "BertForMaskedLM DeepseekV3BidirectionalModel JinaEmbeddingsV5Model Lfm2BidirectionalModel "
              "EmbeddingGemma2Model JinaForRanking ColUltraVBertForRetrieval ModernVBertModel "
              "ClefFlashForJointSchema ClefOmniForJointSchema OpenAIPrivacyFilterForTokenClassification "
              "RobertaForTokenClassification XLMRobertaForTokenClassification D3ForSequenceClassification",
     .since = kV20},
    {.names = "ErnieModel ErnieForTokenClassification ErnieForSequenceClassification", .until = {0, 24, 0}},
    {.names = "PrithviGeoSpatialMAE", .until = {0, 29, 0}},
};

}  // namespace

std::span<const Architecture> pooling_architectures() { return kRows; }

}  // namespace vramauto::engine::vllm
