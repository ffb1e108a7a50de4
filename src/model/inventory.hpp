// Shards joined to one inventory.
#pragma once

#include <vector>

#include "model/safetensors.hpp"

namespace vramauto::model {

struct InventoryBuilder {
  static Inventory join(std::vector<Shard> shards);
};

}  // namespace vramauto::model
