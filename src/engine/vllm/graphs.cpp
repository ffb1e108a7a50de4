#include "engine/vllm/graphs.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

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

  void none() { piecewise = full = false; }
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

// What compiles: parts of a step are captured only where all of it is compiled (3). Up to 0.32 nothing is captured then; 0.33
// keeps graphs of whole steps where they were asked for. vLLM 0.11 and 0.33, config/vllm.py.
void read_compilation(const json::Value& root, Asked& out) {
  const auto* mode = root.is(json::Type::integer) ? &root : root.find("mode");
  if (!mode) mode = root.find("level");
  const bool whole = !mode || mode->is(json::Type::null) || (mode->is(json::Type::integer) && mode->integer == 3) ||
                     (mode->is(json::Type::string) && mode->text == "VLLM_COMPILE");
  const auto* use = root.find("use_cudagraph");
  if (!whole || (use && use->is(json::Type::boolean) && !use->integer)) out.none();
}

Asked read(const json::Document& document) {
  Asked out;
  read_compilation(document.root(), out);
  if (const auto* mode = document.root().find("cudagraph_mode")) read_mode(*mode, out);
  if (const auto* sizes = document.root().find("cudagraph_capture_sizes"); sizes && sizes->is(json::Type::array)) out.sizes = sizes;
  if (const auto* most = document.root().find("max_cudagraph_capture_size");
      most && most->is(json::Type::integer) && most->integer >= 0)
    out.largest = static_cast<std::uint64_t>(most->integer);
  return out;
}

// -O, and the options that name sizes. vLLM 0.33, config/vllm.py, OPTIMIZATION_LEVEL_00 to 03; 0.10, engine/arg_utils.py.
void read_options(const Context& context, Asked& out) {
  const auto& workload = *context.workload;
  constexpr Version kOptimisationLevels{0, 12, 0};
  if (const auto level = workload.optimization_level) {
    const bool compiles = context.profile->from >= kOptimisationLevels ? *level > 0 : *level == 3;
    if (!compiles)
      out.none();
    else if (*level == 1)
      out.full = false;
  }
  if (workload.max_cudagraph_capture_size) out.largest = workload.max_cudagraph_capture_size;
  if (workload.cuda_graph_sizes.size() == 1) out.largest = workload.cuda_graph_sizes.front();
}

// Tokens of one sequence in a step that only decodes: itself and its draft.
std::uint64_t decode_tokens(const Context& context) { return 1 + std::uint64_t{context.draft_tokens}; }

// Largest size of the default list. vLLM 0.33, config/vllm.py, _set_cudagraph_sizes; older rules in the releases named.
std::uint64_t largest_by_rule(const Context& context) {
  const auto tokens = context.effective.max_num_batched_tokens;
  auto sequences = context.effective.max_num_seqs;
  if (context.profile->capture >= CaptureRule::grid16_by_rows) sequences = saturating_mul(sequences, decode_tokens(context));
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

// The default list, one by one.
std::vector<std::uint64_t> listed(CaptureRule rule, std::uint64_t most) {
  std::vector<std::uint64_t> out;
  for (std::uint64_t size = 1; size <= most; ++size)
    if (on_grid(rule, size)) out.push_back(size);
  return out;
}

// Graphs of whole steps are for sizes of at least one sequence and at most all.
struct Decode {
  std::uint64_t least, most;
};

// As the configuration or an option names them; nothing where they name at most the largest.
std::vector<std::uint64_t> given_sizes(const Context& context, const Asked& asked) {
  std::vector<std::uint64_t> out;
  const auto& workload = *context.workload;
  if (asked.sizes) {
    for (const auto& size : asked.sizes->items.first(std::min<std::size_t>(asked.sizes->items.size(), kMostSizes)))
      if (size.is(json::Type::integer) && size.integer > 0) out.push_back(static_cast<std::uint64_t>(size.integer));
    return out;
  }
  const auto& older = workload.cuda_graph_sizes;
  const auto& named = workload.cudagraph_capture_sizes.empty() && older.size() > 1 ? older : workload.cudagraph_capture_sizes;
  out.assign(named.begin(), named.end());
  return out;
}

CaptureSizes count_given(const std::vector<std::uint64_t>& sizes, const Decode& decode) {
  CaptureSizes out;
  for (const auto size : sizes) {
    ++out.piecewise;
    out.full += size <= decode.most;
    out.largest = std::max(out.largest, size);
  }
  return out;
}

// With drafts a graph of a whole step is for whole sequences: sizes are rounded up to multiples of what one takes, on the first
// model runner (since 0.11.2) for all graphs, and from 0.29 on such multiples are added to the list. vLLM 0.33, config/vllm.py,
// _set_cudagraph_sizes, and config/compilation.py, adjust_cudagraph_sizes_for_spec_decode.
CaptureSizes count_drafting(const Context& context, std::vector<std::uint64_t> sizes, std::uint64_t most, bool given,
                            const Decode& decode) {
  constexpr Version kRounds{0, 11, 1};
  const auto rule = context.profile->capture;
  const auto each = decode.least, sequences = context.effective.max_num_seqs;
  if (given && !sizes.empty()) most = *std::max_element(sizes.begin(), sizes.end());
  if (!given && rule >= CaptureRule::grid16_plus_decode)
    for (std::uint64_t n = 1; n <= sequences && n * each <= most; ++n)
      if (on_grid(rule, n) || n == sequences) sizes.push_back(n * each);
  const auto distinct = [&](bool rounded, std::uint64_t limit) {
    auto list = sizes;
    if (rounded)
      for (auto& size : list) size = round_up(size, each);
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
    return static_cast<std::uint32_t>(std::count_if(list.begin(), list.end(), [&](auto size) { return size <= limit; }));
  };
  const bool rounds = context.profile->from >= kRounds;
  CaptureSizes out;
  out.largest = most;
  out.piecewise = distinct(rounds && !context.mrv2, most);
  out.full = distinct(rounds, std::min(most, decode.most));
  return out;
}

CaptureSizes count_default(const Context& context, std::uint64_t most, const Decode& decode) {
  const auto rule = context.profile->capture;
  CaptureSizes out;
  out.largest = most;
  out.piecewise = count_up_to(rule, most);
  out.full = count_up_to(rule, std::min(most, decode.most));
  if (context.workload->performance_mode == "interactivity") {
    const auto small = std::min<std::uint64_t>(most, 32), decoding = std::min(small, decode.most);
    out.piecewise += static_cast<std::uint32_t>(small) - count_up_to(rule, small);
    out.full += static_cast<std::uint32_t>(decoding) - count_up_to(rule, decoding);
  }
  const auto sequences = context.effective.max_num_seqs;
  if (rule >= CaptureRule::grid16_plus_seqs && sequences <= most && !on_grid(rule, sequences)) {
    ++out.piecewise;
    ++out.full;
  }
  const auto tokens = context.effective.max_num_batched_tokens;
  if (rule >= CaptureRule::grid16_plus_tokens && tokens == most && tokens != sequences && !on_grid(rule, tokens)) ++out.piecewise;
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
  const std::string_view name = context.device ? std::string_view(context.device->name) : "";
  if ((name.starts_with("AMD ") && !profile.rocm_graphs_estimated) || (name.starts_with("Intel ") && !profile.xpu_graphs_estimated))
    return false;
  const auto asked = environment(*context.workload, "VLLM_MEMORY_PROFILER_ESTIMATE_CUDAGRAPHS");
  return asked ? *asked != "0" : profile.graphs_subtracted;
}

}  // namespace

