// Nemotron-H: Mamba-2, attention, MLPs and experts in layers of their own. Source: vLLM 0.33 and 0.19.1, models/nemotron_h.py and
// nemotron_h_mtp.py; transformers 5.24, models/nemotron_h/configuration_nemotron_h.py.
#include <algorithm>

#include "writer.hpp"

namespace vramauto::estimator::hybrid {
namespace {

constexpr Names kNames{
    "backbone.embeddings", "backbone.layers.*.", "mixer.q_proj", "mixer.k_proj",    "mixer.v_proj", "mixer.o_proj", "",
    "mixer.up_proj",       "mixer.down_proj",    "norm",         "backbone.norm_f", "lm_head"};
constexpr Family kNemotron{.architectures = "NemotronHForCausalLM NemotronHPuzzleForCausalLM",
                           .names = &kNames,
                           .gated = false,
                           .mlp_bias = "mlp_bias",
                           .tie = Tie::never};

// One letter a layer, as hybrid_override_pattern has them: M(amba), E(xperts), * attention, - MLP.
Answer<char> letter_of(const Description& model, const std::string& at, std::string_view word) {
  constexpr std::pair<std::string_view, char> kWords[] = {{"mamba", 'M'},     {"linear_attention", 'M'}, {"moe", 'E'},
                                                          {"attention", '*'}, {"full_attention", '*'},   {"mlp", '-'}};
  for (const auto& [known, letter] : kWords)
    if (word == known) return {letter, VRAMAUTO_OK};
  return {0, model.fail(VRAMAUTO_E_FORMAT, at + " has \"" + std::string(word) + "\", expected mamba, attention, moe or mlp")};
}

Answer<std::string> read_pattern(const Description& model, const char* list, const char* letters) {
  std::string out;
  const auto at = model.first(list);
  for (const auto& word : VRAMAUTO_TAKE(words(model, list))) out += VRAMAUTO_TAKE(letter_of(model, at, word));
  const auto pattern = model.first(letters);
  if (!out.empty() || pattern.empty()) return {out, VRAMAUTO_OK};
  out = VRAMAUTO_TAKE(model.text(pattern.c_str()));
  const auto known = [](char letter) { return letter == 'M' || letter == 'E' || letter == '*' || letter == '-'; };
  if (out.size() > kMostLayers || !std::all_of(out.begin(), out.end(), known))
    return {{},
            model.fail(VRAMAUTO_E_FORMAT, pattern + " is no pattern of at most " + std::to_string(kMostLayers) +
                                              " letters, expected M, E, * and - only")};
  return {out, VRAMAUTO_OK};
}

// What one layer has for itself where block_configs says so: NemotronHPuzzle.
struct Block {
  std::string below;  // pointer to its own values; empty: the model's
};

class NemotronWriter : public HybridWriter {
 public:
  NemotronWriter(const Description& model, const Family& family, Sizes sizes, std::string pattern, std::string drafts)
      : HybridWriter(model, family, std::move(sizes)), pattern_(std::move(pattern)), drafts_(std::move(drafts)) {}

  void complete(vramauto_traits& traits) const { traits.draft_layers = static_cast<std::uint32_t>(drafts_.size()); }

 protected:
  vramauto_status shapes() override;
  vramauto_status feed(const LayerShape& shape, const vramauto_layers& range) override;
  vramauto_status forward(const LayerShape& shape, const vramauto_layers& range) override;
  vramauto_status drafts() override;

 private:
  vramauto_status read_mamba();
  Answer<Experts> read_experts(std::string_view below) const;
  Answer<LayerShape> shape_of(std::uint32_t layer, char letter, std::uint32_t mlp);
  vramauto_status latent(const vramauto_layers& range, bool bias) const;

