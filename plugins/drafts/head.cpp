// Sources: vLLM 0.33, model_executor/models/llama_eagle.py, llama_eagle3.py, qwen3_eagle3.py; registry.py for the names.
#include "head.hpp"

#include <algorithm>

namespace vramauto::drafts {
namespace {

using estimator::kInput;
using estimator::kOutput;
using estimator::kQkv;
using estimator::LayerShape;
using estimator::Tensors;

enum : std::uint8_t { kFirst = 1 };  // LayerShape::own

constexpr std::string_view kEagle = "EagleLlamaForCausalLM EagleMistralForCausalLM EagleModel";
constexpr std::string_view kEagle3 =
    "LlamaForCausalLMEagle3 Eagle3LlamaForCausalLM PEagleDraftModel PeagleLlamaForCausalLM Eagle3MiniMaxM2ForCausalLM "
    "Eagle3Qwen2_5vlForCausalLM Eagle3Qwen3vlForCausalLM";
constexpr std::string_view kEagle3Qwen3 = "Eagle3Qwen3ForCausalLM PeagleQwen3ForCausalLM";
// Many heads have the name of the decoder they are a layer of.
constexpr std::string_view kDecoders = "LlamaForCausalLM MistralForCausalLM Qwen2ForCausalLM Qwen3ForCausalLM";
constexpr std::uint64_t kMostTensors = 256;  // of a head; more are a model's

constexpr std::string_view kRoot = "config.json#";  // of a speculators' file; of others the same as their own keys

struct Seen {
  bool any = false, fc = false, midlayer = false, mapped = false, embedding = false, head = false;
};

Seen look(const vramauto_host* host, vramauto_call* call) {
  Seen out;
  vramauto_tensor_info tensor{};
  tensor.struct_size = sizeof tensor;
  for (std::uint64_t i = 0; i < kMostTensors && host->tensor(call, i, &tensor) == VRAMAUTO_OK; ++i) {
    std::string_view name(tensor.name, tensor.name_len);
    if (name.starts_with("model.")) name.remove_prefix(6);
    out.any = true;
    out.fc |= name == "fc.weight";
    out.midlayer |= name.starts_with("midlayer.");
    out.mapped |= name == "d2t";
    out.embedding |= name == "embed_tokens.weight";
    out.head |= name == "lm_head.weight";
  }
  return out;
}

Kind kind_of(const estimator::Description& model, std::string_view name, const Seen& seen) {
  if (name == "MedusaModel") return Kind::medusa;
  if (estimator::has_word(kEagle3, name) || estimator::has_word(kEagle3Qwen3, name)) return Kind::eagle3;
  if (estimator::has_word(kEagle, name)) return Kind::eagle;
  if (!estimator::has_word(kDecoders, name)) return Kind::none;
  if (seen.midlayer || seen.mapped || !model.first("draft_vocab_size", kRoot).empty()) return Kind::eagle3;
  return seen.fc ? Kind::eagle : Kind::none;
}

}  // namespace

Head head_of(const vramauto_host* host, vramauto_call* call) {
  Head out;
  vramauto_model_info info{};
  info.struct_size = sizeof info;
  if (host->model(call, &info) != VRAMAUTO_OK || !info.architecture) return out;
  const std::string_view name = info.architecture;
  const auto seen = look(host, call);
  out.kind = kind_of({host, call}, name, seen);
  out.files = seen.any;
  out.embedding = seen.embedding;
  out.own_head = seen.head;
  out.mapped = seen.mapped;
  const bool qwen3 = estimator::has_word(kEagle3Qwen3, name) || name == "Qwen3ForCausalLM";
  out.family = estimator::find_family(qwen3 ? "Qwen3ForCausalLM" : "LlamaForCausalLM");
  if (!out.family) return out;
  out.names = *out.family->names;
  out.names.embed = "embed_tokens";
  out.names.layer = seen.midlayer ? "midlayer." : "layers.*.";
  out.names.final_norm = "norm";
  return out;
}

vramauto_status HeadWriter::shapes() {
  sizes_.blocks.assign(sizes_.layers, sizes_.shape);
  sizes_.blocks.front().own = kFirst;
  return VRAMAUTO_OK;
}

// Without files a vocabulary is taken to be there: the engine shares it where it is like the model's.
vramauto_status HeadWriter::input() {
  if (!head_.files || head_.embedding) VRAMAUTO_DO(estimator::Writer::input());
  return states();
}

// The hidden states of the model, or of three of its layers, become one.
vramauto_status HeadWriter::states() {
  const auto width = VRAMAUTO_READ(model_.positive("target_hidden_size", 1 << 20, sizes_.hidden, kRoot));
  std::uint64_t count = 1;
  if (head_.kind == Kind::eagle3) {
    const auto list = model_.first("eagle_config/eagle_aux_hidden_state_layer_ids", kRoot);
    const auto listed = list.empty() ? 0 : VRAMAUTO_READ(model_.length(list.c_str()));
    count = VRAMAUTO_READ(model_.positive("num_aux_hidden_states", 64, listed ? std::min<std::uint64_t>(listed, 64) : 3, kRoot));
  }
  const auto wide = head_.kind == Kind::eagle3 ? count * width : 2 * std::uint64_t{sizes_.hidden};
  VRAMAUTO_DO(model_.add(Tensors("fc", VRAMAUTO_ROLE_LINEAR, kInput, sizes_.hidden, wide)));
  if (head_.kind != Kind::eagle3) return VRAMAUTO_OK;
  if (VRAMAUTO_READ(root_says("norm_before_fc"))) VRAMAUTO_DO(add_norm("input_norm", kInput, wide));
  return VRAMAUTO_READ(root_says("fc_norm")) ? add_norm("fc_norm", kInput, wide) : VRAMAUTO_OK;
}

estimator::Answer<bool> HeadWriter::root_says(std::string_view key) const {
  const auto at = model_.first(key, kRoot);
  return at.empty() ? estimator::Answer<bool>{} : model_.boolean(at.c_str());
}

// The first layer of EAGLE 3 attends to embeddings and states side by side.
vramauto_status HeadWriter::mixer(const LayerShape& shape, const vramauto_layers& range) {
  if (head_.kind != Kind::eagle3 || shape.own != kFirst) return estimator::Writer::mixer(shape, range);
  const auto hidden = sizes_.hidden;
  const std::uint64_t width = std::uint64_t{shape.heads} * key_dim(shape), kv = std::uint64_t{shape.kv_heads} * key_dim(shape);
  const auto bias = estimator::flag(biases_.qkv, VRAMAUTO_BIAS);
  const auto add = [&](std::string_view part, std::uint64_t rows, std::uint32_t heads, vramauto_uneven otherwise) {
    return model_.add(Tensors(named(part).c_str(), VRAMAUTO_ROLE_LINEAR, range, rows, 2ull * hidden)
                          .heads(heads, otherwise)
                          .part_of(kQkv)
                          .with(bias));
  };
  VRAMAUTO_DO(add(family_.names->q, width, shape.heads, VRAMAUTO_UNEVEN_REFUSE));
  VRAMAUTO_DO(add(family_.names->k, kv, shape.kv_heads, VRAMAUTO_UNEVEN_REPEAT));
  VRAMAUTO_DO(add(family_.names->v, kv, shape.kv_heads, VRAMAUTO_UNEVEN_REPEAT));
  VRAMAUTO_DO(
      model_.add(Tensors(named(family_.names->o).c_str(), VRAMAUTO_ROLE_LINEAR, range, hidden, width).by(VRAMAUTO_SPLIT_COLS)));
  if (qk_norm_) VRAMAUTO_DO(qk_norms(shape, range));
  return rope_ ? tables(shape, range) : VRAMAUTO_OK;
}

vramauto_status HeadWriter::norms(const LayerShape& shape, const vramauto_layers& range) {
  const bool first = shape.own == kFirst;
  if (!first || head_.kind == Kind::eagle3) VRAMAUTO_DO(add_norm(named("input_layernorm"), range, sizes_.hidden));
  if (head_.kind == Kind::eagle3) VRAMAUTO_DO(add_norm(named("hidden_norm"), range, sizes_.hidden));
  return add_norm(named("post_attention_layernorm"), range, sizes_.hidden);
}

// EAGLE ends with its last layer, EAGLE 3 in a vocabulary of its own, which may be a part of the model's.
vramauto_status HeadWriter::output() {
  if (head_.kind != Kind::eagle3) return VRAMAUTO_OK;
  VRAMAUTO_DO(add_norm("norm", kOutput, sizes_.hidden));
  if (head_.files && !head_.own_head) return VRAMAUTO_OK;
  const auto vocab = VRAMAUTO_READ(model_.positive("draft_vocab_size", 1 << 28, sizes_.vocab, kRoot));
  VRAMAUTO_DO(model_.add(Tensors("lm_head", VRAMAUTO_ROLE_HEAD, kOutput, vocab, sizes_.hidden).by(VRAMAUTO_SPLIT_VOCAB)));
  if (vocab == sizes_.vocab && !head_.mapped) return VRAMAUTO_OK;
  return model_.add(Tensors("d2t", VRAMAUTO_ROLE_OTHER, kOutput, vocab, 1).of(VRAMAUTO_I64));
}

}  // namespace vramauto::drafts
