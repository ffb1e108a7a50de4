// Tensors in the order a rank loads them, and what torch's allocator counts for it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/vllm/allocator.hpp"
#include "engine/vllm/context.hpp"
#include "engine/vllm/quantization/format.hpp"

namespace vramauto::engine::vllm {

// What the engine creates for one of its modules, in each of these layers.
struct Part {
  vramauto_layers layers{};
  quantization::Tensors tensors;
  Bytes bias = 0;
  Bytes total() const { return tensors.total() + bias; }
};

class LoadOrder {
 public:
  explicit LoadOrder(Bytes split_limit) : allocator_(split_limit) {}

  void load(Bytes bytes) { allocated_ += allocator_.allocate(bytes); }
  void load(const Part& part);
  void load_copies(std::span<const Part> parts, std::uint32_t copies);     // all parts, copy after copy
  void load_layers(std::span<const Part> parts, const StageRange& range);  // each layer's parts, layer after layer
  void count(Bytes bytes) { allocated_ += bytes; }                         // of tensors too small to share a block
  Bytes allocated() const { return allocated_; }

 private:
  void clear();
  void add(Bytes bytes);
  void add(const Part& part);
  void add_layers(std::span<const Part* const> parts, std::uint32_t first, std::uint32_t count);
  void load_once();
  void repeat(std::uint32_t times);
  void repeat_until_known(std::uint32_t times);

  CachingAllocator allocator_;
  Bytes allocated_ = 0;
  // What is repeated: small tensors, which leave the allocator as it is, and the others.
  Bytes small_ = 0;
  std::vector<Bytes> large_;
};

}  // namespace vramauto::engine::vllm
