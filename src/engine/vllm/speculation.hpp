// Speculative decoding as far as memory shows it: --speculative-config, and the model that drafts.
#pragma once

#include "engine/vllm/context.hpp"
#include "engine/vllm/profiles.hpp"

namespace vramauto::engine::vllm {

// Needs blueprint, workload, draft and profile. E_UNSUPPORTED for methods that this version has not.
Result<Speculation> read_speculation(const Context& context);

// Whether the second model runner of this version has the method: where not, the first one serves.
bool drafts_on_mrv2(const Version& version, std::string_view method);

// The draft model as the engine builds it, whole and on the last stage only, for a target that is resolved; nullptr without.
Result<std::shared_ptr<const Context>> drafter_of(const Context& target, const Version& version);

}  // namespace vramauto::engine::vllm