// vLLM 0.33, config/compilation.py, CUDAGraphMode and validate_cudagraph_mode_before: a name in any case, or 0 to 2.
Result<void> check_compilation(const Workload& workload, const Version& version) {
  constexpr std::string_view kWhere = "compilation-config";
  // CompilationConfig.from_cli, vllm/config.py: 0.8.5 reads "0" to "3" alone, 0.9.2 JSON only.
  constexpr Version kObjectsOnly{0, 9, 0};
  if (workload.compilation_config.empty()) return {};
  const auto document = TRY(json::parse(std::string(kWhere), workload.compilation_config));
  if (document.root().is(json::Type::integer) && version >= kObjectsOnly)
    return fail(VRAMAUTO_E_UNSUPPORTED, kWhere, "found {}, expected a JSON object: a level alone is read up to vLLM 0.8",
                document.root().integer);
  const auto* mode = document.root().find("cudagraph_mode");
  if (mode && !mode->is(json::Type::null)) {
    Asked asked;
    read_mode(*mode, asked);
    if (!asked.full || (mode->is(json::Type::integer) && (mode->integer < 0 || mode->integer > 2)))
      return fail(VRAMAUTO_E_ARGUMENT, kWhere,
                  "cudagraph_mode is none of NONE, PIECEWISE, FULL, FULL_DECODE_ONLY, FULL_AND_PIECEWISE");
  }
  const auto* sizes = document.root().find("cudagraph_capture_sizes");
  if (!sizes || !sizes->is(json::Type::array)) return {};
  for (const auto& size : sizes->items)
    if (!size.is(json::Type::integer) || size.integer < 1)
      return fail(VRAMAUTO_E_ARGUMENT, kWhere, "cudagraph_capture_sizes holds {}, expected whole numbers from 1",
                  size.is(json::Type::integer) ? "a number below 1" : json::type_name(size.type));
  return {};
}

CaptureSizes capture_sizes(const Context& context) {
  if (context.effective.enforce_eager) return {};
  Asked asked;
  json::Document document;
  if (!context.workload->compilation_config.empty())
    if (auto parsed = json::parse("compilation-config", context.workload->compilation_config)) {
      document = *parsed;
      asked = read(document);
    }
  read_options(context, asked);
  const auto each = decode_tokens(context);
  const Decode decode{each, saturating_mul(each, context.effective.max_num_seqs)};
  const auto most = std::min(asked.largest.value_or(largest_by_rule(context)), std::uint64_t{1} << 20);
  const auto given = given_sizes(context, asked);
  const bool named = asked.sizes || !given.empty();
  CaptureSizes out;
  if (each > 1 && context.profile->v1)
    out = count_drafting(context, named ? given : listed(context.profile->capture, most), most, named, decode);
  else
    out = named ? count_given(given, decode) : count_default(context, most, decode);
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
  double layers = context.parallel.stage_layers[stage];
  const bool drafts = stage + 1 == context.parallel.pp;
  if (drafts && context.drafter) layers += context.drafter->blueprint->traits.layers;
  if (drafts && context.draft_layers) layers += context.blueprint->traits.draft_layers;
  out.in_budget = subtracted(context);
  const auto& line = line_of(context);
  out.amount = around(line, line.at(layers, graphs));
  out.source = line.source;
  return out;
}

}  // namespace vramauto::engine::vllm
