#include <algorithm>
#include <utility>

#include "plan/certainty.hpp"
#include "report/bar.hpp"
#include "report/report.hpp"

namespace vramauto::report {
namespace {

constexpr std::size_t kBarWidth = 64, kLabel = 10;

// "why       one sequence …": a label, then text broken at spaces.
void add(std::string& out, std::string_view label, std::string_view text) {
  constexpr std::size_t kWidth = 100 - kLabel;
  auto head = fmt::format("{:<{}}", label, kLabel);
  while (text.size() > kWidth && text.find(' ') != std::string_view::npos) {
    auto cut = text.rfind(' ', kWidth);
    if (cut == std::string_view::npos) cut = text.find(' ');
    out.append(head).append(text.substr(0, cut)).append("\n");
    text.remove_prefix(cut + 1);
    head.assign(kLabel, ' ');
  }
  out.append(head).append(text).append("\n");
}

void add_model(std::string& out, const plan::Plan& plan, const Subject& subject) {
  const auto& model = subject.model;
  const auto count = parameters(subject);
  auto line = fmt::format("{} ({}", model.id.empty() ? model.path : model.id,
                          model.architecture.empty() ? "unknown architecture" : model.architecture);
  if (count != VRAMAUTO_UNKNOWN) line += fmt::format(", {:.2f} billion parameters", static_cast<double>(count) / 1e9);
  add(out, "model", line + fmt::format(", from {})", model::source_name(model.source)));
  if (!plan.estimate) return;
  const auto& e = plan.estimate->effective;
  const bool known = plan.estimate->version_known, here = !plan.estimate->installed.empty();
  add(out, "engine",
      fmt::format("{} {}{}, {}, KV cache in {}", plan.estimate->engine == "vllm" ? "vLLM" : plan.estimate->engine,
                  plan.estimate->version,
                  !known ? " (not known: counted as the newest that is)"
                  : here ? " (installed here)"
                         : "",
                  e.dtype, e.kv_cache_dtype));
}

std::string device_line(const detect::Device& device) {
  auto out = device.name.empty() ? std::string("GPU") : text::shown(device.name, 256);
  if (device.total_bytes == VRAMAUTO_UNKNOWN) return out + ", memory not known";
  out += ", " + text::gib(device.total_bytes);
  if (device.free_bytes != VRAMAUTO_UNKNOWN) out += ", " + text::gib(device.free_bytes) + " free";
  return out;
}

void add_devices(std::string& out, const plan::Plan& plan) {
  if (plan.devices.empty()) add(out, "GPU", "none given, none found");
  for (std::size_t i = 0; i < plan.devices.size();) {
    const auto line = device_line(plan.devices[i]);
    std::size_t same = 1;
    while (i + same < plan.devices.size() && device_line(plan.devices[i + same]) == line) ++same;
    add(out, i == 0 ? "GPU" : "", same == 1 ? line : fmt::format("{} x {}", same, line));
    i += same;
  }
}

bool alike(const plan::Plan& plan, std::size_t a, std::size_t b) {
  const auto &x = plan.estimate->ranks[a], &y = plan.estimate->ranks[b];
  const auto cache = [&](std::size_t i) { return i < plan.cache_bytes.size() ? plan.cache_bytes[i] : 0; };
  return x.total_bytes == y.total_bytes && x.free_at_start == y.free_at_start && x.fixed().best == y.fixed().best &&
         x.weights.best == y.weights.best && x.outside.best == y.outside.best && cache(a) == cache(b);
}

void add_amounts(std::string& out, const engine::Rank& rank) {
  add(out, "needs",
      fmt::format("weights {}, activations {}, CUDA graphs {}, other {}", text::gib(rank.weights.best),
                  text::gib(rank.activation.best), text::gib(rank.graphs.best),
                  text::gib(saturating_add(rank.non_torch.best, rank.other_in_budget.best))));
}

void add_legend(std::string& out, const std::vector<std::string>& entries) {
  std::string line;
  for (const auto& entry : entries) {
    if (!line.empty() && line.size() + entry.size() > 94) add(out, "", std::exchange(line, {}));
    line += fmt::format("{}{}", line.empty() ? "" : "  ", entry);
  }
  if (!line.empty()) add(out, "", line);
}

// One bar for each run of ranks that look the same.
void add_bars(std::string& out, const plan::Plan& plan) {
  const auto& ranks = plan.estimate->ranks;
  for (std::size_t i = 0; i < ranks.size();) {
    std::size_t end = i + 1;
    while (end < ranks.size() && alike(plan, i, end)) ++end;
    const auto name = ranks.size() == 1 ? "memory"
                      : end - i == 1    ? fmt::format("rank {}", i)
                                        : fmt::format("rank {}-{}", i, end - 1);
    if (ranks[i].total_bytes == VRAMAUTO_UNKNOWN) {
      add_amounts(out, ranks[i]);
    } else {
      const auto parts = segments(plan, i);
      out += fmt::format("{:<{}}[{}] {}\n", name, kLabel, bar(parts, ranks[i].total_bytes, kBarWidth),
                         text::gib(ranks[i].total_bytes));
      add_legend(out, legend(parts));
    }
    i = end;
  }
}

// Which GPUs are used of those that are here, which of them is wasted, and why.
void add_layout(std::string& out, const plan::Plan& plan) {
  const auto& ranks = plan.estimate->ranks;
  if (plan.devices.size() < 2) return;
  std::string gpus;
  for (const auto& rank : ranks) gpus += fmt::format("{}{}", gpus.empty() ? "" : ", ", rank.device);
  const auto& asked = plan.asked();
  auto line = fmt::format("uses {} of {} GPUs ({}): tensor {}, pipeline {}", ranks.size(), plan.devices.size(), gpus,
                          asked.tensor_parallel_size, asked.pipeline_parallel_size);
  if (asked.data_parallel_size > 1) line += fmt::format(", data {}", asked.data_parallel_size);
  if (plan::is_uneven(plan)) {
    const auto idle = plan::idle_bytes(plan);
    const auto most = static_cast<std::size_t>(std::max_element(idle.begin(), idle.end()) - idle.begin());
    line += fmt::format("; GPU {} keeps {} unused: one utilization and one number of blocks serve all", ranks[most].device,
                        text::gib(idle[most]));
  }
  add(out, "layout", line);
  if (const auto unused = plan::unused_devices(plan); !unused.empty() && plan.layout_chosen)
    add(out, "", fmt::format("{} unused: {}", unused.size(), plan::unused_reason(plan, unused.front())));
}

void add_batch(std::string& out, const plan::Plan& plan, const Subject& subject) {
  if (!plan.batch_chosen) return;
  const auto cost = plan::batch_cost(plan, subject.request());
  const auto& effective = plan.estimate->effective;
  add(out, "batch",
      fmt::format("--max-num-seqs {} takes {}, --max-num-batched-tokens {} takes {}", effective.max_num_seqs,
                  text::gib(cost.sequences), effective.max_num_batched_tokens, text::gib(cost.tokens)));
}

void add_verdict(std::string& out, const plan::Plan& plan) {
  if (plan.fits == plan::Fits::unknown) return add(out, "fits", "not known");
  if (plan.fits == plan::Fits::no) return add(out, "fits", "no");
  add(out, "fits",
      fmt::format("yes, with a {} margin; {} stay free", plan::margin_name(plan.margin), text::gib(plan.headroom_bytes)));
}

void add_settings(std::string& out, const plan::Plan& plan) {
  if (plan.utilization > 0) {
    auto line = fmt::format("--gpu-memory-utilization {} ({}", plan.utilization, plan::strategy_name(plan.strategy));
    if (plan.utilization_min > 0 && plan.fits == plan::Fits::yes)
      line += fmt::format("; starts from {} to {}", plan.utilization_min, plan.utilization_max);
    add(out, "settings", line + ")");
  }
  add(out, plan.utilization > 0 ? "" : "settings",
      fmt::format("--max-model-len {}{}", plan.max_model_len, plan.max_model_len_shortened ? " (shortened)" : ""));
}

void add_cache(std::string& out, const plan::Plan& plan) {
  const auto& estimate = *plan.estimate;
  if (!estimate.keeps_cache) return add(out, "cache", "none: the model keeps no keys and values between steps");
  auto line = fmt::format("{} for one sequence of {}", text::gib(plan.required_bytes), text::grouped(plan.max_model_len));
  if (estimate.bytes_per_token)  // not of states alone
    line = fmt::format("{:.1f} KiB a token, {}", static_cast<double>(estimate.bytes_per_token) / 1024, line);
  if (!plan.cache_bytes.empty())
    line = fmt::format("{} tokens, {:.2f} sequences of {} at once; {}", text::grouped(plan.cache.tokens),
                       plan.cache.max_concurrency, text::grouped(plan.max_model_len), line);
  if (const auto& asked = plan.asked(); asked.input_len || asked.output_len)
    line += fmt::format("; {:.2f} of the usual {}", plan.typical_concurrency,
                        text::grouped(asked.input_len.value_or(0) + asked.output_len.value_or(0)));
  add(out, "cache", line);
}

void add_certainty(std::string& out, const plan::Plan& plan) {
  if (!plan.estimate->keeps_cache) return;
  if (plan.certainty == VRAMAUTO_CERTAINTY_EXACT) return add(out, "certainty", "exact");
  add(out, "certainty",
      fmt::format("{}within {}; least certain: {}", plan.certainty == VRAMAUTO_CERTAINTY_GUESS ? "a guess, " : "",
                  text::gib(plan.uncertainty_bytes), plan.least_certain));
}

std::string gain(const plan::Alternative& other) {
  return fmt::format("utilization {}, {} tokens, {:.2f} sequences of {} at once", other.utilization, text::grouped(other.tokens),
                     other.max_concurrency, text::grouped(other.max_model_len));
}

std::string change_of(const plan::Alternative& other) {
  std::string out;
  for (const auto& entry : other.environment) out += entry + " ";
  for (const auto& [option, value] : other.change) out += fmt::format("--{} {} ", option, value);
  out.pop_back();
  return out;
}

void add_alternatives(std::string& out, const plan::Plan& plan, const Subject& subject) {
  auto label = plan.fits == plan::Fits::yes ? "regrouped" : "would fit";
  for (const auto& other : plan::alternatives(plan, subject.request())) {
    add(out, label, fmt::format("{}: {}", change_of(other), gain(other)));
    label = "";
  }
  if (plan.fits != plan::Fits::yes || plan.asked().kv_cache_memory_bytes || !plan.estimate->keeps_cache) return;
  const auto most = plan::maximal(plan);
  if (most.fits == plan::Fits::yes && most.utilization > plan.utilization)
    add(out, "maximal", fmt::format("--policy maximal gives {}", gain(most)));
}

template <class List>
void add_warnings(std::string& out, const List& warnings) {
  for (const auto& warning : warnings) add(out, "warning", warning.message);
}

void add_line(std::string& out, const plan::Plan& plan, const Subject& subject) {
  auto words = plan::arguments(plan, subject.model);
  words.insert(words.begin(), "vllm");
  const auto set = plan::environment(plan);
  words.insert(words.begin(), set.begin(), set.end());
  out += fmt::format("\n{}\n", shell_line(words));
}

}  // namespace

std::string plan_text(const plan::Plan& plan, const Subject& subject) {
  std::string out;
  if (plan.rule) {
    out = rule_text(plan);
  } else {
    add_model(out, plan, subject);
    add_devices(out, plan);
    out += "\n";
    add_bars(out, plan);
    out += "\n";
    add_verdict(out, plan);
    add_layout(out, plan);
    if (plan.fits != plan::Fits::no) add_settings(out, plan);
    add_batch(out, plan, subject);
    add_cache(out, plan);
    add_certainty(out, plan);
    add(out, "why", reason(plan));
    add_alternatives(out, plan, subject);
  }
  add_warnings(out, subject.model.warnings);
  if (plan.estimate) add_warnings(out, plan.estimate->warnings);
  add_warnings(out, plan.warnings);
  if (plan.fits != plan::Fits::no) add_line(out, plan, subject);
  return out;
}

}  // namespace vramauto::report
