#include "estimator/decoder/rope.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

namespace vramauto::estimator {
namespace {

constexpr double kMostFactor = 1e6;
constexpr std::uint64_t kMostPositions = 1ull << 34;

// Where the parameters stand: rope_parameters as transformers 5 writes them, nested by kind of layer or not, or rope_scaling.
std::string object_for(const Description& model, std::string_view kind) {
  for (const std::string_view key : {"/rope_parameters", "/rope_scaling"}) {
    auto at = std::string(key);
    if (model.type(at.c_str()) != VRAMAUTO_JSON_OBJECT) continue;
    const auto nested = at + "/" + std::string(kind);
    if (!kind.empty() && model.type(nested.c_str()) == VRAMAUTO_JSON_OBJECT) return nested;
    for (const auto* other : {"/full_attention", "/sliding_attention"})
      if (model.type((at + other).c_str()) == VRAMAUTO_JSON_OBJECT) return kind.empty() ? at + other : std::string();
    return at;
  }
  return {};
}

struct Word {
  std::string_view text;
  Scaling scaling;
};
// vLLM 0.33, model_executor/layers/rotary_embedding/__init__.py, get_rope, and transformers_utils/config.py,
// patch_legacy_rope_type.
constexpr Word kWords[] = {
    {"default", Scaling::none},        {"mrope", Scaling::none},         {"proportional", Scaling::none},
    {"linear", Scaling::linear},       {"dynamic", Scaling::dynamic},    {"ntk", Scaling::ntk},
    {"yarn", Scaling::yarn},           {"deepseek_yarn", Scaling::yarn}, {"deepseek_llama_scaling", Scaling::yarn},
    {"telechat3-yarn", Scaling::yarn}, {"longrope", Scaling::longrope},  {"su", Scaling::longrope},
    {"llama3", Scaling::llama3}};

Answer<Scaling> scaling_at(const Description& model, const std::string& at) {
  const auto key = model.first("rope_type|type", at);
  if (key.empty()) return {Scaling::none, VRAMAUTO_OK};
  const auto stated = VRAMAUTO_TAKE(model.text(key.c_str()));
  for (const auto& word : kWords)
    if (word.text == stated) return {word.scaling, VRAMAUTO_OK};
  return {{}, model.fail(VRAMAUTO_E_UNSUPPORTED, "Unknown RoPE scaling type " + std::string(stated))};
}

Answer<double> number(const Description& model, std::string_view keys, const std::string& below, double otherwise) {
  const auto at = model.first(keys, below);
  if (at.empty()) return {otherwise, VRAMAUTO_OK};
  const auto value = VRAMAUTO_TAKE(model.real(at.c_str()));
  if (!(value > 0 && value <= kMostFactor))
    return {0, model.fail(VRAMAUTO_E_FORMAT, at + " is " + std::to_string(value) + ", expected a positive number up to 1000000")};
  return {value, VRAMAUTO_OK};
}

Answer<double> rotary_part(const Description& model, const Family& family, const std::string& at, std::uint32_t head_dim) {
  // Its table is as wide as the head, zeros beyond the part: vLLM 0.33, rotary_embedding/gemma4_rope.py.
  if (const auto key = model.first("rope_type|type", at); !at.empty() && !key.empty()) {
    const auto stated = VRAMAUTO_TAKE(model.text(key.c_str()));
    if (stated == "proportional") return {1.0, VRAMAUTO_OK};
  }
  if (!at.empty() && model.has((at + "/partial_rotary_factor").c_str())) return number(model, "partial_rotary_factor", at, 1.0);
  if (family.kv == KvHeads::query && model.has("/rotary_dim")) {
    const auto width = VRAMAUTO_TAKE(model.positive("rotary_dim", head_dim));
    return {static_cast<double>(width) / head_dim, VRAMAUTO_OK};
  }
  return number(model, "partial_rotary_factor|rotary_pct|rotary_emb_fraction", {}, family.rotary_part);
}

}  // namespace

Answer<Rope> read_rope(const Description& model, const Family& family, std::string_view kind, std::uint32_t head_dim) {
  Rope out;
  const auto at = object_for(model, kind);
  out.part = std::min(1.0, VRAMAUTO_TAKE(rotary_part(model, family, at, head_dim)));
  if (at.empty()) return {out, VRAMAUTO_OK};
  out.scaling = VRAMAUTO_TAKE(scaling_at(model, at));
  out.has_factor = model.has((at + "/factor").c_str());
  out.has_alpha = model.has((at + "/alpha").c_str());
  out.factor = VRAMAUTO_TAKE(number(model, "factor", at, 1.0));
  // Phi-3 keeps it outside the object, and there it wins: transformers 5.24, modeling_rope_utils.py, standardize_rope_params.
  const std::string outside = model.has("/original_max_position_embeddings") ? std::string() : at;
  if (model.has((outside + "/original_max_position_embeddings").c_str()))
    out.original = VRAMAUTO_TAKE(model.positive("original_max_position_embeddings", kMostPositions, 0, outside));
  return {out, VRAMAUTO_OK};
}

bool has_mrope(const Description& model) {
  return model.has("/rope_parameters/mrope_section") || model.has("/rope_scaling/mrope_section");
}

Table table_of(const Rope& rope, std::uint64_t positions, std::uint32_t head_dim) {
  Table out;
  out.width = static_cast<std::uint32_t>(head_dim * rope.part);
  out.rows = positions;
  const auto original = rope.original ? rope.original : positions;
  const auto times = [&](std::uint64_t rows) {
    return static_cast<std::uint64_t>(std::ceil(static_cast<double>(rows) * rope.factor));
  };
  if (rope.scaling == Scaling::linear) out.rows = times(positions);
  if (rope.scaling == Scaling::yarn) out.rows = times(original);
  if (rope.scaling == Scaling::longrope) out.rows = original + positions;
  if (rope.scaling == Scaling::dynamic && !rope.has_alpha) {
    out.unscaled = positions;
    out.rows = times(positions);
  }
  return out;
}

namespace {

Answer<std::uint64_t> stated_length(const Description& model) {
  constexpr std::array<std::string_view, 8> keys = {
      "max_position_embeddings", "n_positions",         "max_seq_len",    "seq_length",
      "max_target_positions",    "max_sequence_length", "max_seq_length", "seq_len"};
  std::uint64_t shortest = 0;
  for (const auto key : keys) {
    if (model.first(key).empty()) continue;
    const auto length = VRAMAUTO_TAKE(model.positive(key, kMostPositions));
    shortest = shortest ? std::min(shortest, length) : length;
  }
  if (!model.first("model_max_length").empty()) return model.positive("model_max_length", kMostPositions);
  return {shortest ? shortest : 2048, VRAMAUTO_OK};
}

}  // namespace

Answer<std::uint64_t> read_length(const Description& model, const Family& family) {
  const auto stated = VRAMAUTO_TAKE(stated_length(model));
  if (family.position != Position::rope && family.position != Position::falcon && family.position != Position::rope_if_named)
    return {stated, VRAMAUTO_OK};
  const auto rope = VRAMAUTO_TAKE(read_rope(model, family, {}, 1u << 16));
  if (rope.scaling == Scaling::longrope) return model.positive("original_max_position_embeddings", kMostPositions, stated);
  const bool scaled = rope.scaling == Scaling::llama3 || rope.scaling == Scaling::yarn;  // max_position_embeddings is after scaling
  if (scaled || family.architectures.substr(0, 6) == "Gemma3" || !rope.has_factor) return {stated, VRAMAUTO_OK};
  return {std::max<std::uint64_t>(1, static_cast<std::uint64_t>(static_cast<double>(stated) * rope.factor)), VRAMAUTO_OK};
}

}  // namespace vramauto::estimator
