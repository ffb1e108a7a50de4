// Encoders of BERT's form that turn instead of adding positions: Nomic, GTE, Jina. Source: vLLM 0.33, models/bert_with_rope.py, and
// models/config.py for what each reads.
#include <algorithm>
#include <string>

#include "estimator/decoder/windows.hpp"
#include "pooling.hpp"

namespace vramauto::pooling {
namespace {

constexpr estimator::Family kFamily{.architectures = "", .names = nullptr, .norm = estimator::Norm::layer};

struct Shape {
  bool gated = true, bias = true, up_bias = true;
  std::uint32_t experts = 0, every = 0;  // an MLP of experts in each layer whose number is 1 modulo `every`
};

struct Names {
  std::string_view embeddings, norm, layer, qkv, out, up, down, attention_norm, mlp_norm;
};
constexpr Names kNomic{"embeddings", "emb_ln", "encoder.layers.*.", "attn.Wqkv", "attn.out_proj", "mlp.fc1", "mlp.fc2",
                       "norm1",      "norm2"};
constexpr Names kJina{"embeddings", "emb_ln", "encoder.layers.*.", "mixer.Wqkv", "mixer.out_proj", "mlp.fc1", "mlp.fc2",
                      "norm1",      "norm2"};
constexpr Names kGte{"embeddings",
                     "embeddings.LayerNorm",
                     "encoder.layer.*.",
                     "attention.qkv_proj",
                     "attention.o_proj",
                     "mlp.up_gate_proj",
                     "mlp.down_proj",
                     "attn_ln",
                     "mlp_ln"};

class RopeBert {
 public:
  RopeBert(const Description& model, const Sizes& sizes, const Shape& shape, const Names& names, std::string_view prefix)
      : model_(model), sizes_(sizes), shape_(shape), names_(names), prefix_(prefix) {}

  vramauto_status write(const estimator::Table& table) const {
    VRAMAUTO_DO(embeddings());
    VRAMAUTO_DO(attention());
    if (table.width)
      VRAMAUTO_DO(
          model_.add(Tensors("rotary_emb", VRAMAUTO_ROLE_ROPE, sizes_.all(), table.rows, table.width).with(VRAMAUTO_NOT_STORED)));
    const auto has_experts = [&](std::uint32_t layer) { return shape_.experts && shape_.every && layer % shape_.every == 1; };
    for (const auto& range : estimator::ranges_of(sizes_.layers, [&](std::uint32_t layer) { return !has_experts(layer); }))
      VRAMAUTO_DO(mlp(range));
    for (const auto& range : estimator::ranges_of(sizes_.layers, has_experts)) VRAMAUTO_DO(experts(range));
    VRAMAUTO_DO(norm(in_layer(names_.attention_norm), sizes_.all()));
    VRAMAUTO_DO(norm(in_layer(names_.mlp_norm), sizes_.all()));
    return add_forward(model_, sizes_, sizes_.all(), shape_.gated);
  }

 private:
  std::string named(std::string_view part) const { return prefix_ + std::string(part); }
  std::string in_layer(std::string_view part) const { return named(names_.layer) + std::string(part); }

  vramauto_status norm(const std::string& name, const vramauto_layers& at) const {
    return add_plain(model_, name.c_str(), VRAMAUTO_ROLE_NORM, at, sizes_.hidden, 1, true);
  }

  vramauto_status embeddings() const {
    const auto words = named(names_.embeddings) + ".word_embeddings", types = named(names_.embeddings) + ".token_type_embeddings";
    VRAMAUTO_DO(
        model_.add(Tensors(words.c_str(), VRAMAUTO_ROLE_EMBEDDING, kInput, sizes_.vocab, sizes_.hidden).by(VRAMAUTO_SPLIT_VOCAB)));
    if (sizes_.types)
      VRAMAUTO_DO(model_.add(
          Tensors(types.c_str(), VRAMAUTO_ROLE_EMBEDDING, kInput, sizes_.types, sizes_.hidden).by(VRAMAUTO_SPLIT_VOCAB)));
    return norm(named(names_.norm), kInput);
  }

  vramauto_status attention() const {
    const auto qkv = in_layer(names_.qkv);
    for (int part = 0; part < 3; ++part)
      VRAMAUTO_DO(model_.add(Tensors(qkv.c_str(), VRAMAUTO_ROLE_LINEAR, sizes_.all(), sizes_.hidden, sizes_.hidden)
                                 .heads(sizes_.heads, VRAMAUTO_UNEVEN_REFUSE)
                                 .part_of(estimator::kQkv)
                                 .with(flag(shape_.bias, VRAMAUTO_BIAS))));
    return model_.add(Tensors(in_layer(names_.out).c_str(), VRAMAUTO_ROLE_LINEAR, sizes_.all(), sizes_.hidden, sizes_.hidden)
                          .by(VRAMAUTO_SPLIT_COLS)
                          .with(flag(shape_.bias, VRAMAUTO_BIAS)));
  }

  vramauto_status mlp(const vramauto_layers& range) const {
    const auto up = in_layer(names_.up);
    for (int part = shape_.gated ? 0 : 1; part < 2; ++part)
      VRAMAUTO_DO(model_.add(Tensors(up.c_str(), VRAMAUTO_ROLE_LINEAR, range, sizes_.intermediate, sizes_.hidden)
                                 .by(VRAMAUTO_SPLIT_ROWS)
                                 .part_of(estimator::kGateUp)
                                 .with(flag(shape_.up_bias, VRAMAUTO_BIAS))));
    return model_.add(Tensors(in_layer(names_.down).c_str(), VRAMAUTO_ROLE_LINEAR, range, sizes_.hidden, sizes_.intermediate)
                          .by(VRAMAUTO_SPLIT_COLS)
                          .with(flag(shape_.bias, VRAMAUTO_BIAS)));
  }

