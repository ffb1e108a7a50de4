#include "compare.hpp"

#include <CLI/Option.hpp>
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <exception>
#include <thread>

#include "client/option_table.hpp"
#include "commands.hpp"
#include "network.hpp"
#include "terminal.hpp"

namespace cli {
namespace {

constexpr std::size_t kMostRows = 4'000'000;

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\n"), last = text.find_last_not_of(" \t\n");
  return first == text.npos ? "" : text.substr(first, last - first + 1);
}

// At commas that are not in parentheses: "2x A100 40GB (SXM, 400 W), L40S".
std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> out(1);
  int depth = 0;
  for (const char c : text) {
    depth += c == '(' ? 1 : c == ')' && depth > 0 ? -1 : 0;
    if (c == ',' && depth == 0)
      out.emplace_back();
    else
      out.back().push_back(c);
  }
  for (auto& one : out) one = trimmed(one);
  return out;
}

Machine machine_of(const Context& context, const std::string& label, const PlanOptions& options) {
  Machine out;
  out.label = label;
  out.devices = devices_of(context, options);
  vramauto_device_info info;
  VRAMAUTO_INIT(info);
  for (std::size_t i = 0; i < vramauto_devices_count(out.devices.get()); ++i)
    if (!vramauto_devices_get(out.devices.get(), i, &info)) {
      out.totals.push_back(info.total_bytes);
      out.names.push_back(info.flags & 2 ? info.uuid : std::to_string(info.index));
    }
  return out;
}

std::vector<Machine> machines_of(const Context& context, const CompareOptions& options) {
  std::vector<Machine> out;
  PlanOptions one;
  one.free = options.plan.free;
  if (!options.gpus.empty())
    for (const auto& gpu : split(options.gpus)) {
      if (gpu.empty()) throw Failure{kUsage, "--gpus", "found \"" + options.gpus + "\", expected a machine between commas"};
      one.gpu = gpu;
      out.push_back(machine_of(context, gpu, one));
    }
  one.gpu.clear();
  for (const auto& file : options.devices) {
    one.devices = file;
    out.push_back(machine_of(context, file, one));
  }
  if (out.empty()) out.push_back(machine_of(context, "here", one));
  return out;
}

struct Choice {  // an option and the values it takes
  std::string name;
  std::vector<std::string> values;
};

// Numbers, sizes and choices may have several values; texts and JSON may hold commas of their own.
bool is_list(const std::string& name) {
  const auto option = client::option_named(name);
  return option.type >= client::kInteger && option.type <= client::kChoice;
}

std::vector<Choice> choices_of(const PlanOptions& options) {
  std::vector<Choice> out;
  bool tensor = false;
  for (const auto& [name, option] : options.workload) {
    if (option->count() == 0) continue;
    tensor = tensor || name == "tensor-parallel-size";
    for (const auto& value : option->results()) {
      // Of an option given more than once the last value stays; an environment adds up.
      if (!out.empty() && out.back().name == name && name != "env") out.pop_back();
      out.push_back({name, is_list(name) ? split(value) : std::vector{value}});
    }
  }
  if (!tensor) out.push_back({"tensor-parallel-size", {"auto"}});
  return out;
}

// Every value of each option with every value of the others, the first option's slowest.
std::vector<Setting> settings_of(const Context& context, const std::vector<Choice>& choices) {
  std::size_t count = 1;
  for (const auto& choice : choices)
    if ((count *= choice.values.size()) > kMostRows) throw Failure{kUsage, "--" + choice.name, "too many combinations of values"};
  std::vector<Setting> out(count);
  for (std::size_t i = 0; i < count; ++i) {
    auto rest = i;
    out[i].workload =
        make<Workload>(kError, [&](auto handle, auto err) { return vramauto_workload_new(context.get(), handle, err); });
    for (auto choice = choices.rbegin(); choice != choices.rend(); ++choice) {
      const auto& value = choice->values[rest % choice->values.size()];
      rest /= choice->values.size();
      vramauto_error err;
      VRAMAUTO_INIT(err);
      if (vramauto_workload_set(out[i].workload.get(), choice->name.c_str(), value.c_str(), &err))
        throw Failure{kUsage, "--" + choice->name, err.message};
      if (choice->values.size() > 1) out[i].values.emplace(out[i].values.begin(), choice->name, value);
    }
  }
  return out;
}

// Calls work(i) for every i below `count`, on as many threads as there are processors. What the first of them throws ends them all.
template <class Work>
void on_threads(std::size_t count, const Work& work) {
  std::atomic<std::size_t> next{0};
  std::atomic<bool> failed{false};
  std::exception_ptr failure;
  const auto run = [&] {
    try {
      for (auto i = next.fetch_add(1); i < count && !failed; i = next.fetch_add(1)) work(i);
    } catch (...) {
      if (!failed.exchange(true)) failure = std::current_exception();
    }
  };
  std::vector<std::thread> others;
  const auto threads = std::min<std::size_t>(count, std::max(1u, std::thread::hardware_concurrency()));
  for (std::size_t i = 1; i < threads; ++i) {
    try {
      others.emplace_back(run);
    } catch (const std::exception&) {
      break;  // no more threads to be had: those there are do the work
    }
  }
  run();
  for (auto& other : others) other.join();
  if (failure) std::rethrow_exception(failure);
}

struct Opened {
  Model model;
  std::string refusal;
};

std::vector<Opened> open_all(const Context& context, const std::vector<std::string>& names) {
  std::vector<Opened> out(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    vramauto_error err;
    VRAMAUTO_INIT(err);
    vramauto_model* model = nullptr;
    if (vramauto_model_open(context.get(), names[i].c_str(), &model, &err) != VRAMAUTO_OK)
      out[i].refusal = std::string(err.where) + ": " + err.message;
    out[i].model.reset(model);
  }
  return out;
}

