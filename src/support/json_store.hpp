// What a Document keeps alive. For json.cpp and json_value.cpp only.
#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <vector>

#include "support/json.hpp"

namespace vramauto::json {

// Values that live as long as the arena, in blocks that double: a config is one or two allocations.
class Arena {
 public:
  std::span<Value> take(std::size_t count) {
    if (count > left_) grow(count);
    const std::span<Value> out(next_, count);
    next_ += count;
    left_ -= count;
    return out;
  }
  std::span<const Value> keep(std::span<const Value> values) {
    const auto out = take(values.size());
    std::copy(values.begin(), values.end(), out.begin());
    return out;
  }

 private:
  void grow(std::size_t count) {
    block_ = std::max(count, block_ * 2);
    blocks_.push_back(std::make_unique<Value[]>(block_));
    next_ = blocks_.back().get();
    left_ = block_;
  }

  std::vector<std::unique_ptr<Value[]>> blocks_;
  Value* next_ = nullptr;
  std::size_t left_ = 0, block_ = 32;
};

struct Document::Store {
  Value root;
  Arena values;
  std::unique_ptr<char[]> text;                 // all strings and keys
  std::shared_ptr<const Store> base, defaults;  // documents whose values this one shares
};

}  // namespace vramauto::json
