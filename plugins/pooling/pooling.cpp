#include "pooling.hpp"

#include <algorithm>

#include "support/dtype.hpp"

namespace vramauto::pooling {
namespace {

constexpr vramauto_dtype kF32 = VRAMAUTO_F32;

Answer<std::uint32_t> size(const Description& model, std::string_view keys, std::uint64_t most, std::string_view below) {
  const auto value = VRAMAUTO_TAKE(model.positive(keys, most, 0, below));
  return {static_cast<std::uint32_t>(value), VRAMAUTO_OK};
}

}  // namespace

Answer<Sizes> read_sizes(const Description& model, std::string_view below) {
  Sizes out;
  out.hidden = VRAMAUTO_TAKE(size(model, "hidden_size|n_embd", kMostWidth, below));
  out.layers = VRAMAUTO_TAKE(size(model, "num_hidden_layers|n_layer", kMostLayers, below));
  out.heads = VRAMAUTO_TAKE(size(model, "num_attention_heads|n_head", 1u << 16, below));
  out.intermediate = VRAMAUTO_TAKE(size(model, "intermediate_size|n_inner", kMostWidth, below));
  if (out.hidden % out.heads != 0)
    return {{},
            model.fail(VRAMAUTO_E_FORMAT, "/num_attention_heads is " + std::to_string(out.heads) +
                                              ", expected a divisor of the hidden size " + std::to_string(out.hidden))};
  out.vocab = VRAMAUTO_TAKE(size(model, "vocab_size", 1u << 26, below));
  out.positions = VRAMAUTO_TAKE(model.positive("max_position_embeddings|n_positions", kMostPositions, 512, below));
  const auto types = std::string(below) + "/type_vocab_size";
  if (model.has(types.c_str())) {
    const auto stated = VRAMAUTO_TAKE(model.integer(types.c_str()));
    if (stated < 0 || stated > (1 << 20))
      return {{}, model.fail(VRAMAUTO_E_FORMAT, types + " is " + std::to_string(stated) + ", expected 0 to 1048576")};
    out.types = static_cast<std::uint64_t>(stated);
  }
  return {out, VRAMAUTO_OK};
}

// sentence-transformers' own length wins: vLLM 0.33, config/model.py, _get_and_verify_max_len (encoder_config).
Answer<std::uint64_t> stated_length(const Description& model, std::uint64_t otherwise) {
  constexpr auto* at = "sentence_bert_config.json#/max_seq_length";
  if (model.type(at) != VRAMAUTO_JSON_INT) return {otherwise, VRAMAUTO_OK};
  const auto length = VRAMAUTO_TAKE(model.integer(at));
  if (length <= 0 || static_cast<std::uint64_t>(length) > kMostPositions)
    return {0, model.fail(VRAMAUTO_E_FORMAT, std::string(at) + " is " + std::to_string(length) + ", expected a positive integer")};
  return {static_cast<std::uint64_t>(length), VRAMAUTO_OK};
}

vramauto_status set_traits(const Description& model, const Sizes& sizes, std::uint64_t length) {
  vramauto_traits traits{};
  traits.struct_size = sizeof traits;
  traits.task = 2;
  traits.layers = sizes.layers;
  traits.hidden = sizes.hidden;
  traits.vocab = sizes.vocab;
  traits.max_model_len = VRAMAUTO_READ(stated_length(model, length));
  traits.dtype = VRAMAUTO_READ(read_dtype(model));
  return model.traits(traits);
}

Answer<vramauto_dtype> read_dtype(const Description& model) {
  const auto at = model.first("dtype|torch_dtype");
  if (at.empty()) return {0, VRAMAUTO_OK};
  return {dtype_from_torch(VRAMAUTO_TAKE(model.text(at.c_str()))), VRAMAUTO_OK};
}

Answer<vramauto_dtype> head_dtype(const Description& model) {
  if (!model.has("/head_dtype")) return {kF32, VRAMAUTO_OK};
  const auto stated = VRAMAUTO_TAKE(model.text("/head_dtype"));
  return {stated == "model" ? vramauto_dtype{0} : dtype_from_torch(stated), VRAMAUTO_OK};
}

Answer<std::uint64_t> read_labels(const Description& model) {
  // vLLM 0.33, models/adapters.py, SequenceClassificationConfig: one score from two tokens, or one score a token.
  const bool original = model.has("/is_original_qwen3_reranker") && VRAMAUTO_TAKE(model.boolean("/is_original_qwen3_reranker"));
  if (original) return {1, VRAMAUTO_OK};
  const auto method = model.first("method");
  if (!method.empty() && model.type("/classifier_from_token") == VRAMAUTO_JSON_ARRAY) {
    if (VRAMAUTO_TAKE(model.text(method.c_str())) == "from_2_way_softmax") return {1, VRAMAUTO_OK};
    const auto tokens = VRAMAUTO_TAKE(model.length("/classifier_from_token"));
    if (tokens) return {std::min(tokens, kMostLabels), VRAMAUTO_OK};
  }
  if (model.type("/id2label") == VRAMAUTO_JSON_OBJECT) {
    const auto named = VRAMAUTO_TAKE(model.length("/id2label"));
    if (named) return {std::min(named, kMostLabels), VRAMAUTO_OK};
  }
  return model.positive("num_labels", kMostLabels, 2);
}

vramauto_status add_plain(const Description& model, const char* name, vramauto_role role, const vramauto_layers& at,
                          std::uint64_t rows, std::uint64_t cols, bool bias, vramauto_dtype dtype) {
  return model.add(Tensors(name, role, at, rows, cols).of(dtype).with(flag(bias, VRAMAUTO_BIAS)));
}

vramauto_status add_forward(const Description& model, const Sizes& sizes, const vramauto_layers& range, bool gated) {
  vramauto_forward out{};
  out.struct_size = sizeof out;
  out.flags = flag(!gated, VRAMAUTO_UNGATED);
  out.layers = range;
  out.query = out.attention_out = sizes.hidden;
  out.key_value = 2 * sizes.hidden;
  out.kv_heads = sizes.heads;
  out.intermediate = sizes.intermediate;
  return model.add(out);
}

namespace {

const Kind* find_kind(std::string_view architecture) {
  for (const auto find : {find_bert, find_rope_bert, find_modern_bert, find_clip, find_wrapped})
    if (const auto* kind = find(architecture)) return kind;
  return nullptr;
}

std::string_view architecture_of(const vramauto_host* host, vramauto_call* call) {
  vramauto_model_info info{};
  info.struct_size = sizeof info;
  if (host->model(call, &info) != VRAMAUTO_OK || !info.architecture) return {};
  return info.architecture;
}

// A decoder that sentence-transformers pools: vLLM 0.33, transformers_utils/config.py, get_pooling_config.
bool is_pooled(const Description& model, std::string_view architecture) {
  constexpr std::uint64_t kMost = 16;
  std::uint64_t count = 0;
  if (!architecture.ends_with("ForCausalLM") && !architecture.ends_with("ForConditionalGeneration")) return false;
  if (model.host()->json_length(model.call(), "modules.json#", &count) != VRAMAUTO_OK) return false;
  for (std::uint64_t i = 0; i < count && i < kMost; ++i) {
    const auto at = "modules.json#/" + std::to_string(i) + "/type";
    if (model.type(at.c_str()) == VRAMAUTO_JSON_STRING && model.text(at.c_str()).value.ends_with("Pooling")) return true;
  }
  return false;
}

// Whatever another estimator knows by its own name is not merely converted here.
std::int32_t match(const vramauto_host* host, vramauto_call* call) {
  const auto architecture = architecture_of(host, call);
  if (find_kind(architecture)) return 900;
  if (is_pooled(Description(host, call), architecture)) return 950;
  return is_converted(architecture) ? 550 : 0;
}

vramauto_status describe(const vramauto_host* host, vramauto_call* call) {
  const Description model(host, call);
  const auto architecture = architecture_of(host, call);
  if (const auto* kind = find_kind(architecture)) return kind->describe(model, architecture);
  if (is_pooled(model, architecture)) return describe_pooled(model, architecture);
  if (is_converted(architecture)) return describe_converted(model, architecture);
  return model.fail(VRAMAUTO_E_UNSUPPORTED, "the architecture is none of the pooling models that are known");
}

constexpr vramauto_estimator kPooling{sizeof(vramauto_estimator), 0, "pooling", match, describe};
constexpr const vramauto_estimator* kEstimators[] = {&kPooling};
constexpr vramauto_plugin kPlugin{sizeof(vramauto_plugin), 1, "org.vramauto.pooling", "0.1.0", "Apache-2.0", kEstimators};

}  // namespace
}  // namespace vramauto::pooling

VRAMAUTO_PLUGIN(pooling) {
  (void)host;
  return &vramauto::pooling::kPlugin;
}