  std::string pattern_, drafts_;
  std::vector<Experts> kinds_;  // by LayerShape::own
  std::vector<std::uint32_t> widths_;
  std::uint32_t latent_ = 0;
  bool bias_ = false;
};

vramauto_status NemotronWriter::read_mamba() {
  Mamba2 mamba;
  mamba.heads = VRAMAUTO_READ(size(model_, "mamba_num_heads", kMostHeads));
  mamba.head_dim = VRAMAUTO_READ(size(model_, "mamba_head_dim", kMostHeads));
  mamba.width = VRAMAUTO_READ(product(model_, "mamba_num_heads x mamba_head_dim", mamba.heads, mamba.head_dim));
  mamba.state = VRAMAUTO_READ(size(model_, "ssm_state_size", kMostHeads));
  mamba.groups = VRAMAUTO_READ(size(model_, "mamba_n_groups|n_groups", 1024));
  mamba.kernel = VRAMAUTO_READ(size(model_, "mamba_d_conv|conv_kernel", 1024));
  mamba.chunk = VRAMAUTO_READ(size(model_, "mamba_chunk_size|chunk_size", kMostWidth));
  mamba.conv_bias = VRAMAUTO_READ(holds(model_, "mamba_conv_bias>+use_conv_bias"));
  mamba.bias = VRAMAUTO_READ(holds(model_, "use_bias"));
  return take(mamba);
}

Answer<Experts> NemotronWriter::read_experts(std::string_view below) const {
  Experts out;
  const auto own = [&](std::string_view keys) { return model_.first(keys, below).empty() ? std::string_view() : below; };
  const auto read = [&](std::string_view keys, std::uint64_t most, std::uint64_t otherwise) {
    return size_or_none(model_, keys, most, otherwise, own(keys));
  };
  out.count = VRAMAUTO_TAKE(read("n_routed_experts|num_local_experts", kMostExperts, 8));
  out.per_token = std::min(out.count, VRAMAUTO_TAKE(read("num_experts_per_tok", kMostExperts, 2)));
  out.width = VRAMAUTO_TAKE(read("moe_intermediate_size", kMostWidth, 7688));
  const auto shared = VRAMAUTO_TAKE(read("n_shared_experts", 1024, 1));
  const auto width = VRAMAUTO_TAKE(read("moe_shared_expert_intermediate_size", kMostWidth, 7688));
  out.shared_width = VRAMAUTO_TAKE(product(model_, "n_shared_experts x moe_shared_expert_intermediate_size", shared, width));
  out.input = latent_;
  out.gated = false;
  out.correction = true;
  if (out.count && out.width) return {out, VRAMAUTO_OK};
  return {{}, model_.fail(VRAMAUTO_E_FORMAT, "n_routed_experts or moe_intermediate_size is 0 in a layer of experts")};
}

Answer<LayerShape> NemotronWriter::shape_of(std::uint32_t layer, char letter, std::uint32_t mlp) {
  const auto below = "/block_configs/" + std::to_string(layer);
  switch (letter) {
    case 'M':
      return {of(kMamba2), VRAMAUTO_OK};
    case '*': {
      auto out = attention_shape();
      if (!model_.first("num_key_value_heads", below).empty())
        out.kv_heads = VRAMAUTO_TAKE(size(model_, "num_key_value_heads", kMostHeads, 0, below));
      return {out, VRAMAUTO_OK};
    }
    case '-': {
      auto out = of(kNoMixer);
      if (!model_.first("intermediate_size", below).empty())
        out.intermediate = VRAMAUTO_TAKE(size(model_, "intermediate_size", kMostWidth, 0, below));
      else if (!widths_.empty())
        out.intermediate = widths_[widths_.size() == 1 ? 0 : std::min<std::size_t>(mlp, widths_.size() - 1)];
      else
        out.intermediate = VRAMAUTO_TAKE(size(model_, "intermediate_size", kMostWidth));
      return {out, VRAMAUTO_OK};
    }
    default: {
      auto out = of(kNoMixer);
      out.feed = kExperts;
      const auto experts = VRAMAUTO_TAKE(read_experts(below));
      const auto same = std::find_if(kinds_.begin(), kinds_.end(), [&](const Experts& other) {
        return other.count == experts.count && other.width == experts.width && other.shared_width == experts.shared_width &&
               other.per_token == experts.per_token;
      });
      out.own = static_cast<std::uint8_t>(std::min<std::ptrdiff_t>(same - kinds_.begin(), 255));
      if (same == kinds_.end()) kinds_.push_back(experts);
      if (kinds_.size() <= 255) return {out, VRAMAUTO_OK};
      return {{}, model_.fail(VRAMAUTO_E_LIMIT, "block_configs has more than 255 kinds of experts")};
    }
  }
}

vramauto_status NemotronWriter::shapes() {
  rope_ = false;
  VRAMAUTO_DO(read_mamba());
  latent_ = VRAMAUTO_READ(size_or_none(model_, "moe_latent_size", kMostWidth));
  bias_ = VRAMAUTO_READ(holds(model_, "mlp_bias"));
  if (model_.type("/intermediate_size") == VRAMAUTO_JSON_ARRAY)
    widths_ = VRAMAUTO_READ(numbers(model_, "intermediate_size", kMostWidth));
  expert_names_ = {.router = "mixer.gate",
                   .gate = {},
                   .up = "mixer.experts.*.up_proj",
                   .down = "mixer.experts.*.down_proj",
                   .correction = "mixer.gate.e_score_correction_bias",
                   .shared_gate = {},
                   .shared_up = "mixer.shared_experts.up_proj",
                   .shared_down = "mixer.shared_experts.down_proj"};
  std::uint32_t mlps = 0;
  for (std::uint32_t layer = 0; layer < sizes_.layers; ++layer) {
    sizes_.blocks.push_back(VRAMAUTO_READ(shape_of(layer, pattern_[layer], mlps)));
    mlps += pattern_[layer] == '-';
  }
  // Configuration classes that know experts keep states in float32 unless told otherwise; older ones do not name a type.
  state_dtype_ = VRAMAUTO_READ(read_state_dtype(model_, "mamba_ssm_cache_dtype"));
  const bool named = !model_.first("mamba_ssm_cache_dtype").empty();
  if (!named && pattern_.find('E') != std::string::npos) state_dtype_ = VRAMAUTO_F32;
  return VRAMAUTO_OK;
}

// Experts that see a projection of the hidden state: fc1 before them and fc2 after them are whole on every rank.
vramauto_status NemotronWriter::latent(const vramauto_layers& range, bool bias) const {
  const auto at = place("mixer.", range);
  VRAMAUTO_DO(at.linear("fc1_latent_proj", latent_, sizes_.hidden, VRAMAUTO_SPLIT_NONE, bias));
  return at.linear("fc2_latent_proj", sizes_.hidden, latent_, VRAMAUTO_SPLIT_NONE, bias);
}

vramauto_status NemotronWriter::feed(const LayerShape& shape, const vramauto_layers& range) {
  if (shape.feed != kExperts) return HybridWriter::feed(shape, range);
  if (latent_) VRAMAUTO_DO(latent(range, bias_));
  return add_experts(model_, expert_names_, kinds_[shape.own], family_.names->layer, range, sizes_.hidden);
}

vramauto_status NemotronWriter::forward(const LayerShape& shape, const vramauto_layers& range) {
  if (shape.feed == kExperts) experts_ = kinds_[shape.own];
  return HybridWriter::forward(shape, range);
}

// The layers that speculation adds, in the order of their pattern; the first joins embedding and hidden state, the last has a norm.
vramauto_status NemotronWriter::drafts() {
  if (drafts_.empty()) return VRAMAUTO_OK;
  const Description drafted(model_, VRAMAUTO_DRAFT);
  for (std::size_t i = 0; i < drafts_.size(); ++i) {
    auto names = kNames;
    const auto prefix = "mtp.layers." + std::to_string(i) + ".";
    names.layer = prefix;
    auto family = kNemotron;
    family.names = &names;
    NemotronWriter layer(drafted, family, sizes_, pattern_, {});
    VRAMAUTO_DO(layer.shapes());
    const vramauto_layers range{static_cast<std::int32_t>(sizes_.layers + i), 1, 1, 1};
    const auto shape = VRAMAUTO_READ(layer.shape_of(UINT32_MAX, drafts_[i], 0));
    layer.norms_ = {"norm"};
    VRAMAUTO_DO(layer.mixer(shape, range));
    VRAMAUTO_DO(layer.feed(shape, range));
    VRAMAUTO_DO(layer.norms(shape, range));
    const auto at = layer.place("", range);
    if (i == 0) {
      VRAMAUTO_DO(at.norm("enorm", sizes_.hidden));
      VRAMAUTO_DO(at.norm("hnorm", sizes_.hidden));
      VRAMAUTO_DO(at.linear("eh_proj", sizes_.hidden, 2ull * sizes_.hidden, VRAMAUTO_SPLIT_ROWS));
    }
    if (i + 1 == drafts_.size()) VRAMAUTO_DO(at.norm("final_layernorm", sizes_.hidden));
    VRAMAUTO_DO(layer.forward(shape, range));
    VRAMAUTO_DO(layer.cache(shape, 0, {range}));
  }
  return VRAMAUTO_OK;
}

}  // namespace

vramauto_status describe_nemotron(const Description& model, std::string_view) {
  auto pattern = VRAMAUTO_READ(read_pattern(model, "layers_block_type|layer_types", "hybrid_override_pattern"));
  if (pattern.empty())
    return model.fail(VRAMAUTO_E_FORMAT, "layers_block_type and hybrid_override_pattern are missing, expected one");
  std::string drafts;
  if (VRAMAUTO_READ(size_or_none(model, "num_nextn_predict_layers", 16)) != 0) {
    drafts = VRAMAUTO_READ(read_pattern(model, "mtp_layers_block_type", "mtp_hybrid_override_pattern"));
    if (drafts.empty()) drafts = "*E";
  }
  auto sizes = VRAMAUTO_READ(read_hybrid_sizes(model, kNemotron, static_cast<std::uint32_t>(pattern.size())));
  return write<NemotronWriter>(model, kNemotron, std::move(sizes), std::move(pattern), std::move(drafts));
}

}  // namespace vramauto::estimator::hybrid
