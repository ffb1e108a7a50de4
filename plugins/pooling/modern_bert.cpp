// ModernBERT: an encoder with rotary positions, a gated MLP and sliding windows. Source: vLLM 0.33, models/modernbert.py.
#include <algorithm>
#include <cmath>
#include <string>

#include "estimator/decoder/windows.hpp"
#include "pooling.hpp"

namespace vramauto::pooling {
namespace {

constexpr estimator::Family kFamily{.architectures = "", .names = nullptr, .norm = estimator::Norm::layer};

Answer<bool> truth(const Description& model, const char* at, bool otherwise) {
  return model.has(at) ? model.boolean(at) : Answer<bool>{otherwise, VRAMAUTO_OK};
}

struct Biases {
  bool norm = false, attention = false, mlp = false, classifier = false;
};

Answer<Biases> read_biases(const Description& model) {
  Biases out;
  out.norm = VRAMAUTO_TAKE(truth(model, "/norm_bias", false));
  out.attention = VRAMAUTO_TAKE(truth(model, "/attention_bias", false));
  out.mlp = VRAMAUTO_TAKE(truth(model, "/mlp_bias", false));
  out.classifier = VRAMAUTO_TAKE(truth(model, "/classifier_bias", false));
  return {out, VRAMAUTO_OK};
}

class ModernBert {
 public:
  ModernBert(const Description& model, const Sizes& sizes, const Biases& biases, std::string_view prefix)
      : model_(model), sizes_(sizes), biases_(biases), prefix_(prefix) {}

  vramauto_status write() const {
    VRAMAUTO_DO(
        model_.add(Tensors(named("embeddings.tok_embeddings").c_str(), VRAMAUTO_ROLE_EMBEDDING, kInput, sizes_.vocab, sizes_.hidden)
                       .by(VRAMAUTO_SPLIT_VOCAB)));
    VRAMAUTO_DO(norm("embeddings.norm", kInput));
    if (sizes_.layers > 1)  // the first layer's norm is the embedding's
      VRAMAUTO_DO(norm("layers.*.attn_norm", {1, sizes_.layers - 1, sizes_.layers - 1, sizes_.layers - 1}));
    VRAMAUTO_DO(attention());
    VRAMAUTO_DO(tables());
    VRAMAUTO_DO(norm("layers.*.mlp_norm", sizes_.all()));
    VRAMAUTO_DO(mlp());
    VRAMAUTO_DO(add_forward(model_, sizes_, sizes_.all(), true));
    return norm("final_norm", kOutput);
  }

 private:
  std::string named(std::string_view part) const { return prefix_ + std::string(part); }

  vramauto_status norm(std::string_view name, const vramauto_layers& at) const {
    return add_plain(model_, named(name).c_str(), VRAMAUTO_ROLE_NORM, at, sizes_.hidden, 1, biases_.norm);
  }

  vramauto_status attention() const {
    for (int part = 0; part < 3; ++part)
      VRAMAUTO_DO(
          model_.add(Tensors(named("layers.*.attn.Wqkv").c_str(), VRAMAUTO_ROLE_LINEAR, sizes_.all(), sizes_.hidden, sizes_.hidden)
                         .heads(sizes_.heads, VRAMAUTO_UNEVEN_REFUSE)
                         .part_of(estimator::kQkv)
                         .with(flag(biases_.attention, VRAMAUTO_BIAS))));
    return model_.add(Tensors(named("layers.*.attn.Wo").c_str(), VRAMAUTO_ROLE_LINEAR, sizes_.all(), sizes_.hidden, sizes_.hidden)
                          .by(VRAMAUTO_SPLIT_COLS)
                          .with(flag(biases_.attention, VRAMAUTO_BIAS)));
  }

