#include "engine/vllm/graphs.hpp"

#include <algorithm>
#include <cmath>

#include "engine/vllm/fits.hpp"
#include "engine/vllm/profiles.hpp"
#include "support/json.hpp"

namespace vramauto::engine::vllm {
namespace {

constexpr std::uint64_t kMostSizes = 4096;

// What --compilation-config says; nothing where it is silent.
struct Asked {
  std::optional<bool> piecewise, full;
  std::optional<std::uint64_t> largest;
  const json::Value* sizes = nullptr;
};

void read_mode(const json::Value& mode, Asked& out) {
  const auto word = text::lower(mode.is(json::Type::string) ? mode.text : "");
  if (mode.is(json::Type::integer)) {  // the enumeration's values: 0 none, 1 piecewise, 2 full
    out.piecewise = mode.integer == 1;
    out.full = mode.integer == 2;
  } else if (word == "none" || word == "piecewise" || word == "full" || word == "full_decode_only" ||
             word == "full_and_piecewise") {
    out.piecewise = word.find("piecewise") != std::string::npos;
    out.full = word.starts_with("full");
  }
}

Asked read(const json::Document& document) {
  Asked out;
  if (const auto* mode = document.root().find("cudagraph_mode")) read_mode(*mode, out);
  if (const auto* sizes = document.root().find("cudagraph_capture_sizes"); sizes && sizes->is(json::Type::array)) out.sizes = sizes;
  if (const auto* most = document.root().find("max_cudagraph_capture_size");
      most && most->is(json::Type::integer) && most->integer >= 0)
    out.largest = static_cast<std::uint64_t>(most->integer);
  return out;
}

// Largest size of the default list. vLLM 0.33, config/vllm.py, _set_cudagraph_sizes; older rules in the releases named.
std::uint64_t largest_by_rule(const Context& context) {
  const auto sequences = context.effective.max_num_seqs, tokens = context.effective.max_num_batched_tokens;
  switch (context.profile->capture) {
    case CaptureRule::v0:
      return std::min<std::uint64_t>(sequences, 256);
    case CaptureRule::grid8:
      return 512;
    case CaptureRule::grid8_by_seqs:
      return std::min<std::uint64_t>(2 * sequences, 512);
    default:
      break;
  }
  const bool blackwell = context.capability() >= 100 && context.capability() < 110;
  const std::uint64_t cap = context.profile->capture >= CaptureRule::grid16_by_seqs_1024 && blackwell ? 1024 : 512;
  return std::min({tokens, 2 * sequences, cap});
}

// Sizes of the default list up to `most`: 1, 2, 4, then every 8, from 256 on every 16 where the rule has that step.
std::uint32_t count_up_to(CaptureRule rule, std::uint64_t most) {
  std::uint32_t count = (most >= 1) + (most >= 2) + (most >= 4);
  const bool wide = rule >= CaptureRule::grid16_by_seqs;
  const auto eights = wide ? std::min<std::uint64_t>(most, 255) : most;
  count += static_cast<std::uint32_t>(eights / 8);
  if (wide && most >= 256) count += static_cast<std::uint32_t>((most - 256) / 16 + 1);
  return count;
}

bool on_grid(CaptureRule rule, std::uint64_t size) {
  if (size <= 4) return size != 3;
  return size % (rule >= CaptureRule::grid16_by_seqs && size >= 256 ? 16 : 8) == 0;
}

CaptureSizes count_given(const json::Value& sizes, std::uint64_t decode) {
  CaptureSizes out;
  for (const auto& size : sizes.items.first(std::min<std::size_t>(sizes.items.size(), kMostSizes))) {
    if (!size.is(json::Type::integer) || size.integer <= 0) continue;
    const auto n = static_cast<std::uint64_t>(size.integer);
    ++out.piecewise;
    out.full += n <= decode;
    out.largest = std::max(out.largest, n);
  }
  return out;
}

CaptureSizes count_default(const Context& context, std::uint64_t most, std::uint64_t decode) {
  const auto rule = context.profile->capture;
  CaptureSizes out;
  out.largest = most;
  out.piecewise = count_up_to(rule, most);
  out.full = count_up_to(rule, std::min(most, decode));
  const auto sequences = context.effective.max_num_seqs;
  if (rule >= CaptureRule::grid16_plus_seqs && sequences <= most && !on_grid(rule, sequences)) {
    ++out.piecewise;
    ++out.full;
  }
  return out;
}

Amount around(const fits::Line& line, double gib) {
  const auto bytes = [](double g) { return static_cast<Bytes>(std::llround(g * static_cast<double>(kGiB))); };
  return {bytes(gib), bytes(gib * line.least), bytes(gib * line.most)};
}

bool has_experts(const Context& context) {
  return std::any_of(context.blueprint->forwards.begin(), context.blueprint->forwards.end(),
                     [](const auto& f) { return f.experts > 0; });
}

const fits::Line& line_of(const Context& context) {
  const bool experts = has_experts(context);
  if (context.profile->from < Version{0, 20, 0}) return experts ? fits::kExpertGraphsTo019 : fits::kGraphsTo019;
  if (context.mrv2) return context.profile->mrv2_graphs_estimated ? fits::kMeasuredGraphs : fits::kGraphs;
  return experts ? fits::kExpertGraphs : fits::kGraphs;
}

bool subtracted(const Context& context) {
  const auto& profile = *context.profile;
  if (!(context.mrv2 ? profile.mrv2_graphs_estimated : profile.v1_graphs_estimated)) return false;
  const auto asked = environment(*context.workload, "VLLM_MEMORY_PROFILER_ESTIMATE_CUDAGRAPHS");
  return asked ? *asked != "0" : profile.graphs_subtracted;
}

}  // namespace

CaptureSizes capture_sizes(const Context& context) {
  if (context.effective.enforce_eager) return {};
  Asked asked;
  json::Document document;
  if (!context.workload->compilation_config.empty())
    if (auto parsed = json::parse("compilation-config", context.workload->compilation_config)) {
      document = *parsed;
      asked = read(document);
    }
  const auto decode = context.effective.max_num_seqs;
  const auto most = std::min(asked.largest.value_or(largest_by_rule(context)), std::uint64_t{1} << 20);
  auto out = asked.sizes ? count_given(*asked.sizes, decode) : count_default(context, most, decode);
  const bool v0 = !context.profile->v1;
  if (!asked.full.value_or(context.profile->full_graphs && (v0 || context.generates()))) out.full = 0;
  const bool crosses = context.blueprint->traits.task == 3;  // full graphs for decode only: vLLM 0.33, config/vllm.py
  if (!asked.piecewise.value_or(!v0 && !crosses)) out.piecewise = 0;
  return out;
}

Graphs graphs_of_stage(const Context& context, const CaptureSizes& sizes, std::uint32_t stage) {
  Graphs out;
  const double graphs = sizes.piecewise + sizes.full;
  if (graphs == 0) return out;
  const double layers = context.parallel.stage_layers[stage];
  out.in_budget = subtracted(context);
  const auto& line = line_of(context);
  out.amount = around(line, line.at(layers, graphs));
  out.source = line.source;
  return out;
}

}  // namespace vramauto::engine::vllm
