// BERT and RoBERTa. Source: vLLM 0.33, models/bert.py and roberta.py; their tables of positions and token types are vocabularies
// to the engine: padded and divided.
#include <algorithm>
#include <string>

#include "pooling.hpp"

namespace vramauto::pooling {
namespace {

// Names in the checkpoint begin with `prefix` ("bert.").
class Bert {
 public:
  Bert(const Description& model, const Sizes& sizes, std::string_view prefix) : model_(model), sizes_(sizes), prefix_(prefix) {}

  vramauto_status write() const {
    VRAMAUTO_DO(embeddings());
    VRAMAUTO_DO(attention());
    VRAMAUTO_DO(mlp());
    return add_forward(model_, sizes_, sizes_.all(), false);
  }

 private:
  std::string named(std::string_view part) const { return prefix_ + std::string(part); }
  std::string in_layer(std::string_view part) const { return named("encoder.layer.*.") + std::string(part); }

  vramauto_status table(std::string_view name, std::uint64_t rows, vramauto_role role = VRAMAUTO_ROLE_OTHER) const {
    return model_.add(Tensors(named(name).c_str(), role, kInput, rows, sizes_.hidden).by(VRAMAUTO_SPLIT_VOCAB));
  }

  vramauto_status embeddings() const {
    VRAMAUTO_DO(table("embeddings.word_embeddings", sizes_.vocab, VRAMAUTO_ROLE_EMBEDDING));
    VRAMAUTO_DO(table("embeddings.position_embeddings", sizes_.positions));
    if (sizes_.types) VRAMAUTO_DO(table("embeddings.token_type_embeddings", sizes_.types));
    VRAMAUTO_DO(norm(named("embeddings.LayerNorm"), kInput));
    return model_.add(Tensors(named("embeddings.position_ids").c_str(), VRAMAUTO_ROLE_OTHER, kInput, sizes_.positions, 1)
                          .of(VRAMAUTO_I64)
                          .with(VRAMAUTO_NOT_STORED));
  }

  vramauto_status norm(const std::string& name, const vramauto_layers& at) const {
    return add_plain(model_, name.c_str(), VRAMAUTO_ROLE_NORM, at, sizes_.hidden, 1, true);
  }

  vramauto_status attention() const {
    const auto all = sizes_.all();
    for (const auto* part : {"query", "key", "value"})
      VRAMAUTO_DO(model_.add(
          Tensors(in_layer(std::string("attention.self.") + part).c_str(), VRAMAUTO_ROLE_LINEAR, all, sizes_.hidden, sizes_.hidden)
              .heads(sizes_.heads, VRAMAUTO_UNEVEN_REFUSE)
              .part_of(estimator::kQkv)
              .with(VRAMAUTO_BIAS)));
    VRAMAUTO_DO(
        model_.add(Tensors(in_layer("attention.output.dense").c_str(), VRAMAUTO_ROLE_LINEAR, all, sizes_.hidden, sizes_.hidden)
                       .by(VRAMAUTO_SPLIT_COLS)
                       .with(VRAMAUTO_BIAS)));
    return norm(in_layer("attention.output.LayerNorm"), all);
  }

  vramauto_status mlp() const {
    const auto all = sizes_.all();
    VRAMAUTO_DO(
        model_.add(Tensors(in_layer("intermediate.dense").c_str(), VRAMAUTO_ROLE_LINEAR, all, sizes_.intermediate, sizes_.hidden)
                       .by(VRAMAUTO_SPLIT_ROWS)
                       .with(VRAMAUTO_BIAS)));
    VRAMAUTO_DO(model_.add(Tensors(in_layer("output.dense").c_str(), VRAMAUTO_ROLE_LINEAR, all, sizes_.hidden, sizes_.intermediate)
                               .by(VRAMAUTO_SPLIT_COLS)
                               .with(VRAMAUTO_BIAS)));
    return norm(in_layer("output.LayerNorm"), all);
  }

