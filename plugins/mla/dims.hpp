// Widths of latent attention, and which layers look through an indexer, as a configuration says.
#pragma once

#include <vector>

#include "estimator/description.hpp"
#include "latent.hpp"

namespace vramauto::mla {

struct Dims {
  std::uint32_t q_lora = 0;  // 0: the query is not compressed
  std::uint32_t kv_lora = 0, nope = 0, rope = 0, v = 0;
  std::uint32_t query() const { return nope + rope; }
};

struct Index {
  std::uint32_t top_k = 0;  // 0: attention is not sparse
  std::uint32_t heads = 0, dim = 0;
  std::uint32_t pool = 1;    // tokens that share a key
  bool interleaved = false;  // turns as attention does, so that both share a table
};

// `value`: v_head_dim where it is missing; 0: it must be there.
estimator::Answer<Dims> read_dims(const estimator::Description& model, std::uint32_t value);
estimator::Answer<Index> read_index(const estimator::Description& model, bool pools = false);

// Layers that own an indexer; the others use the selection of one before them.
estimator::Answer<std::vector<bool>> read_owners(const estimator::Description& model, std::uint32_t layers);

estimator::Answer<std::vector<bool>> read_sparse(const estimator::Description& model, const Latent& family, std::uint32_t layers);
estimator::Answer<bool> read_correction(const estimator::Description& model, const Latent& family);

// Layers that speculation adds.
estimator::Answer<std::uint32_t> read_drafts(const estimator::Description& model);

// E_LIMIT where so many heads of so many numbers are more than an answer can say.
vramauto_status check_width(const estimator::Description& model, const char* what, std::uint64_t heads, std::uint64_t each);

// A number that may be 0, missing or null.
estimator::Answer<std::int64_t> integer_or(const estimator::Description& model, const char* at, std::int64_t otherwise);

}  // namespace vramauto::mla
