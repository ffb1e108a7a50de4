#include "report/report.hpp"

namespace vramauto::report {
namespace {

std::string_view effect(std::uint32_t strategy) {
  if (strategy == VRAMAUTO_STRATEGY_CONSERVATIVE) return "leaves room for batching";
  if (strategy == VRAMAUTO_STRATEGY_STANDARD) return "the model fills most of the GPU";
  return "the model may not fit";
}

}  // namespace

std::string rule_text(const plan::Plan& plan) {
  if (plan.strategy == VRAMAUTO_STRATEGY_GIVEN)
    return fmt::format("✓ Using the given GPU memory utilization: {}\n", plan.utilization);
  std::string out = "🔧 Auto mode enabled for GPU memory utilization\n";
  if (plan.rule_gpu_gib <= 0)
    return out + fmt::format("⚠ No GPU detected; using the default utilization: {:.2f}\n", plan.utilization);
  out += fmt::format("💾 Detected GPU memory: {:.1f} GB\n", plan.rule_gpu_gib);
  out += fmt::format("📊 Estimated model size: {:.1f} GB\n", plan.rule_size_gib);
  out += fmt::format("🗄️  Estimated KV cache: {:.1f} GB (for max_model_len={})\n", plan.rule_kv_gib, plan.rule_max_model_len);
  out += fmt::format("✓ Model requires ~{:.0f}% of GPU memory\n", 100 * plan.rule_need_gib / plan.rule_gpu_gib);
  out += fmt::format("  Using {} utilization: {:.2f} ({})\n", plan::strategy_name(plan.strategy), plan.utilization,
                     effect(plan.strategy));
  out += fmt::format("✓ Calculated GPU memory utilization: {:.2f}\n", plan.utilization);
  return out;
}

}  // namespace vramauto::report