  // Sliding and full layers turn by bases of their own, so by tables of their own.
  vramauto_status tables() const {
    const auto every = VRAMAUTO_READ(model_.positive("global_attn_every_n_layers", kMostLayers, 3));
    const bool listed = model_.type("/layer_types") == VRAMAUTO_JSON_ARRAY;
    std::vector<bool> full(sizes_.layers);
    for (std::uint32_t layer = 0; layer < sizes_.layers; ++layer) {
      const auto at = "/layer_types/" + std::to_string(layer);
      full[layer] = listed ? VRAMAUTO_READ(model_.text(at.c_str())) == "full_attention" : layer % every == 0;
    }
    for (const bool kind : {true, false}) {
      const auto rope =
          VRAMAUTO_READ(estimator::read_rope(model_, kFamily, kind ? "full_attention" : "sliding_attention", sizes_.head_dim()));
      const auto table = estimator::table_of(rope, sizes_.positions, sizes_.head_dim());
      for (const auto& range : estimator::ranges_of(sizes_.layers, [&](std::uint32_t layer) { return full[layer] == kind; }))
        VRAMAUTO_DO(model_.add(Tensors(kind ? "rotary_emb" : "local_rotary_emb", VRAMAUTO_ROLE_ROPE, range, table.rows, table.width)
                                   .with(VRAMAUTO_NOT_STORED)));
    }
    return VRAMAUTO_OK;
  }

  vramauto_status mlp() const {
    for (int part = 0; part < 2; ++part)
      VRAMAUTO_DO(model_.add(
          Tensors(named("layers.*.mlp.Wi").c_str(), VRAMAUTO_ROLE_LINEAR, sizes_.all(), sizes_.intermediate, sizes_.hidden)
              .by(VRAMAUTO_SPLIT_ROWS)
              .part_of(estimator::kGateUp)
              .with(flag(biases_.mlp, VRAMAUTO_BIAS))));
    return model_.add(
        Tensors(named("layers.*.mlp.Wo").c_str(), VRAMAUTO_ROLE_LINEAR, sizes_.all(), sizes_.hidden, sizes_.intermediate)
            .by(VRAMAUTO_SPLIT_COLS)
            .with(flag(biases_.mlp, VRAMAUTO_BIAS)));
  }

  const Description& model_;
  const Sizes& sizes_;
  const Biases& biases_;
  std::string prefix_;
};

vramauto_status modern_bert(const Description& model, std::string_view architecture) {
  const auto sizes = VRAMAUTO_READ(read_sizes(model));
  const auto biases = VRAMAUTO_READ(read_biases(model));
  VRAMAUTO_DO(set_traits(model, sizes, sizes.positions));
  const bool bare = architecture == "ModernBertModel" || architecture == "ColBERTModernBertModel";
  VRAMAUTO_DO(ModernBert(model, sizes, biases, bare ? "" : "model.").write());
  const auto dtype = VRAMAUTO_READ(head_dtype(model));
  if (architecture == "ColBERTModernBertModel") {
    const auto width = VRAMAUTO_READ(model.positive("colbert_dim|dim|projection_dim", kMostWidth, 128));
    return add_plain(model, "linear", VRAMAUTO_ROLE_OTHER, kOutput, width, sizes.hidden, false, dtype);
  }
  if (bare) return VRAMAUTO_OK;
  // ModernBertPooler is in the head's type, ModernBertPredictionHead (of tokens) in the model's.
  const auto type = architecture == "ModernBertForTokenClassification" ? vramauto_dtype{0} : dtype;
  VRAMAUTO_DO(add_plain(model, "head.dense", VRAMAUTO_ROLE_OTHER, kOutput, sizes.hidden, sizes.hidden, biases.classifier, type));
  VRAMAUTO_DO(add_plain(model, "head.norm", VRAMAUTO_ROLE_NORM, kOutput, sizes.hidden, 1, biases.norm, type));
  return add_plain(model, "classifier", VRAMAUTO_ROLE_OTHER, kOutput, VRAMAUTO_READ(read_labels(model)), sizes.hidden, true, dtype);
}

constexpr Kind kKinds[] = {
    {"ModernBertModel ModernBertForSequenceClassification ModernBertForTokenClassification ColBERTModernBertModel", modern_bert},
};

}  // namespace

const Kind* find_modern_bert(std::string_view architecture) { return find_in(kKinds, architecture); }

}  // namespace vramauto::pooling
