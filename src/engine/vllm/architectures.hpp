// How vLLM treats each architecture, by version: the only place in engine and plan where architectures have names.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "engine/vllm/profiles.hpp"
#include "support/result.hpp"
#include "vramauto/vramauto.h"

namespace vramauto::engine::vllm {

inline constexpr Version kAlways{};          // since the oldest rules known here
inline constexpr Version kNever{~0u, 0, 0};  // until: still served

enum class Backend : std::uint8_t {
  native,        // a model class of vLLM's own
  transformers,  // transformers' class with vLLM's layers put in
};

// Facts of some architectures in one range of versions, [since, until).
struct Architecture {
  std::string_view names;  // separated by spaces
  Version since = kAlways, until = kNever;
  Backend backend = Backend::native;
  bool ends_on_all_stages = false;   // embedding, lm_head and last norm are built on every pipeline stage
  bool input_on_all_stages = false;  // of the ends, the embedding alone
  bool replicates_mlp = false;       // its class has no tensor-parallel plan: only attention is divided
  bool keeps_causal_mask = false;    // positions x positions booleans as a buffer
  bool rope_by_layer_kind = false;   // transformers: frequencies for sliding and full layers each, whatever their parameters
  bool refuses_tp = false, refuses_pp = false, refuses_fp8_cache = false;
  bool ignores_cache_dtype = false;      // its class hands no cache configuration to attention: --kv-cache-dtype does nothing
  bool encoder_only = false;             // attention sees the whole prompt in both directions: no cache, whatever the decoder keeps
  bool pools_whole_prompt = false;       // pooling that needs a prompt in one piece: no chunked prefill, no prefix caching
  bool plain_tables = false;             // tables of positions and token types are torch's: not padded, not divided
  bool builds_no_head = false;           // its class has no lm_head, whatever the decoder it is made of has
  bool towers_on_all_stages = false;     // its class does not mark its towers: no pipeline stage leaves them out
  bool whole_towers = false;             // --mm-encoder-tp-mode data is obeyed: each rank holds its towers whole
  bool undivided_towers = false;         // each rank holds its towers whole, in whatever mode
  bool undivided_from_params = false;    // the same where the checkpoint is in Mistral's own layout (params.json)
  bool towers_need_even_heads = false;   // ranks must divide the heads even of towers that later versions keep whole
  bool single_mrope_rows = false;        // M-RoPE positions never pass the number of tokens: profiles' mrope_rows, not 4
  bool short_tables = false;             // its class makes positions up to --max-model-len only
  bool mxfp4_experts_only = false;       // compressed-tensors' MXFP4 is read as mxfp4, which leaves linear layers as they are
  bool not_compiled = false;             // runs without torch.compile: its layers' custom operators are on
  bool pads_values = false;              // its class widens V to K before attention
  std::string_view rope_key = {};        // a configuration key that the engine takes for qk_rope_head_dim, whatever that one says
  std::string_view refused = {};         // why the engine does not run it, where it knows the name
  std::uint32_t least_expert_width = 0;  // of what one rank gets of an expert, in its class; 0: whatever the division gives
  std::uint32_t compressed_cache = 0;    // tokens of a block of latents that its class packs in its own way (DeepSeek-V4); 0: none
  bool fp8_cache_on_blackwell = false;   // "auto" is fp8_e4m3 on compute capability 10
  vramauto_dtype state_dtype = 0;        // recurrent states where neither options nor configuration name one; 0: as convolutions
  bool no_state_checkpoints = false;     // its class cannot hand out states inside a prefill
};

std::span<const Architecture> decoder_architectures();
std::span<const Architecture> moe_architectures();
std::span<const Architecture> mla_architectures();
std::span<const Architecture> hybrid_architectures();
std::span<const Architecture> vision_architectures();
std::span<const Architecture> encdec_architectures();
std::span<const Architecture> pooling_architectures();

// Whether shared experts are whole on every rank where experts are dealt to tensor-parallel and data-parallel ranks.
bool has_whole_shared_experts(std::string_view name, const Version& version);

// Whether any row, of whatever versions, has this name.
bool is_listed(std::string_view name);

// A composite's row with what its text's class does: facts of layers and ends are the text's, unless the composite states them too.
Architecture composite_of(const Architecture& whole, std::string_view text, const Version& version);

// The row that holds for this version; of a name that is not listed itself, that of the class it is converted from
// (Qwen3ForSequenceClassification: Qwen3ForCausalLM). E_UNSUPPORTED with the engine's reason for a name it does not know, or no
// longer serves.
Result<const Architecture*> find_architecture(std::string_view name, const Version& version);

}  // namespace vramauto::engine::vllm
