// What a call costs, beside the least it could cost: reading and parsing the same headers with simdjson and nothing else, measured
// in the same run. The last lines are ratios; the numbers above them are the machine's.
//
//   bench FOLDER_8B FOLDER_BIG COMMAND [Google Benchmark's own options]

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <simdjson.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "vramauto/vramauto.h"

extern char** environ;

namespace {

std::string folder_8b, folder_big, command;

void must(vramauto_status status, const vramauto_error& error) {
  if (status == VRAMAUTO_OK) return;
  std::fprintf(stderr, "bench: %s: %s\n", error.where, error.message);
  std::exit(1);
}

// One header the way any reader must: two reads, one parse, every tensor's dtype, shape and offsets looked at.
std::size_t read_and_parse(const std::string& path, simdjson::ondemand::parser& parser, std::vector<char>& buffer) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) std::exit(1);
  std::uint64_t length = 0;
  if (::pread(fd, &length, sizeof length, 0) != sizeof length) std::exit(1);
  buffer.resize(length + simdjson::SIMDJSON_PADDING);
  if (::pread(fd, buffer.data(), length, sizeof length) != static_cast<ssize_t>(length)) std::exit(1);
  ::close(fd);
  std::size_t sum = 0;
  auto document = parser.iterate(buffer.data(), length, buffer.size());
  for (auto field : document.get_object()) {
    sum += field.unescaped_key().value().size();
    for (auto member : field.value().get_object()) {
      const auto key = member.unescaped_key().value();
      if (key == "dtype")
        sum += member.value().get_string().value().size();
      else if (key == "shape" || key == "data_offsets")
        for (auto number : member.value().get_array()) sum += number.get_uint64().value();
    }
  }
  return sum;
}

std::vector<std::string> shards(const std::string& folder) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".safetensors") paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  return paths;
}

void headers_alone(benchmark::State& state, const std::string& folder) {
  const auto paths = shards(folder);
  simdjson::ondemand::parser parser;
  std::vector<char> buffer;
  for (auto _ : state)
    for (const auto& path : paths) benchmark::DoNotOptimize(read_and_parse(path, parser, buffer));
}

struct Session {  // a context, one described GPU kind, and the error they report into
  vramauto_error error;
  vramauto_context* context = nullptr;
  vramauto_devices* devices = nullptr;
  vramauto_workload* workload = nullptr;
  explicit Session(const char* gpus) {
    VRAMAUTO_INIT(error);
    must(vramauto_context_new(nullptr, &context, &error), error);
    must(vramauto_workload_new(context, &workload, &error), error);
    must(vramauto_devices_parse(context, gpus, &devices, &error), error);
  }
  ~Session() {
    vramauto_workload_free(workload);
    vramauto_devices_free(devices);
    vramauto_context_free(context);
  }
  vramauto_model* open(const std::string& folder) {
    vramauto_model* model = nullptr;
    must(vramauto_model_open(context, folder.c_str(), &model, &error), error);
    return model;
  }
  void plan(const vramauto_model* model) {
    vramauto_plan* plan = nullptr;
    must(vramauto_plan_calculate(context, devices, model, workload, &plan, &error), error);
    vramauto_plan_free(plan);
  }
};

void open_model(benchmark::State& state, const std::string& folder) {
  Session session("H100 80GB");
  for (auto _ : state) vramauto_model_free(session.open(folder));
}

void open_and_plan(benchmark::State& state) {
  Session session("H100 80GB");
  for (auto _ : state) {
    auto* model = session.open(folder_8b);
    session.plan(model);
    vramauto_model_free(model);
  }
}

void plan_alone(benchmark::State& state) {
  Session session("H100 80GB");
  auto* model = session.open(folder_8b);
  for (auto _ : state) session.plan(model);
  vramauto_model_free(model);
}

// A catalogued model of experts and latent attention, on eight ranks.
void plan_of_many_experts(benchmark::State& state) {
  Session session("8x H200");
  must(vramauto_workload_set(session.workload, "tensor-parallel-size", "8", &session.error), session.error);
  auto* model = session.open("deepseek-ai/DeepSeek-V3.1");
  for (auto _ : state) session.plan(model);
  vramauto_model_free(model);
}

// Finds, checks and opens the plugins beside the library. From the second time on the loader has them already.
void context_with_plugins(benchmark::State& state) {
  vramauto_error error;
  VRAMAUTO_INIT(error);
  for (auto _ : state) {
    vramauto_context* context = nullptr;
    must(vramauto_context_new(nullptr, &context, &error), error);
    benchmark::DoNotOptimize(vramauto_plugin_count(context));
    vramauto_context_free(context);
  }
}

// The command with these arguments, to the end.
void process(benchmark::State& state, std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), command.c_str());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  for (auto _ : state) {
    pid_t child = 0;
    int status = 0;
    if (posix_spawn(&child, command.c_str(), &actions, nullptr, const_cast<char* const*>(arguments.data()), environ) != 0 ||
        waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
      state.SkipWithError("the command did not end with exit status 0");
      break;
    }
  }
  posix_spawn_file_actions_destroy(&actions);
}

void whole_process(benchmark::State& state) { process(state, {"plan", folder_8b.c_str(), "--gpu", "H100 80GB", "--offline"}); }