// Memory of the GPUs that the ranks are on: the first ones, unless the plan says which.
double used_bytes(const Machine& machine, const vramauto_plan* plan, std::size_t ranks) {
  const auto& totals = machine.totals;
  std::vector<std::size_t> used(std::min(ranks, totals.size()));
  for (std::size_t i = 0; i < used.size(); ++i) used[i] = i;
  const bool alike = std::all_of(totals.begin(), totals.end(), [&](auto total) { return total == totals[0]; });
  constexpr const char* kVisible = "CUDA_VISIBLE_DEVICES=";
  for (std::size_t i = 0; const char* entry = alike ? nullptr : vramauto_plan_environment(plan, i); ++i) {
    if (std::strncmp(entry, kVisible, std::strlen(kVisible)) != 0) continue;
    used.clear();
    for (const auto& one : split(entry + std::strlen(kVisible)))
      if (const auto at = std::find(machine.names.begin(), machine.names.end(), one); at != machine.names.end())
        used.push_back(static_cast<std::size_t>(at - machine.names.begin()));
  }
  double sum = 0;
  for (const auto at : used) sum += static_cast<double>(totals[at]);
  return sum;
}

double spare_of(const Machine& machine, const vramauto_plan* plan, const vramauto_plan_info& info) {
  if (info.utilization_min <= 0) return -1;
  double all = 0;
  for (const auto total : machine.totals) all += static_cast<double>(total);
  const auto ranks = std::size_t{info.tensor_parallel_size} * info.pipeline_parallel_size * info.data_parallel_size;
  return std::max(0.0, all - info.utilization_min * used_bytes(machine, plan, ranks));
}

std::string reason_of(const vramauto_plan* plan) {
  vramauto_plan_info info;
  VRAMAUTO_INIT(info);
  return vramauto_plan_get(plan, &info) ? "" : info.reason;
}

void fill(const Context& context, const Opened& opened, const Machine& machine, const Setting& setting, Row& row) {
  vramauto_error err;
  VRAMAUTO_INIT(err);
  row.refused = true;
  if (!opened.model) {
    row.reason = opened.refusal;
    return;
  }
  vramauto_plan* raw = nullptr;
  if (vramauto_plan_calculate(context.get(), machine.devices.get(), opened.model.get(), setting.workload.get(), &raw, &err)) {
    row.reason = std::string(err.where) + ": " + err.message;
    return;
  }
  const Plan plan(raw);
  VRAMAUTO_INIT(row.plan);
  row.plan.struct_size = offsetof(vramauto_plan_info, reason);  // the library writes that sentence for who asks
  row.refused = vramauto_plan_get(plan.get(), &row.plan) != VRAMAUTO_OK;
  row.spare_bytes = spare_of(machine, plan.get(), row.plan);
  if (row.plan.fits == 0) row.reason = reason_of(plan.get());
}

void fill_rows(const Context& context, Comparison& comparison) {
  const auto opened = open_all(context, comparison.models);
  const auto machines = comparison.machines.size(), settings = comparison.settings.size();
  if (opened.size() > kMostRows / machines / settings)
    throw Failure{kUsage, "", "more than " + std::to_string(kMostRows) + " combinations of models, GPUs and values"};
  comparison.rows.resize(opened.size() * machines * settings);
  on_threads(opened.size() * machines, [&](std::size_t i) {
    for (std::size_t s = 0; s < settings; ++s) {
      auto& row = comparison.rows[i * settings + s];
      row.model = i / machines, row.machine = i % machines, row.setting = s;
      fill(context, opened[row.model], comparison.machines[row.machine], comparison.settings[s], row);
    }
  });
}

Exit exit_of(const Comparison& comparison) {
  bool answered = false;
  for (const auto& row : comparison.rows) {
    if (!row.refused && row.plan.fits != 0) return kFits;
    answered = answered || !row.refused;
  }
  return answered ? kDoesNotFit : kError;
}

}  // namespace

void declare_compare(CLI::App& app, CompareOptions& options) {
  app.add_option("MODEL", options.models, "models, as for plan")->required()->expected(1, -1);
  app.add_option("--gpus", options.gpus, "machines, one after each comma: \"RTX 4090, 2x A100 40GB\" [this machine]")
      ->type_name("NAMES");
  app.add_option("--devices", options.devices, "a machine as `vramauto detect --json` writes it; may be repeated")
      ->type_name("FILE");
  app.add_option("--free", options.plan.free, "memory that is free on every GPU before the start: 20GiB [all, or as detected]")
      ->type_name("SIZE");
  auto* json = app.add_flag("--json", options.json, "for programs, schema vramauto.compare/1");
  app.add_flag("--csv", options.csv, "for spreadsheets")->excludes(json);
  declare_network(app, options.plan);
  declare_workload(app, options.plan);
  app.footer(
      "Numbers, sizes and choices take several values: --tensor-parallel-size 1,2,4 --kv-cache-dtype auto,fp8. Without\n"
      "--tensor-parallel-size each machine uses as few GPUs as will do.");
}

Exit run_compare(const CompareOptions& options) {
  const auto context = open_context(options.plan, nullptr);
  Comparison comparison;
  comparison.models = options.models;
  comparison.settings = settings_of(context, choices_of(options.plan));
  comparison.machines = machines_of(context, options);
  fill_rows(context, comparison);
  sort_rows(comparison);
  print(options.json ? compare_json(comparison) : options.csv ? compare_csv(comparison) : compare_text(comparison));
  return exit_of(comparison);
}

}  // namespace cli