  // NomicMoE: one up projection an expert, divided along its width; one bias for all.
  vramauto_status experts(const vramauto_layers& range) const {
    VRAMAUTO_DO(
        add_plain(model_, in_layer("mlp.router.layer").c_str(), VRAMAUTO_ROLE_ROUTER, range, shape_.experts, sizes_.hidden, false));
    for (const bool up : {true, false}) {
      const auto name = in_layer(up ? "mlp.experts.mlp.w1" : "mlp.experts.mlp.w2");
      Tensors tensors(name.c_str(), VRAMAUTO_ROLE_EXPERT, range, up ? sizes_.intermediate : sizes_.hidden,
                      up ? sizes_.hidden : sizes_.intermediate);
      tensors.copies = shape_.experts;
      VRAMAUTO_DO(model_.add(tensors.by(up ? VRAMAUTO_SPLIT_ROWS : VRAMAUTO_SPLIT_COLS)));
    }
    return add_plain(model_, in_layer("mlp.experts.bias").c_str(), VRAMAUTO_ROLE_OTHER, range, sizes_.hidden, 1, false);
  }

  const Description& model_;
  const Sizes& sizes_;
  const Shape& shape_;
  const Names& names_;
  std::string prefix_;
};

Answer<std::string_view> text_or(const Description& model, const char* at, std::string_view otherwise) {
  return model.has(at) ? model.text(at) : Answer<std::string_view>{otherwise, VRAMAUTO_OK};
}

// Rotary table of `positions`, over rotary_emb_dim elements of a head where the file names them.
Answer<estimator::Table> table_for(const Description& model, const Sizes& sizes, std::uint64_t positions) {
  auto rope = VRAMAUTO_TAKE(estimator::read_rope(model, kFamily, {}, sizes.head_dim()));
  if (model.has("/rotary_emb_dim")) {
    const auto width = VRAMAUTO_TAKE(model.positive("rotary_emb_dim", sizes.head_dim()));
    rope.part = static_cast<double>(width) / sizes.head_dim();
  }
  return {estimator::table_of(rope, positions, sizes.head_dim()), VRAMAUTO_OK};
}

vramauto_status nomic(const Description& model, std::string_view) {
  auto sizes = VRAMAUTO_READ(read_sizes(model));
  if (model.has("/n_inner")) sizes.intermediate = static_cast<std::uint32_t>(VRAMAUTO_READ(model.positive("n_inner", kMostWidth)));
  Shape shape;
  shape.gated = VRAMAUTO_READ(text_or(model, "/activation_function", "swiglu")) == "swiglu";
  if (model.has("/qkv_proj_bias")) shape.bias = VRAMAUTO_READ(model.boolean("/qkv_proj_bias"));
  shape.up_bias = shape.bias;
  if (model.has("/num_experts")) shape.experts = static_cast<std::uint32_t>(VRAMAUTO_READ(model.positive("num_experts", 65536)));
  if (model.has("/moe_every_n_layers")) {
    const auto every = VRAMAUTO_READ(model.integer("/moe_every_n_layers"));
    shape.every = every > 0 && every <= 4096 ? static_cast<std::uint32_t>(every) : 0;
  }
  VRAMAUTO_DO(set_traits(model, sizes, sizes.positions));
  return RopeBert(model, sizes, shape, kNomic, "").write(VRAMAUTO_READ(table_for(model, sizes, sizes.positions)));
}

// The up projection has no bias, whatever the others have: GteNewModel.
vramauto_status gte(const Description& model, std::string_view architecture) {
  const auto sizes = VRAMAUTO_READ(read_sizes(model));
  Shape shape;
  shape.up_bias = false;
  VRAMAUTO_DO(set_traits(model, sizes, sizes.positions));
  const bool scores = architecture == "GteNewForSequenceClassification";
  const auto table = VRAMAUTO_READ(table_for(model, sizes, sizes.positions));
  VRAMAUTO_DO(RopeBert(model, sizes, shape, kGte, scores ? "new." : "").write(table));
  if (!scores) return VRAMAUTO_OK;
  const auto dtype = VRAMAUTO_READ(head_dtype(model));
  VRAMAUTO_DO(add_plain(model, "new.pooler.dense", VRAMAUTO_ROLE_OTHER, kOutput, sizes.hidden, sizes.hidden, true, dtype));
  return add_plain(model, "classifier", VRAMAUTO_ROLE_LINEAR, kOutput, VRAMAUTO_READ(read_labels(model)), sizes.hidden, true,
                   dtype);
}

constexpr Kind kKinds[] = {
    {"NomicBertModel", nomic},
    {"GteModel GteNewModel GteNewForSequenceClassification", gte},
};

}  // namespace

const Kind* find_rope_bert(std::string_view architecture) { return find_in(kKinds, architecture); }

// XLM-RoBERTa with rotary positions (jina-embeddings-v3, jina-colbert-v2): models/roberta.py, _build_model; the table is rounded up
// to a multiple of 8: models/config.py, JinaRobertaModelConfig.
vramauto_status describe_jina(const Description& model, const Sizes& sizes, std::string_view prefix) {
  Shape shape;
  shape.gated = false;
  if (model.has("/hidden_act")) {
    const auto act = VRAMAUTO_READ(model.text("/hidden_act"));
    shape.gated = act == "silu" || act == "geglu";
  }
  const auto positions = (sizes.positions + 7) / 8 * 8;
  return RopeBert(model, sizes, shape, kJina, prefix).write(VRAMAUTO_READ(table_for(model, sizes, positions)));
}

}  // namespace vramauto::pooling