  const Description& model_;
  const Sizes& sizes_;
  std::string prefix_;
};

// A layer after the encoder, in float32 unless the file says otherwise.
vramauto_status head(const Description& model, const char* name, std::uint64_t rows, std::uint64_t cols, bool bias = true) {
  return add_plain(model, name, VRAMAUTO_ROLE_OTHER, kOutput, rows, cols, bias, VRAMAUTO_READ(head_dtype(model)));
}

// The head of masked language modelling has a vocabulary of its own, not tied and not padded: vLLM 0.33, models/bert.py,
// BertMLMHead.
vramauto_status masked_head(const Description& model, const Sizes& sizes) {
  VRAMAUTO_DO(add_plain(model, "cls.predictions.transform.dense", VRAMAUTO_ROLE_OTHER, kOutput, sizes.hidden, sizes.hidden, true));
  VRAMAUTO_DO(add_plain(model, "cls.predictions.transform.LayerNorm", VRAMAUTO_ROLE_NORM, kOutput, sizes.hidden, 1, true));
  return add_plain(model, "cls.predictions.decoder", VRAMAUTO_ROLE_HEAD, kOutput, sizes.vocab, sizes.hidden, true);
}

Answer<Sizes> start(const Description& model) {
  const auto sizes = VRAMAUTO_TAKE(read_sizes(model));
  if (const auto status = set_traits(model, sizes, sizes.positions); status != VRAMAUTO_OK) return {{}, status};
  return {sizes, VRAMAUTO_OK};
}

// vLLM 0.33, models/colbert.py, get_colbert_dim_from_config.
vramauto_status colbert_head(const Description& model, std::uint64_t hidden) {
  if (model.first("colbert_dim|dim|projection_dim").empty()) return VRAMAUTO_OK;  // the file names none: known once loaded
  const auto width = VRAMAUTO_READ(model.positive("colbert_dim|dim|projection_dim", kMostWidth));
  return head(model, "linear", width, hidden, false);
}

vramauto_status bert(const Description& model, std::string_view architecture) {
  const auto sizes = VRAMAUTO_READ(start(model));
  const bool bare = architecture == "BertModel" || architecture == "ErnieModel";
  VRAMAUTO_DO(Bert(model, sizes, bare ? "" : "bert.").write());
  if (architecture == "BertForMaskedLM" || architecture == "BertSpladeSparseEmbeddingModel") return masked_head(model, sizes);
  if (architecture == "HF_ColBERT") return colbert_head(model, sizes.hidden);
  const bool sequence = architecture.ends_with("ForSequenceClassification");
  if (sequence) VRAMAUTO_DO(head(model, "bert.pooler.dense", sizes.hidden, sizes.hidden));
  if (!sequence && !architecture.ends_with("ForTokenClassification")) return VRAMAUTO_OK;
  return head(model, "classifier", VRAMAUTO_READ(read_labels(model)), sizes.hidden);
}

// Rotary positions are for embeddings only: models/roberta.py, RobertaEmbeddingModel.
Answer<bool> turns(const Description& model, std::string_view architecture) {
  if (architecture == "ColBERTJinaRobertaModel") return {true, VRAMAUTO_OK};
  if (architecture.find("Classification") != std::string_view::npos || !model.has("/position_embedding_type"))
    return {false, VRAMAUTO_OK};
  const auto kind = VRAMAUTO_TAKE(model.text("/position_embedding_type"));
  return {kind != "absolute", VRAMAUTO_OK};
}

vramauto_status roberta(const Description& model, std::string_view architecture) {
  const auto sizes = VRAMAUTO_READ(start(model));
  const bool bare = architecture.ends_with("Model");
  const auto* prefix = bare ? "" : "roberta.";
  if (VRAMAUTO_READ(turns(model, architecture)))
    VRAMAUTO_DO(describe_jina(model, sizes, prefix));
  else
    VRAMAUTO_DO(Bert(model, sizes, prefix).write());
  if (architecture == "ColBERTJinaRobertaModel") return colbert_head(model, sizes.hidden);
  if (architecture == "BgeM3EmbeddingModel") {
    VRAMAUTO_DO(head(model, "sparse_linear", 1, sizes.hidden));
    return head(model, "colbert_linear", sizes.hidden, sizes.hidden);
  }
  const bool sequence = architecture.ends_with("ForSequenceClassification");
  if (sequence) VRAMAUTO_DO(head(model, "classifier.dense", sizes.hidden, sizes.hidden));
  if (!sequence && !architecture.ends_with("ForTokenClassification")) return VRAMAUTO_OK;
  const auto labels = VRAMAUTO_READ(read_labels(model));
  return head(model, sequence ? "classifier.out_proj" : "classifier", labels, sizes.hidden);
}

constexpr Kind kKinds[] = {
    {"BertModel BertForMaskedLM BertSpladeSparseEmbeddingModel BertForSequenceClassification BertForTokenClassification HF_ColBERT "
     "ErnieModel ErnieForSequenceClassification ErnieForTokenClassification",
     bert},
    {"RobertaModel RobertaForMaskedLM XLMRobertaModel BgeM3EmbeddingModel ColBERTJinaRobertaModel RobertaForSequenceClassification "
     "XLMRobertaForSequenceClassification RobertaForTokenClassification XLMRobertaForTokenClassification",
     roberta},
};

}  // namespace

const Kind* find_bert(std::string_view architecture) { return find_in(kKinds, architecture); }

}  // namespace vramauto::pooling
