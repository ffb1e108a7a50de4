#include "estimator/decoder/experts.hpp"

#include <string>

namespace vramauto::estimator {
namespace {

enum : std::uint32_t { kRouted = 8, kShared = 9 };  // parameters: gate and up of each are one tensor of the engine

struct Place {
  const Description& model;
  std::string_view prefix;
  const vramauto_layers& range;

  std::string name(std::string_view part) const { return std::string(prefix).append(part); }
};

// vLLM 0.33, model_executor/layers/fused_moe: w13 holds gate and up of all experts of a rank, w2 their down projections.
vramauto_status routed(const Place& at, const ExpertNames& names, const Experts& experts, std::uint64_t input) {
  const auto add = [&](std::string_view part, std::uint64_t rows, std::uint64_t cols, vramauto_split inner) {
    Tensors one(nullptr, VRAMAUTO_ROLE_EXPERT, at.range, rows, cols);
    const auto name = at.name(part);
    one.name = name.c_str();
    one.copies = experts.count;
    one.split = VRAMAUTO_SPLIT_EXPERTS;
    one.inner = inner;
    one.parameter = inner == VRAMAUTO_SPLIT_ROWS ? std::uint32_t{kRouted} : 0;
    return at.model.add(one.with(flag(experts.bias, VRAMAUTO_BIAS)));
  };
  if (experts.gated) VRAMAUTO_DO(add(names.gate, experts.width, input, VRAMAUTO_SPLIT_ROWS));
  VRAMAUTO_DO(add(names.up, experts.width, input, VRAMAUTO_SPLIT_ROWS));
  return add(names.down, input, experts.width, VRAMAUTO_SPLIT_COLS);
}

vramauto_status shared(const Place& at, const ExpertNames& names, const Experts& experts, std::uint64_t hidden) {
  const auto add = [&](std::string_view part, std::uint64_t rows, std::uint64_t cols, vramauto_split split) {
    const auto name = at.name(part);
    Tensors one(name.c_str(), VRAMAUTO_ROLE_SHARED_EXPERT, at.range, rows, cols);
    one.by(experts.shared_whole ? vramauto_split{VRAMAUTO_SPLIT_NONE} : split);
    one.part_of(split == VRAMAUTO_SPLIT_ROWS ? std::uint32_t{kShared} : 0);
    return at.model.add(one.with(flag(experts.shared_bias, VRAMAUTO_BIAS)));
  };
  if (experts.gated) VRAMAUTO_DO(add(names.shared_gate, experts.shared_width, hidden, VRAMAUTO_SPLIT_ROWS));
  VRAMAUTO_DO(add(names.shared_up, experts.shared_width, hidden, VRAMAUTO_SPLIT_ROWS));
  return add(names.shared_down, hidden, experts.shared_width, VRAMAUTO_SPLIT_COLS);
}

constexpr std::uint64_t kMostExperts = 1u << 20, kMostWidth = 1u << 22, kMostShared = 64;

// Configuration classes take each other's names: transformers 5.24, attribute_map of models/<family>/configuration_<family>.py.
constexpr std::string_view kCountAliases = "|num_experts|num_local_experts|n_routed_experts|moe_num_experts";
constexpr std::string_view kTakenAliases = "|num_experts_per_tok|moe_topk|moe_top_k|moe_k";

Answer<std::uint32_t> size(const Description& model, std::string_view keys, std::uint64_t most) {
  const auto value = VRAMAUTO_TAKE(model.positive(keys, most));
  return {static_cast<std::uint32_t>(value), VRAMAUTO_OK};
}

// As size(), but 0, null and missing mean none.
Answer<std::uint32_t> size_or_none(const Description& model, std::string_view keys, std::uint64_t most) {
  const auto at = model.first(keys);
  if (at.empty()) return {0, VRAMAUTO_OK};
  const auto stated = VRAMAUTO_TAKE(model.integer(at.c_str()));
  if (stated == 0) return {0, VRAMAUTO_OK};
  return size(model, keys, most);
}

}  // namespace

Answer<Experts> read_experts(const Description& model, const ExpertKeys& keys, const Experts& base) {
  auto out = base;
  const auto count_keys = std::string(keys.count).append(kCountAliases);
  const auto taken_keys = std::string(keys.per_token).append(kTakenAliases);
  out.count = VRAMAUTO_TAKE(size(model, count_keys, kMostExperts));
  out.per_token = VRAMAUTO_TAKE(size(model, taken_keys, kMostExperts));
  out.width = VRAMAUTO_TAKE(size(model, keys.width, kMostWidth));
  if (out.per_token > out.count)
    return {{},
            model.fail(VRAMAUTO_E_FORMAT, model.first(taken_keys) + " is " + std::to_string(out.per_token) +
                                              ", expected at most the " + std::to_string(out.count) + " experts there are")};
  if (!keys.shared_width.empty()) out.shared_width = VRAMAUTO_TAKE(size_or_none(model, keys.shared_width, kMostWidth));
  if (keys.shared_count.empty()) return {out, VRAMAUTO_OK};
  const auto count = VRAMAUTO_TAKE(size_or_none(model, keys.shared_count, kMostShared));
  out.shared_width = count * (out.shared_width ? out.shared_width : out.width);
  return {out, VRAMAUTO_OK};
}

vramauto_status add_experts(const Description& model, const ExpertNames& names, const Experts& experts, std::string_view prefix,
                            const vramauto_layers& range, std::uint32_t hidden) {
  const Place at{model, prefix, range};
  if (!names.router.empty())
    VRAMAUTO_DO(model.add(Tensors(at.name(names.router).c_str(), VRAMAUTO_ROLE_ROUTER, range, experts.count, hidden)
                              .of(experts.router_dtype)
                              .with(flag(experts.router_bias, VRAMAUTO_BIAS))));
  if (experts.correction)
    VRAMAUTO_DO(model.add(
        Tensors(at.name(names.correction).c_str(), VRAMAUTO_ROLE_ROUTER, range, experts.count, 1).of(experts.correction_dtype)));
  if (experts.has_switch) VRAMAUTO_DO(model.add(Tensors(at.name(names.switch_).c_str(), VRAMAUTO_ROLE_ROUTER, range, 1, hidden)));
  if (experts.shared_width) VRAMAUTO_DO(shared(at, names, experts, hidden));
  return routed(at, names, experts, experts.input ? experts.input : hidden);
}

}  // namespace vramauto::estimator
