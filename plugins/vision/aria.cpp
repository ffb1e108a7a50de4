// Aria: SigLIP's blocks, queries that look at them, and a text with experts. Sources: vLLM 0.33, models/aria.py,
// idefics2_vision_model.py.
#include "aria.hpp"

#include <string>

#include "classic.hpp"
#include "estimator/decoder/experts.hpp"
#include "estimator/decoder/names.hpp"
#include "vision.hpp"

namespace vramauto::vision {
namespace {

constexpr const char* kVision = "/vision_config";
constexpr std::uint64_t kMostExperts = 1u << 16;

vramauto_status aria(const Description& model) {
  const auto s = VRAMAUTO_READ(read_vit(model, kVision));
  const auto text = VRAMAUTO_READ(model.positive("hidden_size", kWidest, 0, "/text_config"));
  const auto queries = VRAMAUTO_READ(model.positive("max_value_projector_patch_to_query_dict", kWidest, 256));
  const auto used = VRAMAUTO_READ(layers_for(model, "/vision_feature_layer", -1, s.layers));
  VRAMAUTO_DO(add_encoder(model, {.tokens = queries, .patches = s.patches(), .inputs = s.pixels()}, s.shape()));
  Tower tower(model, "model.vision_tower.", 1);
  tower.conv("embeddings.patch_embedding", s.hidden, s.channels * s.patch * s.patch, true);
  tower.table("embeddings.position_embedding", s.patches(), s.hidden);
  add_siglip_blocks(tower, s, used).under("model.multi_modal_projector.");
  tower.table("query", queries, s.hidden);
  for (const auto* part : {"cross_attn.q_proj", "cross_attn.k_proj", "cross_attn.v_proj"})
    tower.dense(part, s.hidden, s.hidden, false);
  tower.dense("cross_attn.multihead_attn.in_proj", 3 * s.hidden, s.hidden, true);
  tower.dense("cross_attn.multihead_attn.out_proj", s.hidden, s.hidden, true).dense("cross_attn.linear", s.hidden, s.hidden, true);
  for (const auto* part : {"cross_attn.layer_norm", "cross_attn.layer_norm_kv", "layer_norm"}) tower.norm(part, s.hidden, true);
  tower.unquantised().column("feed_forward.linear_in", text, s.hidden, false);
  return tower.row("feed_forward.linear_out", text, text, false).done();
}

constexpr Composite kKinds[] = {
    {.architectures = "AriaForConditionalGeneration", .towers = aria, .text_architecture = "AriaText", .score = 600},
};

constexpr estimator::Family kText{
    .architectures = "AriaText", .names = &estimator::kLlama, .qkv_bias = "attention_bias", .o_bias = "attention_bias"};
constexpr estimator::ExpertNames kExperts{
    .router = "mlp.router", .gate = "mlp.experts.*.gate_proj", .up = "mlp.experts.*.up_proj", .down = "mlp.experts.*.down_proj"};

// Every layer's MLP is experts of the intermediate size, with some that all tokens pass.
class Text final : public estimator::Writer {
 public:
  Text(const Description& model, estimator::Sizes sizes, const estimator::Experts& experts)
      : Writer(model, kText, std::move(sizes)), experts_(experts) {}

 private:
  vramauto_status feed(const estimator::LayerShape&, const vramauto_layers& range) override {
    return estimator::add_experts(model_, kExperts, experts_, named(""), range, sizes_.hidden);
  }
  vramauto_status forward(const estimator::LayerShape& shape, const vramauto_layers& range) override {
    vramauto_forward out{};
    out.struct_size = sizeof out;
    out.layers = range;
    out.query = out.attention_out = shape.heads * key_dim(shape);
    out.key_value = 2 * shape.kv_heads * key_dim(shape);
    out.kv_heads = shape.kv_heads;
    out.intermediate = experts_.shared_width;
    out.experts = experts_.count;
    out.experts_per_token = experts_.per_token;
    out.expert_intermediate = experts_.width;
    return model_.add(out);
  }
  estimator::Experts experts_;
};

std::int32_t match(const vramauto_host* host, vramauto_call* call) {
  vramauto_model_info info{};
  info.struct_size = sizeof info;
  if (host->model(call, &info) != VRAMAUTO_OK || !info.architecture) return 0;
  return kText.architectures == info.architecture ? 600 : 0;
}

vramauto_status describe(const vramauto_host* host, vramauto_call* call) {
  const Description model(host, call);
  auto sizes = VRAMAUTO_READ(estimator::read_sizes(model, kText));
  estimator::Experts experts;
  experts.width = sizes.shape.intermediate;
  experts.count = VRAMAUTO_READ(narrow_positive(model, "moe_num_experts", kMostExperts, 8, ""));
  experts.per_token = VRAMAUTO_READ(narrow_positive(model, "moe_topk", experts.count, 2, ""));
  const auto shared = VRAMAUTO_READ(narrow_positive(model, "moe_num_shared_experts", 64, 2, ""));
  experts.shared_width = shared * experts.width;
  VRAMAUTO_DO(model.traits(VRAMAUTO_READ(estimator::read_traits(model, kText, sizes))));
  return Text(model, std::move(sizes), experts).write();
}

}  // namespace

const vramauto_estimator kAriaText{sizeof(vramauto_estimator), 0, "aria-text", match, describe};

std::span<const Composite> aria_kinds() { return kKinds; }

}  // namespace vramauto::vision
