#include "engine/vllm/vllm.hpp"

#include <algorithm>
#include <cmath>

#include "engine/vllm/architectures.hpp"
#include "engine/vllm/cache.hpp"
#include "engine/vllm/encoders.hpp"
#include "engine/vllm/fits.hpp"
#include "engine/vllm/footprint.hpp"
#include "engine/vllm/rank.hpp"
#include "engine/vllm/resolve.hpp"
#include "support/dtype.hpp"
#include "support/text.hpp"

namespace vramauto::engine::vllm {
namespace {

std::string_view kind_name(vramauto_cache_kind kind) {
  constexpr std::string_view kNames[] = {"", "full", "sliding", "chunked", "latent", "cross", "indexer", "ring", "state"};
  return kind < std::size(kNames) ? kNames[kind] : "";
}

class VllmEstimate final : public Estimate {
 public:
  using Estimate::Estimate;

  CacheLayout layout;
  const Profile* rules = nullptr;

  // vLLM v1/worker/utils.py, request_memory: ceil(total x utilization) from 0.14, without ceil before.
  Bytes budget(const Rank& rank, double utilization) const override {
    const double requested = static_cast<double>(rank.total_bytes) * utilization;
    return static_cast<Bytes>(rules->ceil_requested ? std::ceil(requested) : requested);
  }

  Bytes cache_bytes(const Rank& rank, std::uint64_t length, std::uint64_t sequences, bool checked) const override {
    const auto blocks = saturating_mul(layout.blocks_per_sequence(length), sequences);
    return saturating_mul(layout.bytes_per_block(rank.pp), saturating_add(blocks, checked && rules->null_block_checked ? 1 : 0));
  }

  Bytes block_bytes(const Rank& rank) const override { return layout.bytes_per_block(rank.pp); }

  CacheReport report(std::span<const Bytes> cache, std::uint64_t max_model_len) const override;

