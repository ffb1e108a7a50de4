// Every release from 0.6 to 0.33 and every rule of its profile. What is expected is stated once, at the release that brought it
// (read in the released wheels on both sides of each change), and walked over all releases in between.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "engine/vllm/activation.hpp"
#include "engine/vllm/encoders.hpp"
#include "engine/vllm/profiles.hpp"
#include "example.hpp"
#include "support/text.hpp"

using namespace vramauto;
using namespace vramauto::engine::vllm;

namespace {

struct Fact {
  std::string_view since, field, value;
};

constexpr Fact kV0[] = {
    {"0.6.5", "utilization", "0.90"},
    {"0.6.5", "requested", "total*util"},
    {"0.6.5", "free-check", "no"},
    {"0.6.5", "budget", "v0_own_delta"},
    {"0.6.5", "others", "ignored"},
    {"0.6.5", "snapshot", "before_distributed"},
    {"0.6.5", "context-inside", "no"},
    {"0.6.5", "nccl-inside", "yes"},
    {"0.6.5", "cublas-inside", "yes"},
    {"0.6.5", "buffers-inside", "no"},
    {"0.6.5", "v1-graphs", "none"},
    {"0.6.5", "mrv2-graphs", "none"},
    {"0.6.5", "graphs-subtracted", "no"},
    {"0.6.5", "rocm-graphs", "no"},
    {"0.6.5", "xpu-graphs", "no"},
    {"0.6.5", "sampler", "sort"},
    {"0.6.5", "sampler-bytes", "38"},
    {"0.6.5", "mrv2-sampler-bytes", "none"},
    {"0.6.5", "in-flight", "batch"},
    {"0.6.5", "divided-by", "1"},
    {"0.6.5", "null-block-checked", "no"},
    {"0.6.5", "capacity", "blocks"},
    {"0.6.5", "allocation", "one per slot"},
    {"0.6.5", "group-factor", "1.00"},
    {"0.6.5", "padding", "none"},
    {"0.6.5", "hybrid-prefix-caching", "no"},
    {"0.6.5", "states", "none"},
    {"0.6.5", "runner", "v0"},
    {"0.6.5", "batch", "v0"},
    {"0.6.5", "capture", "v0"},
    {"0.6.5", "cache-bytes-flag", "no"},
    {"0.6.5", "length-auto", "no"},
    {"0.6.5", "encoder", "v1"},
    {"0.6.5", "load-split-mib", "none"},
    {"0.6.5", "mrope-rows", "4"},
    {"0.6.5", "engine", "V0"},
};

constexpr Fact kV1[] = {
    {"0.8.0", "engine", "V1"},
    {"0.8.0", "utilization", "0.90"},
    {"0.20.0", "utilization", "0.92"},
    {"0.8.0", "requested", "total*util"},
    {"0.14.0", "requested", "ceil(total*util)"},
    {"0.8.0", "free-check", "no"},
    {"0.9.1", "free-check", "yes"},
    {"0.8.0", "budget", "device_fill"},
    {"0.9.1", "budget", "own_delta"},
    {"0.27.0", "budget", "own_consumed"},
    {"0.8.0", "others", "subtracted"},
    {"0.9.1", "others", "free_check_only"},
    {"0.8.0", "snapshot", "none"},
    {"0.9.1", "snapshot", "before_distributed"},
    {"0.11.0", "snapshot", "after_distributed"},
    {"0.33.0", "snapshot", "after_distributed_and_cublas"},
    {"0.8.0", "context-inside", "yes"},
    {"0.9.1", "context-inside", "no"},
    {"0.8.0", "nccl-inside", "yes"},
    {"0.11.0", "nccl-inside", "no"},
    {"0.8.0", "cublas-inside", "yes"},
    {"0.33.0", "cublas-inside", "no"},
    {"0.8.0", "buffers-inside", "yes"},  // runner buffers and fragmentation
    {"0.9.1", "buffers-inside", "no"},
    {"0.27.0", "buffers-inside", "yes"},
    {"0.8.0", "v1-graphs", "none"},
    {"0.18.0", "v1-graphs", "estimated"},
    {"0.8.0", "mrv2-graphs", "none"},
    {"0.29.0", "mrv2-graphs", "estimated"},
    {"0.8.0", "graphs-subtracted", "no"},
    {"0.20.0", "graphs-subtracted", "yes"},
    {"0.8.0", "rocm-graphs", "no"},
    {"0.26.0", "rocm-graphs", "yes"},
    {"0.8.0", "xpu-graphs", "no"},
    {"0.31.0", "xpu-graphs", "yes"},
    {"0.8.0", "sampler", "flashinfer_if_importable"},
    {"0.11.1", "sampler", "sort"},
    {"0.17.0", "sampler", "triton"},
    {"0.21.0", "sampler", "flashinfer"},
    {"0.8.0", "sampler-bytes", "14 to 38"},
    {"0.11.1", "sampler-bytes", "38"},
    {"0.17.0", "sampler-bytes", "14"},
    {"0.8.0", "mrv2-sampler-bytes", "none"},
    {"0.22.0", "mrv2-sampler-bytes", "2, triton 2"},
    {"0.33.0", "mrv2-sampler-bytes", "14, triton 6"},
    {"0.8.0", "in-flight", "batch"},
    {"0.26.0", "in-flight", "concurrent batches"},
    {"0.8.0", "divided-by", "1"},
    {"0.10.2", "divided-by", "dcp"},
    {"0.8.0", "null-block-checked", "no"},
    {"0.29.0", "null-block-checked", "yes"},
    {"0.8.0", "capacity", "blocks"},
    {"0.9.2", "capacity", "blocks by group"},
    {"0.20.1", "capacity", "concurrency x length"},
    {"0.8.0", "allocation", "one per slot"},
    {"0.29.0", "allocation", "one buffer"},
    {"0.8.0", "group-factor", "1.00"},
    {"0.12.0", "group-factor", "1.25"},
    {"0.18.0", "group-factor", "1.50"},
    {"0.8.0", "padding", "none"},
    {"0.24.0", "padding", "if indexed by block stride"},
    {"0.29.0", "padding", "any attention"},
    {"0.8.0", "hybrid-prefix-caching", "no"},
    {"0.28.0", "hybrid-prefix-caching", "yes"},
    {"0.8.0", "states", "none"},
    {"0.10.0", "states", "length"},
    {"0.15.0", "states", "none, align, all"},
    {"0.32.0", "states", "none, align"},
    {"0.8.0", "runner", "v1"},
    {"0.22.0", "runner", "Qwen3"},
    {"0.23.0", "runner", "three dense"},
    {"0.24.0", "runner", "six listed"},
    {"0.25.0", "runner", "dense, three listed"},
    {"0.26.0", "runner", "dense, six listed"},
    {"0.27.0", "runner", "dense, seven listed, hybrids too"},
    {"0.28.0", "runner", "dense, eight listed, hybrids too"},
    {"0.29.0", "runner", "all"},
    {"0.8.0", "batch", "Hopper by name, 1024 everywhere"},
    {"0.8.4", "batch", "Hopper by name"},
    {"0.8.5", "batch", "70 GiB"},
    {"0.9.0", "batch", "70 GiB but A100"},
    {"0.28.0", "batch", "160 GiB, 70 GiB but A100"},
    {"0.33.0", "batch", "160 GiB, 70 GiB but A100 and 12.1"},
    {"0.8.0", "capture", "grid of 8 to 512"},
    {"0.10.0", "capture", "grid of 8 to 2 x sequences"},
    {"0.11.1", "capture", "grid of 8 and 16 to 2 x sequences"},
    {"0.13.0", "capture", "to 2 x decode rows"},
    {"0.20.1", "capture", "and the batched tokens"},
    {"0.28.0", "capture", "to 1024 on 10.x"},
    {"0.29.0", "capture", "and decode steps of drafts"},
    {"0.31.0", "capture", "and the sequences"},
    {"0.8.0", "cache-bytes-flag", "no"},
    {"0.10.2", "cache-bytes-flag", "yes"},
    {"0.8.0", "length-auto", "no"},
    {"0.14.0", "length-auto", "yes"},
    {"0.8.0", "encoder", "v1"},
    {"0.27.0", "encoder", "v1, mrv2 without its inputs"},
    {"0.8.0", "load-split-mib", "none"},
    {"0.21.0", "load-split-mib", "20"},
    {"0.8.0", "mrope-rows", "4"},
    {"0.32.0", "mrope-rows", "1"},
};

// Every release that was published.
constexpr std::string_view kV0Releases[] = {"0.6.5", "0.6.6", "0.7.0", "0.7.1",  "0.7.2",  "0.7.3", "0.8.5",
                                            "0.9.0", "0.9.1", "0.9.2", "0.10.0", "0.10.1", "0.10.2"};
constexpr std::string_view kReleases[] = {
    "0.8.0",  "0.8.1",  "0.8.2",  "0.8.3",  "0.8.4",  "0.8.5",  "0.9.0",  "0.9.1",  "0.9.2",  "0.10.0", "0.10.1", "0.10.2",
    "0.11.0", "0.11.1", "0.11.2", "0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0", "0.15.1", "0.16.0", "0.17.0", "0.17.1",
    "0.18.0", "0.18.1", "0.19.0", "0.19.1", "0.20.0", "0.20.1", "0.20.2", "0.21.0", "0.22.0", "0.22.1", "0.23.0", "0.24.0",
    "0.25.0", "0.25.1", "0.26.0", "0.27.0", "0.27.1", "0.28.0", "0.29.0", "0.30.0", "0.31.0", "0.32.0", "0.33.0"};

template <std::size_t N, typename Enum>
std::string word(const char* const (&words)[N], Enum value) {
  REQUIRE(static_cast<std::size_t>(value) < N);
  return words[static_cast<std::size_t>(value)];
}

std::string yes_no(bool yes) { return yes ? "yes" : "no"; }

// Bytes of a 16 bit model's sampler for each row and word, by the runner's best and lowest values.
std::string sampler_bytes(std::string_view version, const Profile& profile, bool mrv2) {
  example::Bench bench(example::llama_8b(), version, 8192, 256);
  bench.context.profile = &profile;
  bench.context.mrv2 = mrv2;
  const auto plain = sampler_cost(bench.context);
  if (!mrv2)
    return plain.low == plain.high ? std::to_string(std::lround(plain.best))
                                   : std::to_string(std::lround(plain.low)) + " to " + std::to_string(std::lround(plain.high));
  if (profile.mrv2_sampler == 0) return "none";
  REQUIRE(engine::set(bench.asked, "env", "VLLM_USE_FLASHINFER_SAMPLER=0"));
  const auto triton = sampler_cost(bench.context);
  return std::to_string(std::lround(plain.best)) + ", triton " + std::to_string(std::lround(triton.best));
}

std::string encoder(std::string_view version, const Profile& profile) {
  auto described = example::llama_8b();
  estimator::Encoder tower{};
  tower.modality_text = "image";
  tower.tokens_per_item = 256;
  tower.input_elements = 3 * 896 * 896;
  described.encoders = {tower};
  example::Bench bench(described, version, 8192, 256);
  bench.context.profile = &profile;
  const auto resident = [&](bool mrv2) {
    bench.context.mrv2 = mrv2;
    return encoder_profile(bench.context).resident;
  };
  const Bytes outputs = 32 * 256 * 4096 * 2, inputs = Bytes{32} * 3 * 896 * 896 * 2;
  CHECK(resident(false) == outputs + inputs);
  if (resident(true) == 0) return "v1";
  return resident(true) == outputs ? "v1, mrv2 without its inputs" : "v1, mrv2";
}

std::string stated(std::string_view version, const Profile& p, std::string_view field) {
  const bool own = p.budget == Budget::own_delta || p.budget == Budget::own_consumed;
  if (field == "engine") return p.v1 ? "V1" : "V0";
  if (field == "utilization") return fmt::format("{:.2f}", p.utilization);
  if (field == "requested") return p.ceil_requested ? "ceil(total*util)" : "total*util";
  if (field == "free-check") return yes_no(own);
  if (field == "budget") return word({"v0_own_delta", "device_fill", "own_delta", "own_consumed"}, p.budget);
  if (field == "others") return word({"ignored", "subtracted", "free_check_only", "free_check_only"}, p.budget);
  if (field == "snapshot")
    return word({"none", "before_distributed", "after_distributed", "after_distributed_and_cublas"}, p.snapshot);
  if (field == "context-inside") return yes_no(p.snapshot == Snapshot::none);
  if (field == "nccl-inside") return yes_no(p.snapshot < Snapshot::after_distributed);
  if (field == "cublas-inside") return yes_no(p.snapshot < Snapshot::after_distributed_and_cublas);
  if (field == "buffers-inside") return yes_no(p.budget == Budget::device_fill || p.budget == Budget::own_consumed);
  if (field == "v1-graphs") return p.v1_graphs_estimated ? "estimated" : "none";
  if (field == "mrv2-graphs") return p.mrv2_graphs_estimated ? "estimated" : "none";
  if (field == "graphs-subtracted") return yes_no(p.graphs_subtracted);
  if (field == "rocm-graphs") return yes_no(p.rocm_graphs_estimated);
  if (field == "xpu-graphs") return yes_no(p.xpu_graphs_estimated);
  if (field == "sampler") return word({"sort", "flashinfer_if_importable", "triton", "flashinfer"}, p.sampler);
  if (field == "sampler-bytes") return sampler_bytes(version, p, false);
  if (field == "mrv2-sampler-bytes") return sampler_bytes(version, p, true);
  if (field == "in-flight") return word({"batch", "concurrent batches"}, p.in_flight);
  if (field == "divided-by") return word({"1", "dcp"}, p.context_parallel);
  if (field == "null-block-checked") return yes_no(p.null_block_checked);
  if (field == "capacity") return word({"blocks", "blocks by group", "concurrency x length"}, p.capacity);
  if (field == "allocation") return p.one_buffer ? "one buffer" : "one per slot";
  if (field == "group-factor") return fmt::format("{:.2f}", p.group_factor / 100.0);
  if (field == "padding") return word({"none", "if indexed by block stride", "any attention"}, p.padding);
  if (field == "hybrid-prefix-caching") return yes_no(p.state_prefix_caching);
  if (field == "states") return word({"none", "length", "none, align, all", "none, align"}, p.state);
  if (field == "runner")
    return word({"v0", "v1", "Qwen3", "three dense", "six listed", "dense, three listed", "dense, six listed",
                 "dense, seven listed, hybrids too", "dense, eight listed, hybrids too", "all"},
                p.runner);
  if (field == "batch")
    return word({"v0", "Hopper by name, 1024 everywhere", "Hopper by name", "70 GiB", "70 GiB but A100", "160 GiB, 70 GiB but A100",
                 "160 GiB, 70 GiB but A100 and 12.1"},
                p.batch);
  if (field == "capture")
    return word({"v0", "grid of 8 to 512", "grid of 8 to 2 x sequences", "grid of 8 and 16 to 2 x sequences", "to 2 x decode rows",
                 "and the batched tokens", "to 1024 on 10.x", "and decode steps of drafts", "and the sequences"},
                p.capture);
  if (field == "cache-bytes-flag") return yes_no(p.cache_bytes_flag);
  if (field == "length-auto") return yes_no(p.auto_length);
  if (field == "encoder") return encoder(version, p);
  if (field == "load-split-mib") return p.load_split_mib ? std::to_string(p.load_split_mib) : "none";
  if (field == "mrope-rows") return std::to_string(p.mrope_rows);
  FAIL("no such field: ", std::string(field));
  return {};
}

// The last fact at or before a release, of each field.
std::vector<Fact> facts_at(std::span<const Fact> all, std::string_view release) {
  std::vector<Fact> out;
  const auto version = parse_version(release)->version;
  for (const auto& fact : all) {
    if (version < parse_version(fact.since)->version) continue;
    const auto same = std::find_if(out.begin(), out.end(), [&](const Fact& other) { return other.field == fact.field; });
    if (same == out.end())
      out.push_back(fact);
    else
      *same = fact;
  }
  return out;
}

void walk(std::span<const std::string_view> releases, std::span<const Fact> facts, bool v0, std::size_t fields) {
  for (const auto release : releases) {
    CAPTURE(release);
    const auto found = find_profile(release, v0);
    CHECK(found.known);
    const auto expected = facts_at(facts, release);
    CHECK(expected.size() == fields);
    for (const auto& fact : expected) {
      CAPTURE(fact.field);
      CHECK(stated(release, *found.profile, fact.field) == fact.value);
    }
  }
}

}  // namespace

TEST_CASE("profiles: each release of V1 has every rule it was read to have") { walk(kReleases, kV1, false, std::size(kV0)); }

TEST_CASE("profiles: each release of V0 has every rule it was read to have") { walk(kV0Releases, kV0, true, std::size(kV0)); }

TEST_CASE("profiles: the newest patch of each minor release is the last that was published") {
  for (const auto release : kReleases) {
    const auto version = parse_version(release)->version;
    const auto minor = fmt::format("{}.{}", version.major, version.minor);
    CHECK(find_profile(minor).version >= version);
    CHECK(std::find(std::begin(kReleases), std::end(kReleases), find_profile(minor).text) != std::end(kReleases));
  }
}
