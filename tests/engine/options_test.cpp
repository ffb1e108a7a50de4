#include <doctest/doctest.h>

#include <algorithm>

#include "engine/options.hpp"

using namespace vramauto;
using engine::Workload;

namespace {

std::string refused(std::string_view name, std::string_view value) {
  Workload w;
  const auto done = engine::set(w, name, value);
  if (done) return "accepted";
  return done.error().where + ": " + done.error().message;
}

std::uint64_t length(std::string_view value) {
  Workload w;
  REQUIRE(engine::set(w, "max-model-len", value));
  REQUIRE(w.max_model_len);
  return *w.max_model_len;
}

}  // namespace

TEST_CASE("options: small suffixes are powers of 1000, large ones of 1024, as vLLM reads them") {
  CHECK(length("4096") == 4096);
  CHECK(length("32k") == 32000);
  CHECK(length("32K") == 32768);
  CHECK(length("25.6k") == 25600);
  CHECK(length("1m") == 1000000);
  CHECK(length(" 8k ") == 8000);
}

TEST_CASE("options: a decimal with a binary suffix is refused, as vLLM refuses it") {
  CHECK(refused("max-model-len", "1.5K") ==
        "max-model-len: found \"1.5K\", expected a whole number such as 4096, 32k (32,000) or 32K (32,768)");
}

TEST_CASE("options: auto and -1 ask for the longest that fits") {
  for (const auto* value : {"auto", "-1", "AUTO"}) {
    Workload w;
    REQUIRE(engine::set(w, "max-model-len", "8k"));
    REQUIRE(engine::set(w, "max-model-len", value));
    CHECK(w.max_model_len_auto);
    CHECK_FALSE(w.max_model_len);
  }
}

TEST_CASE("options: a length after auto takes its place") {
  Workload w;
  REQUIRE(engine::set(w, "max-model-len", "auto"));
  REQUIRE(engine::set(w, "max-model-len", "8192"));
  CHECK_FALSE(w.max_model_len_auto);
  CHECK(w.max_model_len == 8192);
}

TEST_CASE("options: a length of 0 is refused with its range") {
  CHECK(refused("max-model-len", "0") == "max-model-len: found 0, expected a whole number from 1 to 1099511627776");
}

TEST_CASE("options: negative numbers and words are no numbers") {
  CHECK(refused("max-num-seqs", "-4").starts_with("max-num-seqs: found \"-4\", expected a whole number"));
  CHECK(refused("max-num-seqs", "many").starts_with("max-num-seqs: found \"many\", expected a whole number"));
  CHECK(refused("max-num-seqs", "").starts_with("max-num-seqs: found \"\", expected a whole number"));
}

TEST_CASE("options: a number beyond 64 bits is refused") {
  CHECK(refused("max-model-len", "99999999999999999999").starts_with("max-model-len: found \"99999999999999999999\""));
  CHECK(refused("max-model-len", "99999999999999999t").starts_with("max-model-len: found"));
}

TEST_CASE("options: a utilization above 1 is refused") {
  CHECK(refused("gpu-memory-utilization", "1.5") ==
        "gpu-memory-utilization: found 1.5, expected a share of the GPU's memory above 0 and up to 1, or 0 (automatic)");
}

TEST_CASE("options: a utilization of 0 means automatic") {
  Workload w;
  REQUIRE(engine::set(w, "gpu-memory-utilization", "0.85"));
  CHECK(w.gpu_memory_utilization == 0.85);
  REQUIRE(engine::set(w, "gpu-memory-utilization", "0"));
  CHECK_FALSE(w.gpu_memory_utilization);
}

TEST_CASE("options: not-a-number is no utilization") {
  CHECK(refused("gpu-memory-utilization", "nan").starts_with("gpu-memory-utilization: found \"nan\""));
  CHECK(refused("gpu-memory-utilization", "-0.5").starts_with("gpu-memory-utilization: found \"-0.5\""));
}

TEST_CASE("options: sizes are read in GiB, GB and bytes") {
  Workload w;
  REQUIRE(engine::set(w, "kv-cache-memory-bytes", "24GiB"));
  CHECK(w.kv_cache_memory_bytes == 24 * kGiB);
  REQUIRE(engine::set(w, "kv-cache-memory-bytes", "1.5 GiB"));
  CHECK(w.kv_cache_memory_bytes == kGiB + kGiB / 2);
  REQUIRE(engine::set(w, "kv-cache-memory-bytes", "2GB"));
  CHECK(w.kv_cache_memory_bytes == 2000000000);
  REQUIRE(engine::set(w, "kv-cache-memory-bytes", "4294967296"));
  CHECK(w.kv_cache_memory_bytes == 4 * kGiB);
}