// 250 models x 100 machines x 4 layouts: 100,000 plans, from the start of the process to the last line of the table. Models that
// are there several times are opened and described as often.
void compare_100000(benchmark::State& state) {
  constexpr const char* kModels[] = {"Qwen/Qwen3-0.6B",          "Qwen/Qwen3-8B",       "Qwen/Qwen3-14B-FP8",
                                     "Qwen/Qwen3-32B",           "Qwen/Qwen2.5-72B",    "Qwen/Qwen2.5-VL-7B-Instruct",
                                     "google/gemma-2-27b",       "microsoft/phi-4",     "mistralai/Ministral-8B-Instruct-2410",
                                     "Qwen/Qwen3-30B-A3B",       "openai/gpt-oss-120b", "mistralai/Mixtral-8x22B-v0.1",
                                     "deepseek-ai/DeepSeek-V3.1"};
  constexpr const char* kGpus[] = {"RTX 3090",  "RTX 4090",  "RTX 5090", "L4",       "L40S", "A10G", "A30", "A40",
                                   "A100 40GB", "A100 80GB", "H100",     "H100 NVL", "H200", "H20",  "B200"};
  std::string machines;
  for (int i = 0; i < 100; ++i)
    machines += std::string(i ? "," : "") + "8x " + kGpus[static_cast<std::size_t>(i) % std::size(kGpus)];
  std::vector<const char*> arguments{"compare"};
  for (int i = 0; i < 250; ++i) arguments.push_back(kModels[static_cast<std::size_t>(i) % std::size(kModels)]);
  arguments.insert(arguments.end(),
                   {"--gpus", machines.c_str(), "--tensor-parallel-size", "1,2,4,8", "--max-model-len", "8k", "--csv"});
  process(state, arguments);
}

// The usual table, and the real time of each benchmark by name for the ratios.
class Reporter : public benchmark::ConsoleReporter {
 public:
  std::map<std::string, double> microseconds;
  void ReportRuns(const std::vector<Run>& runs) override {
    ConsoleReporter::ReportRuns(runs);
    for (const auto& run : runs)
      if (!run.error_occurred)
        microseconds[run.run_name.function_name] = run.real_accumulated_time / static_cast<double>(run.iterations) * 1e6;
  }
};

void ratio(const Reporter& reporter, const char* name, const char* limit) {
  const auto a = reporter.microseconds.find(name), b = reporter.microseconds.find(limit);
  if (a != reporter.microseconds.end() && b != reporter.microseconds.end())
    std::printf("%-28s %9.1f us = %6.2f x %s\n", name, a->second, a->second / b->second, limit);
}

void against(const Reporter& reporter, const char* name, double target) {
  if (const auto a = reporter.microseconds.find(name); a != reporter.microseconds.end())
    std::printf("%-28s %9.1f us = %6.2f x the aim of %.1f us\n", name, a->second, a->second / target, target);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: bench FOLDER_8B FOLDER_BIG COMMAND [--benchmark_…]\n");
    return 2;
  }
  folder_8b = argv[1], folder_big = argv[2], command = argv[3];
  int rest = argc - 3;
  argv[3] = argv[0];
  benchmark::Initialize(&rest, argv + 3);
  benchmark::RegisterBenchmark("headers_alone_8b", headers_alone, folder_8b)->Unit(benchmark::kMicrosecond)->UseRealTime();
  benchmark::RegisterBenchmark("open_8b", open_model, folder_8b)->Unit(benchmark::kMicrosecond)->UseRealTime();
  benchmark::RegisterBenchmark("open_and_plan_8b", open_and_plan)->Unit(benchmark::kMicrosecond)->UseRealTime();
  benchmark::RegisterBenchmark("plan_8b", plan_alone)->Unit(benchmark::kMicrosecond)->UseRealTime();
  benchmark::RegisterBenchmark("plan_deepseek_v3_tp8", plan_of_many_experts)->Unit(benchmark::kMicrosecond)->UseRealTime();
  benchmark::RegisterBenchmark("context_with_plugins", context_with_plugins)->Unit(benchmark::kMicrosecond)->UseRealTime();
  benchmark::RegisterBenchmark("headers_alone_big", headers_alone, folder_big)->Unit(benchmark::kMicrosecond)->UseRealTime();
  benchmark::RegisterBenchmark("open_big", open_model, folder_big)->Unit(benchmark::kMicrosecond)->UseRealTime();
  benchmark::RegisterBenchmark("process_8b", whole_process)->Unit(benchmark::kMicrosecond)->UseRealTime();
  benchmark::RegisterBenchmark("compare_100000", compare_100000)->Unit(benchmark::kMicrosecond)->UseRealTime();

  Reporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  std::printf("\nRatios to the limit measured in this run (one thread, simdjson, nothing else) and to the project's aims\n");
  ratio(reporter, "open_8b", "headers_alone_8b");
  ratio(reporter, "open_and_plan_8b", "headers_alone_8b");
  ratio(reporter, "open_big", "headers_alone_big");
  against(reporter, "open_and_plan_8b", 300);
  against(reporter, "plan_8b", 5);
  against(reporter, "plan_deepseek_v3_tp8", 50);
  against(reporter, "context_with_plugins", 2000);
  against(reporter, "process_8b", 5000);
  against(reporter, "compare_100000", 1e6);
  return 0;
}
