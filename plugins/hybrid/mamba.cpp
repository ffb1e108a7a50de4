// Mamba, Falcon-Mamba and Mamba-2: state layers only. Source: vLLM 0.33 and 0.19.1, models/mamba.py and mamba2.py; transformers
// 5.24, models/mamba/configuration_mamba.py and mamba2.
#include "writer.hpp"

namespace vramauto::estimator::hybrid {
namespace {

constexpr Names kNames{
    "backbone.embeddings", "backbone.layers.*.", "", "", "", "", "", "", "", "norm", "backbone.norm_f", "lm_head"};
constexpr Family kMamba{.architectures = "MambaForCausalLM FalconMambaForCausalLM Mamba2ForCausalLM", .names = &kNames};

class MambaWriter : public HybridWriter {
 public:
  MambaWriter(const Description& model, const Family& family, Sizes sizes, std::string_view architecture)
      : HybridWriter(model, family, std::move(sizes)), architecture_(architecture) {}

  void complete(vramauto_traits&) const {}

 protected:
  vramauto_status shapes() override {
    rope_ = false;
    const bool second = architecture_ == "Mamba2ForCausalLM";
    sizes_.shape = of(second ? kMamba2 : kMamba1);
    return second ? read_second() : read_first();
  }

 private:
  vramauto_status read_first() {
    Mamba1 mamba;
    mamba.width = VRAMAUTO_READ(width());
    mamba.state = VRAMAUTO_READ(size(model_, "state_size", kMostHeads));
    mamba.kernel = VRAMAUTO_READ(size(model_, "conv_kernel", 1024));
    mamba.rank = VRAMAUTO_READ(read_rank(model_, "time_step_rank", sizes_.hidden));
    mamba.conv_bias = VRAMAUTO_READ(holds(model_, "+use_conv_bias"));
    mamba.bias = VRAMAUTO_READ(holds(model_, "use_bias"));
    mamba.norms = architecture_ == "FalconMambaForCausalLM";
    mamba.norms_stored = false;
    mamba1_ = mamba;
    return VRAMAUTO_OK;
  }

  vramauto_status read_second() {
    Mamba2 mamba;
    mamba.width = VRAMAUTO_READ(width());
    mamba.state = VRAMAUTO_READ(size(model_, "state_size", kMostHeads));
    mamba.kernel = VRAMAUTO_READ(size(model_, "conv_kernel", 1024));
    mamba.groups = VRAMAUTO_READ(size(model_, "n_groups", 1024));
    mamba.heads = VRAMAUTO_READ(size(model_, "num_heads", kMostHeads));
    mamba.head_dim = VRAMAUTO_READ(size(model_, "head_dim", kMostHeads));
    mamba.chunk = VRAMAUTO_READ(size(model_, "chunk_size", kMostWidth));
    mamba.conv_bias = VRAMAUTO_READ(holds(model_, "+use_conv_bias"));
    mamba.bias = VRAMAUTO_READ(holds(model_, "use_bias"));
    return take(mamba);
  }

  // What the class computes of expand, unless the file has its own.
  Answer<std::uint32_t> width() const {
    if (!model_.first("intermediate_size").empty()) return size(model_, "intermediate_size", kMostWidth);
    const auto expand = VRAMAUTO_TAKE(size(model_, "expand", 1024, 2));
    return product(model_, "expand x hidden_size", expand, sizes_.hidden);
  }

  std::string_view architecture_;
};

}  // namespace

vramauto_status describe_mamba(const Description& model, std::string_view architecture) {
  auto sizes = VRAMAUTO_READ(read_hybrid_sizes(model, kMamba, 0, false));
  return write<MambaWriter>(model, kMamba, std::move(sizes), architecture);
}

}  // namespace vramauto::estimator::hybrid
