// A layer's experts: a router, routed experts of one shape, and experts that every token passes.
#pragma once

#include <cstdint>
#include <string_view>

#include "estimator/decoder/writer.hpp"

namespace vramauto::estimator {

// Names follow the layer's prefix; in those of routed experts the '*' is the expert. Parts that are stored fused share a name.
// No router's name: the router is the family's own to describe.
struct ExpertNames {
  std::string_view router = "mlp.gate";
  std::string_view gate = "mlp.experts.*.gate_proj", up = "mlp.experts.*.up_proj", down = "mlp.experts.*.down_proj";
  std::string_view correction = "mlp.gate.e_score_correction_bias";
  std::string_view shared_gate = "mlp.shared_experts.gate_proj", shared_up = "mlp.shared_experts.up_proj",
                   shared_down = "mlp.shared_experts.down_proj";
  std::string_view switch_ = "mlp.shared_expert_gate";
};

struct Experts {
  std::uint32_t count = 0, per_token = 0, width = 0;  // routed experts, those a token takes, intermediate size of one
  std::uint32_t input = 0;                            // features an expert sees; 0: the hidden size
  std::uint32_t shared_width = 0;                     // of all shared experts together; 0: none
  bool gated = true;                                  // gate and up, else up alone
  bool bias = false;                                  // on the routed experts' projections
  bool shared_bias = false;                           // on the shared experts' projections
  bool router_bias = false;
  vramauto_dtype router_dtype = 0;  // 0: as the model
  bool correction = false;          // one number per expert beside the router
  vramauto_dtype correction_dtype = VRAMAUTO_F32;
  bool has_switch = false;    // a gate of one number before the shared expert
  bool shared_whole = false;  // shared experts are not divided by tensor parallelism
};

// Configuration keys of a family's experts, "a|b": the first that is there. `shared_width`: of all shared experts together, or of
// one where `shared_count` is given too. Without it each is as wide as a routed one. Both empty: the family has none.
struct ExpertKeys {
  std::string_view count = "num_experts", per_token = "num_experts_per_tok", width = "moe_intermediate_size";
  std::string_view shared_width = {}, shared_count = {};
};

// Counts and widths; everything else is as in `base`.
Answer<Experts> read_experts(const Description& model, const ExpertKeys& keys, const Experts& base = {});

vramauto_status add_experts(const Description& model, const ExpertNames& names, const Experts& experts, std::string_view prefix,
                            const vramauto_layers& range, std::uint32_t hidden);

}  // namespace vramauto::estimator