TEST_CASE("options: a size with an unknown unit is refused") {
  CHECK(refused("reserve", "2XB") == "reserve: found \"2XB\", expected a size such as 24GiB, 512MiB or a number of bytes");
}

TEST_CASE("options: an unknown name suggests the nearest") {
  CHECK(refused("max-model-length", "1") == "max-model-length: there is no option of this name; the nearest is max-model-len");
}

TEST_CASE("options: short names and underscores are vLLM's too") {
  Workload w;
  REQUIRE(engine::set(w, "tp", "4"));
  REQUIRE(engine::set(w, "max_num_seqs", "64"));
  REQUIRE(engine::set(w, "q", "fp8"));
  REQUIRE(engine::set(w, "cc", "{}"));
  CHECK(w.tensor_parallel_size == 4);
  CHECK(w.max_num_seqs == 64);
  CHECK(w.set_names == std::vector<std::string>{"tensor-parallel-size", "max-num-seqs", "quantization", "compilation-config"});
}

TEST_CASE("options: a switch alone is true, its no- form false") {
  Workload w;
  REQUIRE(engine::set(w, "enforce-eager", ""));
  CHECK(w.enforce_eager);
  REQUIRE(engine::set(w, "no-enable-prefix-caching", ""));
  CHECK(w.enable_prefix_caching == false);
  REQUIRE(engine::set(w, "no-enable-prefix-caching", "false"));
  CHECK(w.enable_prefix_caching == true);
  CHECK(w.set_names.size() == 2);
}

TEST_CASE("options: only switches have a no- form") {
  CHECK(refused("no-max-model-len", "").starts_with("no-max-model-len: there is no option of this name"));
}

TEST_CASE("options: a value outside the choices names them") {
  CHECK(refused("policy", "greedy") == "policy: found \"greedy\", expected one of balanced|minimal|maximal");
  CHECK(refused("policy", "") == "policy: found \"\", expected one of balanced|minimal|maximal");
}

TEST_CASE("options: without a value the default comes back") {
  Workload w;
  REQUIRE(engine::set(w, "tp", "8"));
  REQUIRE(engine::set(w, "max-model-len", "8k"));
  REQUIRE(engine::set(w, "tp", std::nullopt));
  REQUIRE(engine::set(w, "max-model-len", std::nullopt));
  CHECK(w.tensor_parallel_size == 1);
  CHECK_FALSE(w.max_model_len);
  CHECK(w.set_names.empty());
}

TEST_CASE("options: variables of the environment add up, a name given again changes") {
  Workload w;
  REQUIRE(engine::set(w, "env", "A=1"));
  REQUIRE(engine::set(w, "env", "AB=2"));
  REQUIRE(engine::set(w, "env", "A=3"));
  CHECK(w.env == std::vector<std::string>{"AB=2", "A=3"});
  CHECK(refused("env", "=x") == "env: found \"=x\", expected NAME=VALUE");
}

TEST_CASE("options: compilation-config is a JSON object") {
  CHECK(refused("compilation-config", "[1]").starts_with("compilation-config: found an array, expected a JSON object"));
  CHECK(refused("compilation-config", "{\"cudagraph_mode\": \"NONE\"}") == "accepted");
}

TEST_CASE("options: a failed set changes nothing") {
  Workload w;
  CHECK_FALSE(engine::set(w, "tp", "0"));
  CHECK(w.tensor_parallel_size == 1);
  CHECK(w.set_names.empty());
}

TEST_CASE("options: every option is found by its name, and explains itself") {
  for (const auto& option : engine::options()) {
    CHECK(engine::find_option(option.name) == &option);
    CHECK_FALSE(option.help.empty());
    CHECK((option.type == engine::OptionType::choice) == !option.choices.empty());
  }
}