 private:
  std::uint64_t blocks_in(std::span<const Bytes> cache) const;
  Bytes checked_bytes(Bytes cache, const Rank& rank) const;
  std::uint64_t longest_in(Bytes cache, const Rank& rank, std::uint64_t most) const;
  std::uint64_t tokens_in(std::uint64_t blocks, double concurrency, std::uint64_t max_model_len) const;
};

std::uint64_t VllmEstimate::blocks_in(std::span<const Bytes> cache) const {
  if (workload.num_gpu_blocks_override) return *workload.num_gpu_blocks_override;
  auto least = UINT64_MAX;
  for (std::size_t i = 0; i < cache.size(); ++i)
    if (const auto block = layout.bytes_per_block(ranks[i].pp)) least = std::min(least, cache[i] / block);
  return least == UINT64_MAX ? 1 : least;  // without a cache the engine makes one block of nothing
}

// From 0.21 on the start-up check believes --num-gpu-blocks-override.
Bytes VllmEstimate::checked_bytes(Bytes cache, const Rank& rank) const {
  if (!workload.num_gpu_blocks_override || rules->capacity != Capacity::concurrency) return cache;
  return saturating_mul(*workload.num_gpu_blocks_override, layout.bytes_per_block(rank.pp));
}

// vLLM 0.33, v1/core/kv_cache_planning.py, _estimate_max_model_len_from_groups.
std::uint64_t VllmEstimate::longest_in(Bytes cache, const Rank& rank, std::uint64_t most) const {
  const auto fits = [&](std::uint64_t length) { return cache_bytes(rank, length, 1, true) <= cache; };
  if (most == 0 || fits(most)) return most;
  std::uint64_t holds = 0, fails = most;
  while (fails - holds > 1) {
    const auto middle = holds + (fails - holds) / 2;
    (fits(middle) ? holds : fails) = middle;
  }
  return holds;
}

// The "GPU KV cache size" line. vLLM 0.8 to 0.9.1: blocks x block; to 0.20: by group (kv_cache_utils.py, _report_kv_cache_config);
// from 0.21: what the concurrency amounts to (get_kv_cache_capacity).
std::uint64_t VllmEstimate::tokens_in(std::uint64_t blocks, double concurrency, std::uint64_t max_model_len) const {
  const auto block = layout.smallest_block();
  switch (rules->capacity) {
    case Capacity::blocks:
      return saturating_mul(blocks, block);
    case Capacity::blocks_per_group:
      return saturating_mul(blocks / std::max<std::uint64_t>(1, layout.groups.size()) * block, layout.context_parallel);
    case Capacity::concurrency:
      return static_cast<std::uint64_t>(concurrency * static_cast<double>(max_model_len));
  }
  return 0;
}

CacheReport VllmEstimate::report(std::span<const Bytes> cache, std::uint64_t max_model_len) const {
  CacheReport out;
  cache = cache.first(std::min(cache.size(), ranks.size()));
  const auto each = layout.blocks_per_sequence(max_model_len);
  out.num_blocks = blocks_in(cache);
  // V0 divided tokens by the length, later releases whole blocks.
  if (each) out.max_concurrency = static_cast<double>(out.num_blocks) / static_cast<double>(each);
  if (!rules->v1 && max_model_len)
    out.max_concurrency = static_cast<double>(out.num_blocks) * layout.smallest_block() / static_cast<double>(max_model_len);
  out.tokens = tokens_in(out.num_blocks, out.max_concurrency, max_model_len);
  out.longest = std::max(model_max_len, max_model_len);
  out.holds_max_model_len = true;
  for (std::size_t i = 0; i < cache.size(); ++i) {
    const bool same_stage = i > 0 && cache[i] == cache[i - 1] && ranks[i].pp == ranks[i - 1].pp;
    if (same_stage) continue;
    out.longest = longest_in(checked_bytes(cache[i], ranks[i]), ranks[i], out.longest);
  }
  out.holds_max_model_len = out.longest >= max_model_len;
  return out;
}

// The bucket a group is named after: an indexer stands beside its latents.
const Bucket& widest(const CacheLayout& layout, const Group& group) {
  const auto first = layout.buckets.begin() + group.bucket;
  return *std::max_element(first, first + group.buckets, [](const Bucket& a, const Bucket& b) { return a.page < b.page; });
}

void describe_cache(const Context& context, VllmEstimate& out) {
  const auto& layout = out.layout;
  out.keeps_cache = !layout.buckets.empty();
  out.groups.reserve(layout.groups.size());
  for (const auto& group : layout.groups) {
    const auto& bucket = widest(layout, group);
    CacheGroup shown;
    shown.kind = kind_name(bucket.kind);
    shown.block_tokens = bucket.block_tokens;
    if (bucket.reach == Reach::window || bucket.reach == Reach::chunk) shown.window_tokens = bucket.window;
    for (std::uint32_t stage = 0; stage < layout.stages; ++stage) {
      shown.block_bytes = saturating_add(shown.block_bytes, layout.group_bytes(group, stage));
      shown.layers += layout.layers_of(group, stage);
    }
    if (bucket.reach == Reach::blocks || bucket.reach == Reach::encoder)
      shown.sequence_bytes = saturating_mul(shown.block_bytes, layout.blocks_of(group, out.effective.max_model_len));
    out.groups.push_back(shown);
  }
  for (std::uint32_t stage = 0; stage < context.parallel.pp; ++stage) {
    out.bytes_per_block = std::max(out.bytes_per_block, layout.bytes_per_block(stage));
    out.bytes_per_token = std::max(out.bytes_per_token, layout.bytes_per_token(stage));
  }
}

void warn_about_guess(const Resolved& resolved, VllmEstimate& out) {
  const auto& blueprint = *resolved.context.blueprint;
  if (!blueprint.guess) return;
  const auto name =
      blueprint.architecture.empty() ? std::string("a model without an architecture") : text::shown(blueprint.architecture);
  if (resolved.context.architecture->names.empty())
    out.warnings.push_back(
        {"architecture_unknown",
         fmt::format("vLLM {} has no class for {}: it may run through transformers, or be refused", out.version, name)});
  out.warnings.push_back(
      {"guess", fmt::format("nothing is known about {}: all amounts are guessed from its tensors, with wide bounds", name)});
}

// Which release "auto" turned out to be, and how that is known.
void say_installed(const Installed& installed, VllmEstimate& out) {
  out.installed = installed.where;
  if (installed.version.empty())
    out.warnings.push_back(
        {"engine_not_installed", fmt::format("engine-version auto: no installed vLLM was found{}{}; priced as {}, "
                                             "the newest known",
                                             installed.doubt.empty() ? "" : ", but ", installed.doubt, out.version)});
  else
    out.notes.push_back(fmt::format("engine-version auto: vLLM {} is installed: {}", text::shown(installed.version),
                                    text::shown(installed.where, 200)));
}

// What these name is the engine's to read, and may change what it takes. Files on the GPU: vLLM 0.33, envs.py,
// VLLM_FASTSAFETENSORS_QUEUE_SIZE (at the peak the weights and one file, and as many more as that says), and
// model_executor/model_loader/weight_utils.py, instanttensor_weights_iterator.
void warn_about_unread(VllmEstimate& out) {
  constexpr std::string_view kUnread[][2] = {
      {"config", "the file of --config is not read here: options in it are not counted"},
      {"hf-config-path", "--hf-config-path is not read here: the model's own configuration is priced"},
      {"revision", "--revision is not read here: the files of the model that is there are priced"},
  };
  const auto &set = out.workload.set_names, &values = out.workload.set_values;
  for (const auto& [name, message] : kUnread)
    if (std::find(set.begin(), set.end(), name) != set.end()) out.warnings.push_back({std::string(name), std::string(message)});
  const auto load = static_cast<std::size_t>(std::find(set.begin(), set.end(), "load-format") - set.begin());
  if (load < values.size() && (values[load] == "fastsafetensors" || values[load] == "instanttensor"))
    out.warnings.push_back(
        {"load-format", fmt::format("{} holds weight files, or parts of them, on every GPU beside the weights while they "
                                    "are loaded: more has to be free then than is counted here",
                                    values[load])});
}

void describe_engine(const Request& request, const Resolved& resolved, VllmEstimate& out) {
  out.engine = "vllm";
  out.version = resolved.version.text;
  out.profile = std::string(resolved.version.profile->name);
  out.version_known = resolved.version.known;
  if (request.installed) say_installed(*request.installed, out);
  out.guess = resolved.context.blueprint->guess;
  if (!out.version_known) out.warnings.push_back({"engine-version", resolved.version.why});
  warn_about_guess(resolved, out);
  warn_about_unread(out);
  if (const auto& differ = resolved.context.blueprint->tensors_differ; !differ.empty())
    out.warnings.push_back({"tensors_differ", differ});
  if (resolved.context.effective.quantization == "gguf" && resolved.version.version >= Version{0, 24, 0})
    out.warnings.push_back({"gguf_plugin", fmt::format("vLLM {} reads GGUF files with a plugin only; amounts are those of the last "
                                                       "release that read them itself",
                                                       out.version)});
  const auto& speculation = resolved.context.speculation;
  const bool another = speculation.drafter == Drafter::model || speculation.drafter == Drafter::head;
  if (another && !resolved.context.drafter)
    out.warnings.push_back(
        {"draft_model", fmt::format("{} drafts with a model that was not given: its weights and its cache are not "
                                    "counted (--draft-model, or attach it to the workload)",
                                    speculation.method)});
  out.rules = resolved.version.profile;
  out.default_utilization = out.rules->utilization;
  out.model_max_len = own_length(resolved.context);
  if (const auto* draft = resolved.context.draft.model) out.draft = draft->path.empty() ? draft->id : draft->path;
  for (const auto* adapter : resolved.context.adapters) out.adapters.push_back(adapter->adapter_path);
  // vLLM 0.6.6 and 0.7.3, engine/arg_utils.py, nullable_kvs; 0.8.5 and 0.9.2 read both (optional_type).
  if (!out.workload.limit_mm_per_prompt.empty() && resolved.version.version < Version{0, 9, 0})
    out.limits = limits_as_pairs(out.workload);
  out.effective = resolved.context.effective;
  out.effective.dtype = torch_name(resolved.context.dtype);
  out.effective.kv_cache_dtype = resolved.cache.name;
  if (!out.layout.buckets.empty()) out.effective.block_size = out.layout.block;
}

Result<void> price_ranks(const Context& context, std::span<const detect::Device> devices, VllmEstimate& out) {
  const auto& parallel = context.parallel;
  const auto taken = startup(context);
  std::vector<Rank> stages;
  stages.reserve(parallel.pp);
  for (std::uint32_t stage = 0; stage < parallel.pp; ++stage) {
    auto rank = TRY(price_stage(context, out.layout, stage));
    stages.push_back(std::move(rank));
  }
  const std::size_t count = std::size_t{parallel.dp} * parallel.pp * parallel.tp;
  out.ranks.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto stage = static_cast<std::uint32_t>(i / parallel.tp % parallel.pp);
    const bool last_use = i + 1 == count || parallel.tp * parallel.dp == 1;
    auto& rank = out.ranks.emplace_back(last_use ? std::move(stages[stage]) : stages[stage]);
    rank.rank = rank.device = static_cast<std::uint32_t>(i);
    rank.tp = static_cast<std::uint32_t>(i % parallel.tp);
    rank.dp = static_cast<std::uint32_t>(i / parallel.tp / parallel.pp);
    place(context, taken, i < devices.size() ? &devices[i] : nullptr, rank);
  }
  return {};
}

// What is compiled is kept on disk; the run that compiles needs memory that the cache is then sized without.
void warn_about_first_start(const Context& context, VllmEstimate& out) {
  if (!out.ranks.front().first_start || !out.keeps_cache || out.workload.kv_cache_memory_bytes) return;
  std::string message;
  message.reserve(160);
  message += "the first start, with an empty compile cache, leaves the KV cache ";
  message += fits::first_start(context.parallel.tp).told;
  message += " less on each GPU; what is told here is a later start's";
  out.warnings.push_back({"first_start", std::move(message)});
}

}  // namespace

