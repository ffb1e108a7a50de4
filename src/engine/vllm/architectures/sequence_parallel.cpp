// Classes that spread the tokens of a step over tensor-parallel ranks before their experts: vLLM 0.33 and 0.11,
// model_executor/models (is_sequence_parallel, disable_tp) and config/parallel.py, use_sequence_parallel_moe.
#include "engine/vllm/architectures.hpp"
#include "estimator/description.hpp"

namespace vramauto::engine::vllm {

bool has_whole_shared_experts(std::string_view name, const Version& version) {
  constexpr std::string_view kSince11 =
      "DeepseekV2ForCausalLM DeepseekV3ForCausalLM DeepseekV32ForCausalLM AXK1ForCausalLM Llama4ForCausalLM "
      "NemotronHForCausalLM NemotronHPuzzleForCausalLM PanguUltraMoEForCausalLM";
  constexpr std::string_view kSince20 = "Qwen2MoeForCausalLM Qwen3NextForCausalLM";
  if (version >= Version{0, 11, 0} && estimator::has_word(kSince11, name)) return true;
  return version >= Version{0, 20, 0} && estimator::has_word(kSince20, name);
}

}  // namespace vramauto::engine::vllm