TEST_CASE("options: what takes no memory is read, kept and said to be so") {
  Workload w;
  REQUIRE(engine::set(w, "host", "0.0.0.0"));
  REQUIRE(engine::set(w, "trust-remote-code", "true"));
  REQUIRE(engine::set(w, "no-disable-log-stats", std::nullopt));
  REQUIRE(engine::set(w, "served_model_name", "mine"));
  CHECK(w.set_names == std::vector<std::string>{"host", "trust-remote-code", "served-model-name"});
  const auto* option = engine::find_option("port");
  REQUIRE(option);
  CHECK_FALSE(option->takes_memory);
  CHECK(option->help.starts_with("takes no GPU memory"));
  CHECK(option->name.data()[option->name.size()] == '\0');  // the C ABI hands it out as it is
  REQUIRE(engine::find_option("trust-remote-code"));
  CHECK(engine::find_option("trust-remote-code")->type == engine::OptionType::switch_);
  CHECK(engine::find_option("max-model-len")->takes_memory);
  CHECK(refused("trust-remote-code", "perhaps").starts_with("trust-remote-code: found \"perhaps\""));
}

TEST_CASE("options: what is passed on and may change what is taken says so") {
  for (const std::string_view name : {"config", "hf-config-path", "revision", "load-format"}) {
    const auto* option = engine::find_option(name);
    REQUIRE_MESSAGE(option, name);
    CHECK_MESSAGE(option->takes_memory, name);
    CHECK_MESSAGE(option->help.find("a plan warns") != std::string_view::npos, name);
    Workload w;
    REQUIRE(engine::set(w, name, "some"));
    CHECK(w.set_values == std::vector<std::string>{"some"});
  }
}

TEST_CASE("options: what takes several words is known by its type") {
  for (const std::string_view name : {"lora-modules", "served-model-name", "cudagraph-capture-sizes", "kv-cache-dtype-skip-layers"})
    CHECK_MESSAGE(engine::find_option(name)->type == engine::OptionType::words, name);
  Workload w;
  REQUIRE(engine::set(w, "cudagraph-capture-sizes", "1\n2\n8"));
  CHECK(w.cudagraph_capture_sizes == std::vector<std::uint32_t>{1, 2, 8});
}

TEST_CASE("options: words neither end a list nor leave it empty") {
  for (const std::string value : {"a\n--trust-remote-code", "a\n\n-x", "a\n-"})
    CHECK_MESSAGE(refused("served-model-name", value).find("among its words, expected none that begins with a dash") != std::string::npos,
                  value);
  for (const std::string_view name : {"served-model-name", "lora-modules", "cudagraph-capture-sizes"})
    for (const std::string value : {"", "\n", " "})
      CHECK_MESSAGE(refused(name, value).find("found nothing, expected at least one word") != std::string::npos, name);
  Workload w;
  REQUIRE(engine::set(w, "served-model-name", "-a\nb"));  // the first belongs to its option whatever it begins with
}

TEST_CASE("options: a level stands for a configuration of what is compiled") {
  Workload w;
  REQUIRE(engine::set(w, "compilation-config", "3"));
  CHECK(w.compilation_config == "3");
  CHECK(refused("compilation-config", "4").find("expected a JSON object") != std::string::npos);
  CHECK(refused("compilation-config", "33").find("expected a JSON object") != std::string::npos);
}

TEST_CASE("options: every name is there once") {
  for (const auto& option : engine::options()) {
    const auto same = [&](const engine::Option& other) { return other.name == option.name; };
    CHECK_MESSAGE(std::count_if(engine::options().begin(), engine::options().end(), same) == 1, option.name);
  }
}

TEST_CASE("options: lists of numbers are separated by commas or spaces") {
  Workload w;
  REQUIRE(engine::set(w, "cudagraph-capture-sizes", "1, 2 4,8"));
  CHECK(w.cudagraph_capture_sizes == std::vector<std::uint32_t>{1, 2, 4, 8});
  REQUIRE(engine::set(w, "cudagraph-capture-sizes", std::nullopt));
  CHECK(w.cudagraph_capture_sizes.empty());
  CHECK(refused("cudagraph-capture-sizes", "1,x").starts_with("cudagraph-capture-sizes: found \"x\""));
  CHECK(refused("cudagraph-capture-sizes", "0").starts_with("cudagraph-capture-sizes: found 0"));
}

TEST_CASE("options: GiB as a number") {
  Workload w;
  REQUIRE(engine::set(w, "cpu-offload-gb", "1.5"));
  CHECK(w.cpu_offload_gib == 1.5);
  CHECK(refused("cpu-offload-gb", "-1").starts_with("cpu-offload-gb: found \"-1\""));
  CHECK(refused("cpu-offload-gb", "9999999").starts_with("cpu-offload-gb: found 9999999, expected GiB from 0"));
}
