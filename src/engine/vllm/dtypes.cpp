#include "engine/vllm/dtypes.hpp"

#include <algorithm>

#include "engine/vllm/architectures.hpp"
#include "engine/vllm/profiles.hpp"
#include "support/dtype.hpp"

namespace vramauto::engine::vllm {
namespace {

constexpr std::uint32_t kRefusesFloat16 = 4;  // vramauto_traits.flags

bool refuses_float16(const Context& context) { return (context.blueprint->traits.flags & kRefusesFloat16) != 0; }

bool has_bfloat16(const Context& context) { return context.capability() >= 80; }

// vLLM 0.33, config/model.py, _resolve_auto_dtype: the platform's order is bfloat16, float16, float32 from compute capability 8.0
// on, else without bfloat16. Pooling models prefer float16. V0 and V1 up to 0.9 took float16 for every float32 checkpoint.
vramauto_dtype preferred(const Context& context) {
  const bool float16_first = context.blueprint->traits.task == 2 || context.profile->from < Version{0, 10, 0};
  if (float16_first && !refuses_float16(context)) return VRAMAUTO_F16;
  if (has_bfloat16(context)) return VRAMAUTO_BF16;
  return refuses_float16(context) ? VRAMAUTO_F32 : VRAMAUTO_F16;
}

vramauto_dtype automatic(const Context& context) {
  const auto stored = context.blueprint->traits.dtype;
  if (stored == VRAMAUTO_BF16 && has_bfloat16(context)) return stored;
  if (stored == VRAMAUTO_F16 && !refuses_float16(context)) return stored;
  return preferred(context);
}

std::string gpu_name(const Context& context) {
  return context.device && !context.device->name.empty() ? context.device->name : "this GPU";
}

struct Row {
  std::string_view asked;
  CacheNumbers numbers;
  Version since;
};
// vLLM 0.33, utils/torch_utils.py, STR_DTYPE_TO_TORCH_DTYPE; scales: v1/kv_cache_interface.py, KVQuantMode.
constexpr Row kRows[] = {
    {"float16", {"float16", VRAMAUTO_F16, 16, 0}, {0, 11, 0}},
    {"bfloat16", {"bfloat16", VRAMAUTO_BF16, 16, 0}, {0, 11, 0}},
    {"fp8", {"fp8_e4m3", VRAMAUTO_F8_E4M3, 8, 0}, {0, 0, 0}},
    {"fp8_e4m3", {"fp8_e4m3", VRAMAUTO_F8_E4M3, 8, 0}, {0, 0, 0}},
    {"fp8_e5m2", {"fp8_e5m2", VRAMAUTO_F8_E5M2, 8, 0}, {0, 0, 0}},
    {"fp8_per_token_head", {"fp8_per_token_head", VRAMAUTO_F8_E4M3, 8, 8}, {0, 20, 0}},
    {"int8_per_token_head", {"int8_per_token_head", VRAMAUTO_I8, 8, 8}, {0, 20, 0}},
    {"int4_per_token_head", {"int4_per_token_head", VRAMAUTO_F4, 4, 8}, {0, 25, 0}},
    {"nvfp4", {"nvfp4", VRAMAUTO_F4, 4, 0, 16}, {0, 20, 0}},
    {"nvfp4_4over6", {"nvfp4_4over6", VRAMAUTO_F4, 4, 0, 16}, {0, 28, 0}},
    {"turboquant_k8v4", {"turboquant_k8v4", VRAMAUTO_U8, 8, 0, 0, 8, 4, true}, {0, 20, 0}},
    {"turboquant_4bit_nc", {"turboquant_4bit_nc", VRAMAUTO_U8, 4, 0, 0, 4, 4, true}, {0, 20, 0}},
    {"turboquant_k3v4_nc", {"turboquant_k3v4_nc", VRAMAUTO_U8, 4, 0, 0, 3, 4, true}, {0, 20, 0}},
    {"turboquant_3bit_nc", {"turboquant_3bit_nc", VRAMAUTO_U8, 3, 0, 0, 3, 3, true}, {0, 20, 0}},
    {"fp8_ds_mla", {"fp8_ds_mla", VRAMAUTO_F8_E4M3, 8, 0}, {0, 11, 0}},
    {"nvfp4_ds_mla", {"nvfp4_ds_mla", VRAMAUTO_F4, 4, 0}, {0, 30, 0}},
};

bool is_fp8(const json::Value& scheme) {
  if (scheme.is(json::Type::string)) return text::lower(scheme.text).starts_with("fp8");
  const auto *bits = scheme.find("num_bits"), *type = scheme.find("type");
  return bits && bits->integer == 8 && type && type->text == "float";
}

bool declares_fp8(const json::Value& quantization) {
  for (const std::string_view key : {"kv_cache_scheme", "kv_cache_quant_algo"})
    if (const auto* scheme = quantization.find(key)) return is_fp8(*scheme);
  const auto* inner = quantization.find("quantization");
  return inner && inner->is(json::Type::object) && declares_fp8(*inner);
}

// Whether the checkpoint asks for an fp8 cache: ModelOpt and compressed-tensors. vLLM 0.33, utils/torch_utils.py,
// get_kv_cache_quant_algo_string; model_executor/layers/attention/attention.py. Since 0.14.
bool checkpoint_declares_fp8(const Context& context) {
  if (context.profile->from < Version{0, 14, 0}) return false;
  const auto* in_config = context.model->config.root().find("quantization_config");
  if (in_config && in_config->is(json::Type::object)) return declares_fp8(*in_config);
  for (const auto& document : context.model->documents)
    if (document.name == "hf_quant_config.json" && document.document.root().is(json::Type::object))
      return declares_fp8(document.document.root());
  return false;
}

// Packed latents are for sparse attention; fp4 is read by FlashInfer's kernels of Blackwell only.
// vLLM 0.33, v1/attention/backends/flashinfer.py and mla/flashmla_sparse.py, supported_kv_cache_dtypes.
Result<void> check_numbers(const Context& context, const CacheNumbers& numbers) {
  const auto& caches = context.blueprint->caches;
  const bool sparse = std::any_of(caches.begin(), caches.end(), [](const auto& c) { return c.flags & VRAMAUTO_SPARSE; });
  if (numbers.name.ends_with("_ds_mla") && !sparse)
    return fail(VRAMAUTO_E_UNSUPPORTED, "kv-cache-dtype", "found {}, which is for latents read through an indexer: {} has none",
                numbers.name, context.blueprint->architecture);
  if (numbers.dtype == VRAMAUTO_F4 && numbers.extra_bytes == 0 && context.capability() < 100)
    return fail(VRAMAUTO_E_UNSUPPORTED, "kv-cache-dtype", "{} needs compute capability 10.0, {} has {}.{}", numbers.name,
                gpu_name(context), context.capability() / 10, context.capability() % 10);
  return {};
}

}  // namespace

Result<vramauto_dtype> resolve_dtype(const Context& context) {
  const auto& asked = context.workload->dtype;
  const auto dtype = asked == "auto"                          ? automatic(context)
                     : asked == "half" || asked == "float16"  ? vramauto_dtype{VRAMAUTO_F16}
                     : asked == "float" || asked == "float32" ? vramauto_dtype{VRAMAUTO_F32}
                                                              : vramauto_dtype{VRAMAUTO_BF16};
  if (dtype == VRAMAUTO_F16 && refuses_float16(context))
    return fail(VRAMAUTO_E_UNSUPPORTED, "dtype",
                "{} does not support float16 in vLLM (numerical instability): use bfloat16 or float32",
                context.blueprint->architecture);
  if (dtype == VRAMAUTO_BF16 && !has_bfloat16(context))
    return fail(VRAMAUTO_E_UNSUPPORTED, "dtype", "bfloat16 needs compute capability 8.0, {} has {}.{}: use --dtype half",
                gpu_name(context), context.device->compute_major, context.device->compute_minor);
  return dtype;
}

CacheNumbers plain_cache(const Context& context) {
  return {torch_name(context.dtype), context.dtype, context.element_bytes() * 8, 0};
}

Result<CacheNumbers> resolve_cache_dtype(const Context& context) {
  const auto& asked = context.workload->kv_cache_dtype;
  const auto capability = context.capability();
  if (context.architecture->compressed_cache) {
    // vLLM 0.33, models/deepseek_v4/attention.py, _resolve_dsv4_kv_cache_dtype
    if (asked == "auto" || asked.starts_with("fp8")) return CacheNumbers{"fp8_ds_mla", VRAMAUTO_F8_E4M3, 8, 0};
    return fail(VRAMAUTO_E_UNSUPPORTED, "kv-cache-dtype", "found {}, expected auto or fp8: {} has no other cache", asked,
                context.blueprint->architecture);
  }
  if (asked == "auto" && context.architecture->fp8_cache_on_blackwell && capability >= 100 && capability < 110)
    return CacheNumbers{"fp8_e4m3", VRAMAUTO_F8_E4M3, 8, 0};
  if (asked == "auto" && checkpoint_declares_fp8(context)) return CacheNumbers{"fp8_e4m3", VRAMAUTO_F8_E4M3, 8, 0};
  if (asked == "auto") return plain_cache(context);
  for (const auto& row : kRows) {
    if (row.asked != asked) continue;
    if (context.profile->from < row.since)
      return fail(VRAMAUTO_E_UNSUPPORTED, "kv-cache-dtype", "{} exists from vLLM {} on, the version asked for has the rules of {}",
                  asked, to_string(row.since), context.profile->name);
    TRY(check_numbers(context, row.numbers));
    return row.numbers;
  }
  return fail(VRAMAUTO_E_ARGUMENT, "kv-cache-dtype", "found \"{}\", expected a dtype that is known here", asked);
}

}  // namespace vramauto::engine::vllm
