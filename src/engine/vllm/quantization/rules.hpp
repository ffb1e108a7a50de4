// What a checkpoint's quantisation configuration says, as rules from layer names to formats.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/vllm/quantization/format.hpp"
#include "engine/vllm/quantization/names.hpp"
#include "model/model.hpp"

namespace vramauto::engine::vllm::quantization {

struct Rule {
  Pattern pattern;
  std::uint16_t format = 0;
  bool fused_only = false;  // looks at the engine's name of a fused layer ("qkv_proj"), not at its parts
};

struct Rules {
  std::string method;                                             // "" where nothing is quantised
  std::vector<Format> formats{Format{}};                          // the first: not quantised
  std::vector<std::pair<std::string_view, std::uint16_t>> named;  // whole names, sorted; asked before the patterns
  std::vector<Rule> patterns;                                     // the first that matches decides
  std::uint16_t linear = 0, head = 0, embedding = 0;              // where no rule matches
  std::optional<std::uint16_t> experts;                           // of routed experts, where it is not that of linear layers
  bool ignored_first = false;          // a pattern that leaves a layer as it is wins over the layer's own name
  bool experts_by_part = false;        // experts are asked for by their projections' names, not by the fused layer's
  bool head_by_rule = false;           // lm_head is quantised like a linear layer where a rule says so
  bool types_are_stored = false;       // GGUF: every tensor has a type of its own
  bool packed_tensors_decide = false;  // GPTQ, AWQ without a list: what the files hold in 16 bit is not quantised
  std::string_view part_mismatch;      // the engine's words where parts of a fused layer disagree
  std::uint32_t attention_bytes = 0;   // scales each attention layer holds while loading

  bool quantises() const { return formats.size() > 1; }
  std::uint16_t add(const Format& format);  // its number; equal ones share one
};

// The object that describes the quantisation, or nullptr. vLLM 0.33, model_loader/weight_utils.py, get_quant_config.
const json::Value* configuration(const model::Model& model);

// Rules of a checkpoint, or of --quantization for one that is not quantised. E_UNSUPPORTED where no release knows the method.
Result<Rules> read_rules(const model::Model& model, std::string_view asked);

// methods_*.cpp
Result<void> read_compressed_tensors(const json::Value& config, Rules& rules);
Result<void> read_modelopt(const json::Value& config, const json::Value* layers, Rules& rules);
Result<void> read_quark(const json::Value& config, Rules& rules);

// Reading helpers. Missing and null are `otherwise`; other types fail.
Result<std::uint64_t> number(const json::Value& object, std::string_view key, std::uint64_t otherwise, std::uint64_t most);
bool is_true(const json::Value& object, std::string_view key, bool otherwise = false);
std::string_view word(const json::Value& object, std::string_view key);
const json::Value* object_in(const json::Value& object, std::string_view key);
// Adds each text of the list under the first of `keys` that has one. At most 65,536.
Result<void> add_list(const json::Value& object, std::initializer_list<std::string_view> keys, How how, std::uint16_t format,
                      bool fused_only, Rules& rules);
Result<void> add_pattern(std::string_view text, How how, std::uint16_t format, bool fused_only, Rules& rules);

}  // namespace vramauto::engine::vllm::quantization
