// The number of parameters that a model's name states.
#pragma once

#include <optional>
#include <string_view>

namespace vramauto::model {

// Billions: 3 of "Qwen2.5-VL-3B-Instruct", 56 of "Mixtral-8x7B", nothing of "bert-4bit". The first that counts.
std::optional<double> billions_in_name(std::string_view name);

}  // namespace vramauto::model
