// What an estimator described, held against the tensors that are there.
#pragma once

#include <optional>
#include <string>

#include "estimator/blueprint.hpp"
#include "model/model.hpp"

namespace vramauto::estimator {

// Says which tensors do not match, the largest first, where the elements described and stored differ by more than 1 %. Layers for
// speculation, heads stored beside the embedding they are, scales and tables count on neither side; packed tensors as what they
// hold.
std::optional<std::string> cross_check(const Blueprint& blueprint, const model::Inventory& stored);

}  // namespace vramauto::estimator
