// The three calls that give one number and cannot fail: the rule of thumb on the first GPU.
#include "capi/guard.hpp"
#include "detect/devices.hpp"
#include "engine/rule/rule.hpp"

using namespace vramauto;
using namespace vramauto::capi;

namespace {

double first_gpu_gib() {
  const auto devices = detect::detect({});
  if (!devices || devices->empty() || devices->front().total_bytes == VRAMAUTO_UNKNOWN) return 0.0;
  return static_cast<double>(devices->front().total_bytes) / static_cast<double>(kGiB);
}

double size_gib(const char* model) { return engine::rule::model_size(std::string_view(model ? model : "")).gib; }

}  // namespace

double vramauto_gpu_memory_gib(void) {
  return guard_value(0.0, [] { return first_gpu_gib(); });
}

double vramauto_model_size_gib(const char* model) {
  return guard_value(7.0, [&] { return size_gib(model); });
}

double vramauto_gpu_memory_utilization(const char* model, uint64_t max_model_len, uint32_t tensor_parallel_size) {
  return guard_value(
      0.90, [&] { return engine::rule::apply(size_gib(model), first_gpu_gib(), max_model_len, tensor_parallel_size).utilization; });
}