Result<std::unique_ptr<Estimate>> estimate(const Request& request) {
  auto out = std::make_unique<VllmEstimate>(*request.workload);
  const auto resolved = TRY(resolve(request, out->workload));
  out->layout = TRY(lay_out(resolved.context, resolved.cache));
  describe_engine(request, resolved, *out);
  describe_cache(resolved.context, *out);
  TRY(price_ranks(resolved.context, request.devices, *out));
  warn_about_first_start(resolved.context, *out);
  if (out->workload.kv_cache_memory_bytes && !out->keeps_cache)
    return fail(VRAMAUTO_E_UNSUPPORTED, "kv-cache-memory-bytes",
                "{} keeps no cache between steps, so there is nothing to give memory to: expected no such option",
                request.blueprint->architecture);
  if (out->workload.kv_cache_memory_bytes && !out->rules->cache_bytes_flag)
    return fail(VRAMAUTO_E_UNSUPPORTED, "kv-cache-memory-bytes", "it exists from vLLM 0.10.2 on, {} was asked for", out->version);
  if (out->workload.max_model_len_auto && !out->rules->auto_length)
    out->warnings.push_back(
        {"max-model-len", fmt::format("vLLM {} knows no \"auto\" here; the length chosen is passed instead", out->version)});
  return out;
}

std::string refusal(const Workload& workload, std::string_view architecture) {
  const auto found = find_profile(workload.engine_version, environment(workload, "VLLM_USE_V1").value_or("1") == "0");
  const auto row = find_architecture(architecture, found.version);
  return row ? std::string() : row.error().message;
}

}  // namespace vramauto::engine::vllm
