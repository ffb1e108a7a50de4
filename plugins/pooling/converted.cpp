// Decoders that are pooled. The decoder's own estimator describes it; what scores comes after the last layer.
#include <string>

#include "pooling.hpp"

namespace vramauto::pooling {
namespace {

// vLLM 0.33, config/model.py, _SUFFIX_TO_DEFAULTS: suffixes of the pooling runner, and whether the conversion adds a score.
struct Suffix {
  std::string_view text;
  bool scores;
};
constexpr Suffix kSuffixes[] = {{"ForTextEncoding", false},
                                {"EmbeddingModel", false},
                                {"ForSequenceClassification", true},
                                {"ForTokenClassification", true},
                                {"ForAudioClassification", true},
                                {"ForImageClassification", true},
                                {"ForVideoClassification", true},
                                {"ClassificationModel", true},
                                {"ForRewardModeling", false},
                                {"RewardModel", false},
                                {"Model", false}};
constexpr std::string_view kClasses[] = {"ForCausalLM", "ForConditionalGeneration", "ChatModel", "LMHeadModel"};

const Suffix* suffix_of(std::string_view architecture) {
  for (const auto ending : kClasses)
    if (architecture.ends_with(ending)) return nullptr;  // generates
  for (const auto& suffix : kSuffixes)
    if (architecture.size() > suffix.text.size() && architecture.ends_with(suffix.text)) return &suffix;
  return nullptr;
}

vramauto_status delegate(const Description& model, const char* architecture) {
  VRAMAUTO_DO(model.host()->delegate(model.call(), "", "", architecture));
  vramauto_traits traits{};
  traits.struct_size = sizeof traits;
  traits.task = 2;
  return model.traits(traits);
}

Answer<std::uint64_t> hidden_of(const Description& model) {
  constexpr std::string_view keys = "hidden_size|n_embd|d_model|n_embed";
  for (const std::string_view below : {"", "/text_config", "/llm_config", "/language_config", "/thinker_config/text_config"})
    if (!model.first(keys, below).empty()) return model.positive(keys, kMostWidth, 0, below);
  return model.positive(keys, kMostWidth);
}

// vLLM 0.33, models/adapters.py, as_seq_cls_model: one replicated layer without bias.
vramauto_status add_score(const Description& model, const char* name, std::uint64_t rows, bool bias = false) {
  const auto hidden = VRAMAUTO_READ(hidden_of(model));
  const auto dtype = VRAMAUTO_READ(head_dtype(model));
  return add_plain(model, name, VRAMAUTO_ROLE_LINEAR, kOutput, rows, hidden, bias, dtype);
}

vramauto_status add_labels(const Description& model, const char* name, bool bias = false) {
  return add_score(model, name, VRAMAUTO_READ(read_labels(model)), bias);
}

// vLLM 0.33, models/internlm2.py, InternLM2ForRewardModel.
vramauto_status internlm2_reward(const Description& model, std::string_view) {
  VRAMAUTO_DO(delegate(model, "InternLM2ForCausalLM"));
  const auto hidden = VRAMAUTO_READ(hidden_of(model));
  const auto dtype = VRAMAUTO_READ(head_dtype(model));
  return model.add(Tensors("v_head", VRAMAUTO_ROLE_LINEAR, kOutput, 1, hidden).by(VRAMAUTO_SPLIT_COLS).of(dtype));
}

// vLLM 0.33, models/qwen2_rm.py: two layers, divided as an MLP is.
vramauto_status qwen2_reward(const Description& model, std::string_view architecture) {
  VRAMAUTO_DO(delegate(model, "Qwen2ForCausalLM"));
  const auto hidden = VRAMAUTO_READ(hidden_of(model));
  const auto dtype = VRAMAUTO_READ(head_dtype(model));
  const std::uint64_t labels = architecture == "Qwen2ForRewardModel" ? 1 : 2;
  VRAMAUTO_DO(model.add(
      Tensors("score.0", VRAMAUTO_ROLE_LINEAR, kOutput, hidden, hidden).by(VRAMAUTO_SPLIT_ROWS).of(dtype).with(VRAMAUTO_BIAS)));
  return model.add(
      Tensors("score.2", VRAMAUTO_ROLE_LINEAR, kOutput, labels, hidden).by(VRAMAUTO_SPLIT_COLS).of(dtype).with(VRAMAUTO_BIAS));
}

vramauto_status gpt2_scored(const Description& model, std::string_view) {
  VRAMAUTO_DO(delegate(model, "GPT2LMHeadModel"));
  return add_labels(model, "score");
}

vramauto_status jamba_scored(const Description& model, std::string_view) {
  VRAMAUTO_DO(delegate(model, "JambaForCausalLM"));
  const bool bias = model.has("/score_bias") && VRAMAUTO_READ(model.boolean("/score_bias"));
  return add_labels(model, "score", bias);
}

vramauto_status llama_both_ways(const Description& model, std::string_view architecture) {
  VRAMAUTO_DO(delegate(model, "LlamaForCausalLM"));
  return architecture == "LlamaBidirectionalModel" ? vramauto_status{VRAMAUTO_OK} : add_labels(model, "score");
}

// vLLM 0.33, models/voyage.py: a projection in the model's own dtype.
vramauto_status voyage(const Description& model, std::string_view) {
  VRAMAUTO_DO(delegate(model, "Qwen3ForCausalLM"));
  const auto hidden = VRAMAUTO_READ(hidden_of(model));
  return add_plain(model, "linear", VRAMAUTO_ROLE_OTHER, kOutput, VRAMAUTO_READ(read_labels(model)), hidden, false);
}

// vLLM 0.33, models/jina.py, JinaEmbeddingsV5Model: a Qwen3 decoder, or an encoder that is built as a Llama.
vramauto_status jina_v5(const Description& model, std::string_view) {
  const bool encoder = model.has("/is_decoder") && !VRAMAUTO_READ(model.boolean("/is_decoder"));
  return delegate(model, encoder ? "LlamaForCausalLM" : "Qwen3ForCausalLM");
}

// vLLM 0.33, models/jina.py, JinaForRanking; models/config.py: 512 wide.
vramauto_status jina_ranking(const Description& model, std::string_view) {
  VRAMAUTO_DO(delegate(model, "Qwen3ForCausalLM"));
  const auto half = VRAMAUTO_READ(hidden_of(model)) / 2;
  if (half == 0) return model.fail(VRAMAUTO_E_FORMAT, "/hidden_size is 1, expected at least 2");
  VRAMAUTO_DO(add_plain(model, "projector.0", VRAMAUTO_ROLE_OTHER, kOutput, half, 2 * half, false));
  return add_plain(model, "projector.2", VRAMAUTO_ROLE_OTHER, kOutput, 512, half, false);
}

vramauto_status jina_vl(const Description& model, std::string_view) {
  VRAMAUTO_DO(delegate(model, "Qwen2VLForConditionalGeneration"));
  const auto hidden = VRAMAUTO_READ(hidden_of(model));
  const auto dtype = VRAMAUTO_READ(head_dtype(model));
  VRAMAUTO_DO(model.add(
      Tensors("score.0", VRAMAUTO_ROLE_LINEAR, kOutput, hidden, hidden).by(VRAMAUTO_SPLIT_ROWS).of(dtype).with(VRAMAUTO_BIAS)));
  return model.add(
      Tensors("score.2", VRAMAUTO_ROLE_LINEAR, kOutput, 1, hidden).by(VRAMAUTO_SPLIT_COLS).of(dtype).with(VRAMAUTO_BIAS));
}

vramauto_status plain(const Description& model, std::string_view architecture) {
  const char* base = architecture == "Gemma3TextModel"                ? "Gemma3ForCausalLM"
                     : architecture == "DeepseekV3BidirectionalModel" ? "DeepseekV3ForCausalLM"
                                                                      : "Lfm2ForCausalLM";
  return delegate(model, base);
}

// vLLM 0.33, models/colbert.py, colpali.py, colqwen3.py, colqwen3_5.py: one projection; its width is stated or is 128.
vramauto_status project(const Description& model, const char* name, bool bias) {
  const auto width = VRAMAUTO_READ(model.positive("embedding_dim|embed_dim|dims|dim|projection_dim|colbert_dim", kMostWidth, 128));
  const auto hidden = VRAMAUTO_READ(hidden_of(model));
  return add_plain(model, name, VRAMAUTO_ROLE_OTHER, kOutput, width, hidden, bias, VRAMAUTO_READ(head_dtype(model)));
}

vramauto_status colpali(const Description& model, std::string_view) {
  VRAMAUTO_DO(delegate(model, "PaliGemmaForConditionalGeneration"));
  return project(model, "custom_text_proj", false);
}

vramauto_status colqwen(const Description& model, std::string_view architecture) {
  const bool hybrid = architecture == "ColQwen3_5";
  VRAMAUTO_DO(delegate(model, hybrid ? "Qwen3_5ForConditionalGeneration" : "Qwen3VLForConditionalGeneration"));
  return project(model, "custom_text_proj", hybrid);
}

vramauto_status colbert_lfm2(const Description& model, std::string_view) {
  VRAMAUTO_DO(delegate(model, "Lfm2ForCausalLM"));
  return project(model, "linear", false);
}

// vLLM 0.33, models/qwen3_asr_forced_aligner.py: bins of time, in the model's own dtype.
vramauto_status aligner(const Description& model, std::string_view) {
  VRAMAUTO_DO(delegate(model, "Qwen3ASRForConditionalGeneration"));
  const auto bins = VRAMAUTO_READ(model.positive("classify_num", kMostLabels, 0, "/thinker_config"));
  return add_plain(model, "classifier", VRAMAUTO_ROLE_OTHER, kOutput, bins, VRAMAUTO_READ(hidden_of(model)), false);
}

// vLLM 0.33, models/d3.py: one row for each answer code.
vramauto_status decision(const Description& model, std::string_view) {
  VRAMAUTO_DO(delegate(model, "Qwen3_5ForConditionalGeneration"));
  if (model.type("/decision_config/codes") != VRAMAUTO_JSON_ARRAY) return add_labels(model, "score");
  const auto codes = VRAMAUTO_READ(model.length("/decision_config/codes"));
  if (codes == 0 || codes > kMostLabels)
    return model.fail(VRAMAUTO_E_FORMAT,
                      "/decision_config/codes has " + std::to_string(codes) + " entries, expected 1 to 16777216");
  return add_score(model, "score", codes);
}

// vLLM 0.33, models/openai_privacy_filter.py.
vramauto_status privacy_filter(const Description& model, std::string_view) {
  VRAMAUTO_DO(delegate(model, "GptOssForCausalLM"));
  return add_labels(model, "score", true);
}

constexpr Kind kKinds[] = {
    {"InternLM2ForRewardModel", internlm2_reward},
    {"Qwen2ForRewardModel Qwen2ForProcessRewardModel", qwen2_reward},
    {"GPT2ForSequenceClassification", gpt2_scored},
    {"JambaForSequenceClassification", jamba_scored},
    {"LlamaBidirectionalModel LlamaBidirectionalForSequenceClassification", llama_both_ways},
    {"VoyageQwen3BidirectionalEmbedModel", voyage},
    {"JinaEmbeddingsV5Model", jina_v5},
    {"JinaForRanking", jina_ranking},
    {"JinaVLForRanking", jina_vl},
    {"Gemma3TextModel DeepseekV3BidirectionalModel Lfm2BidirectionalModel", plain},
    {"ColPaliForRetrieval", colpali},
    {"ColQwen3 OpsColQwen3Model ColQwen3_5 Qwen3VLNemotronEmbedModel", colqwen},
    {"ColBERTLfm2Model", colbert_lfm2},
    {"Qwen3ASRForcedAlignerForTokenClassification", aligner},
    {"D3ForSequenceClassification", decision},
    {"OpenAIPrivacyFilterForTokenClassification", privacy_filter},
};

}  // namespace

const Kind* find_wrapped(std::string_view architecture) { return find_in(kKinds, architecture); }

vramauto_status describe_pooled(const Description& model, std::string_view architecture) {
  return delegate(model, std::string(architecture).c_str());
}

bool is_converted(std::string_view architecture) { return suffix_of(architecture) != nullptr; }

vramauto_status describe_converted(const Description& model, std::string_view architecture) {
  const auto* suffix = suffix_of(architecture);
  const auto stem = architecture.substr(0, architecture.size() - suffix->text.size());
  for (const auto ending : kClasses) {
    const auto status = delegate(model, std::string(stem).append(ending).c_str());
    if (status == VRAMAUTO_OK) return suffix->scores ? add_labels(model, "score") : vramauto_status{VRAMAUTO_OK};
    if (status != VRAMAUTO_E_NO_ESTIMATOR) return status;
  }
  return model.fail(VRAMAUTO_E_UNSUPPORTED, "no estimator knows " + std::string(architecture) + ", nor " + std::string(stem) +
                                                "ForCausalLM, which it would be made of");
}

}  // namespace vramauto::pooling
