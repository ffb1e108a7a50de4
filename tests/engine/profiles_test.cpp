#include <doctest/doctest.h>

#include "engine/vllm/profiles.hpp"

using namespace vramauto;
using namespace vramauto::engine::vllm;

namespace {
std::string_view row(std::string_view version) { return find_profile(version).profile->name; }
}  // namespace

TEST_CASE("profiles: a version takes the row it falls in") {
  CHECK(row("0.8.3") == "0.8.0");
  CHECK(row("0.8.4") == "0.8.4");
  CHECK(row("0.10.1.1") == "0.10.0");
  CHECK(row("0.11.2") == "0.11.1");
  CHECK(row("0.16.0") == "0.15");
  CHECK(row("0.19.1") == "0.18");
  CHECK(row("0.25.1") == "0.25");
  CHECK(row("0.33.0") == "0.33");
}

TEST_CASE("profiles: a minor version alone is its newest patch") {
  CHECK(find_profile("0.19").text == "0.19.1");
  CHECK(find_profile("0.8").text == "0.8.5");
  CHECK(find_profile("0.33").text == "0.33.0");
}

TEST_CASE("profiles: a development version is its base release") {
  const auto found = find_profile("0.19.1rc1.dev71+g0abc");
  CHECK(found.text == "0.19.1");
  CHECK(found.known);
  CHECK(find_profile("v0.11.0.post1").text == "0.11.0");
}

TEST_CASE("profiles: auto is the newest") {
  CHECK(find_profile("auto").text == "0.33.0");
  CHECK(find_profile("auto").known);
}

TEST_CASE("profiles: a newer version takes the newest rules and says so") {
  const auto found = find_profile("0.34.0");
  CHECK_FALSE(found.known);
  CHECK(found.profile->name == "0.33");
  CHECK(found.why == "vLLM 0.34.0 is newer than 0.33.0, the newest whose rules are known; priced as 0.33.0");
}

TEST_CASE("profiles: a build without a release number takes the newest rules and says so") {
  CHECK_FALSE(find_profile("0.1.dev15312").known);
  CHECK(row("0.1.dev15312") == "0.33");
  CHECK_FALSE(find_profile("nightly").known);
  CHECK(row("nightly") == "0.33");
  CHECK_FALSE(find_profile("0.19;rm").known);
}

TEST_CASE("profiles: the V0 engine serves up to 0.7, and to 0.10 where asked for") {
  CHECK_FALSE(find_profile("0.7.3").profile->v1);
  CHECK(find_profile("0.10.2").profile->v1);
  CHECK_FALSE(find_profile("0.10.2", true).profile->v1);
  CHECK(find_profile("0.11.0", true).profile->v1);
}

TEST_CASE("profiles: rows are in rising order within an engine") {
  const auto all = profiles();
  CHECK_FALSE(all[0].v1);
  for (std::size_t i = 2; i < all.size(); ++i) CHECK(all[i - 1].from < all[i].from);
}

TEST_CASE("profiles: the default utilization rises with 0.20") {
  CHECK(find_profile("0.19.1").profile->utilization == 0.90);
  CHECK(find_profile("0.20.0").profile->utilization == 0.92);
}

TEST_CASE("profiles: the requested bytes are rounded up from 0.14 on") {
  CHECK_FALSE(find_profile("0.13.0").profile->ceil_requested);
  CHECK(find_profile("0.14.0").profile->ceil_requested);
}

TEST_CASE("profiles: the budget counts the device, then this process, then what is consumed") {
  CHECK(find_profile("0.9.0").profile->budget == Budget::device_fill);
  CHECK(find_profile("0.9.1").profile->budget == Budget::own_delta);
  CHECK(find_profile("0.26.0").profile->budget == Budget::own_delta);
  CHECK(find_profile("0.27.0").profile->budget == Budget::own_consumed);
}

TEST_CASE("profiles: communication leaves the budget in 0.11, cuBLAS in 0.33") {
  CHECK(find_profile("0.10.2").profile->snapshot == Snapshot::before_distributed);
  CHECK(find_profile("0.11.0").profile->snapshot == Snapshot::after_distributed);
  CHECK(find_profile("0.33.0").profile->snapshot == Snapshot::after_distributed_and_cublas);
}

TEST_CASE("profiles: the sampler's kernel changes in 0.11.1, 0.17 and 0.21") {
  CHECK(find_profile("0.11.0").profile->sampler == SamplerPath::flashinfer_if_importable);
  CHECK(find_profile("0.11.1").profile->sampler == SamplerPath::sort);
  CHECK(find_profile("0.17.0").profile->sampler == SamplerPath::triton);
  CHECK(find_profile("0.21.0").profile->sampler == SamplerPath::flashinfer);
}

TEST_CASE("profiles: the null block is checked from 0.29 on") {
  CHECK_FALSE(find_profile("0.28.0").profile->null_block_checked);
  CHECK(find_profile("0.29.0").profile->null_block_checked);
}

TEST_CASE("profiles: graphs are subtracted from 0.20 on, on MRV2 from 0.29 on") {
  CHECK_FALSE(find_profile("0.19.1").profile->graphs_subtracted);
  CHECK(find_profile("0.20.0").profile->graphs_subtracted);
  CHECK_FALSE(find_profile("0.28.0").profile->mrv2_graphs_estimated);
  CHECK(find_profile("0.29.0").profile->mrv2_graphs_estimated);
}

TEST_CASE("profiles: texts that are no version are none") {
  for (const auto* text : {"", "0", "x", "0.", ".1", "0.19;", "99999999999.1"}) CHECK_FALSE(parse_version(text));
  CHECK(parse_version("0.19")->version == Version{0, 19, 0});
  CHECK(parse_version("1.2.3")->version == Version{1, 2, 3});
}

TEST_CASE("profiles: what is no version is shown with care: it may be a line of an installed package's") {
  const auto found = find_profile("0.19.0\x1b[31m\xff");
  CHECK_FALSE(found.known);
  CHECK(found.why.find('\x1b') == std::string::npos);
  CHECK(found.why.find('\xff') == std::string::npos);
  CHECK(found.why.starts_with("\"0.19.0?[31m"));
  CHECK(find_profile(std::string(100'000, 'x')).why.size() < 300);
}
