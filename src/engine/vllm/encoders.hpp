// Image, video and audio towers of a multimodal model: which are in use, and what profiling the widest of them leaves and needs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/vllm/context.hpp"

namespace vramauto::engine::vllm {

// Items of a modality that --limit-mm-per-prompt allows in one request; 999 where it says nothing. 0: its tower is not built.
std::uint64_t items_allowed(const Workload& workload, std::string_view modality);

// All of them as releases before 0.9 read the option: "image=2,video=0".
std::string limits_as_pairs(const Workload& workload);

// Bit i: the blueprint's i-th encoder is in use. What is not is neither built nor profiled.
std::uint64_t encoders_in_use(const Context& context);

// Tokens that a batch must hold at least: the largest item's, where attention sees all of an item at once. 0: no such model.
std::uint64_t whole_item_tokens(const Context& context);

struct EncoderProfile {
  Bytes resident = 0;  // of the items profiled, still held in the phases after
  Amount peak;         // while the tower runs, resident included
};
EncoderProfile encoder_profile(const Context& context);

}  // namespace vramauto::engine::vllm
