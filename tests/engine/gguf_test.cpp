// Weights of GGUF files as vLLM 0.19.1 loads them: quantization/gguf.py.
#include <algorithm>

#include <doctest/doctest.h>

#include "engine/estimate.hpp"
#include "estimator/registry.hpp"
#include "example.hpp"
#include "gguf.hpp"

using namespace vramauto;

namespace {

using Options = std::initializer_list<std::pair<std::string_view, std::string_view>>;

Result<std::unique_ptr<engine::Estimate>> priced(const GgufFile& file, Options options = {{"engine-version", "0.19.1"}},
                                                 std::vector<detect::Device> devices = {example::h100()}) {
  const Temporary folder;
  static const estimator::Registry registry({});
  const auto model = model::open(file.write(folder), {.use_environment = false});
  REQUIRE_MESSAGE(model, model.error().message);
  const auto blueprint = registry.describe(*model);
  REQUIRE_MESSAGE(blueprint, blueprint.error().message);
  const auto asked = example::workload(options);
  return engine::estimate({&*model, &*blueprint, devices, &asked});
}

Bytes weights_of(const engine::Rank& rank, std::string_view name) {
  const auto found =
      std::find_if(rank.components.begin(), rank.components.end(), [&](const auto& one) { return one.name == name; });
  return found == rank.components.end() ? 0 : found->amount.best;
}

constexpr Bytes kQ4Row = 512 / 256 * 144, kQ6Row = 512 / 256 * 210, kNorms = 2 * 512 * 2;

}  // namespace

TEST_CASE("gguf: rows keep their blocks, merged rows are as wide as the widest, each part tells its type") {
  const auto e = priced(small_llama());
  REQUIRE_MESSAGE(e, e.error().message);
  const auto& rank = (*e)->ranks[0];
  const Bytes qkv = 1024 * kQ6Row + 3, o = 512 * kQ4Row + 1, gate_up = 2048 * kQ4Row + 2, down = 512 * 2 * kQ6Row + 1;
  CHECK(weights_of(rank, "layers") == qkv + o + gate_up + down + kNorms);
  CHECK(weights_of(rank, "embedding") == 1024 * kQ4Row + 1);
  CHECK(weights_of(rank, "head") == 1024 * kQ6Row + 1 + 512 * 2);
  CHECK((*e)->effective.quantization == "gguf");
  CHECK((*e)->effective.dtype == "bfloat16");
}

TEST_CASE("gguf: ranks divide rows, and the bytes of rows") {
  const auto e =
      priced(small_llama(), {{"engine-version", "0.19.1"}, {"tensor-parallel-size", "2"}}, {example::h100(), example::h100()});
  REQUIRE_MESSAGE(e, e.error().message);
  const Bytes qkv = 512 * kQ6Row + 3, o = 512 * kQ4Row / 2 + 1, gate_up = 1024 * kQ4Row + 2, down = 512 * kQ6Row + 1;
  CHECK(weights_of((*e)->ranks[0], "layers") == qkv + o + gate_up + down + kNorms);
}

TEST_CASE("gguf: what is plain in the file has the model's numbers") {
  auto file = small_llama_values();
  file.tensor("token_embd.weight", 0, {512, 1000}, 1000 * 2048).tensor("blk.0.attn_output.weight", 1, {512, 512}, 512 * 1024);
  file.tensor("blk.0.ffn_down.weight", 8, {1024, 512}, 512 * 1024 / 32 * 34);
  for (const char* name :
       {"blk.0.attn_q.weight", "blk.0.attn_k.weight", "blk.0.attn_v.weight", "blk.0.ffn_gate.weight", "blk.0.ffn_up.weight"})
    file.tensor(name, 30, {512, 512}, 512 * 1024);
  const auto e = priced(file);
  REQUIRE_MESSAGE(e, e.error().message);
  const Bytes matrices = (1024 + 512 + 2048) * 512 * 2, down = 512 * 1024 / 32 * 34 + 1;
  CHECK(weights_of((*e)->ranks[0], "layers") == matrices + down + kNorms);
  CHECK(weights_of((*e)->ranks[0], "embedding") == 1024 * 512 * 2);
  CHECK(weights_of((*e)->ranks[0], "head") == 512 * 2);
}

TEST_CASE("gguf: parts of one tensor are all plain or all in blocks") {
  auto file = small_llama_values();
  file.tensor("blk.0.attn_q.weight", 12, {512, 512}, 512 * 288).tensor("blk.0.attn_k.weight", 0, {512, 256}, 256 * 2048);
  const auto e = priced(file);
  REQUIRE_FALSE(e);
  CHECK(e.error().message.find("some but not all shards of it are quantized") != std::string::npos);
}

TEST_CASE("gguf: types without a kernel are refused") {
  auto file = small_llama_values();
  file.tensor("blk.0.ffn_down.weight", 39, {1024, 512}, 512 * 1024 / 32 * 17);
  const auto e = priced(file);
  REQUIRE_FALSE(e);
  CHECK(e.error().message.starts_with("Unsupported GGUF quantization type 39 in layer "));
}

TEST_CASE("gguf: releases that read it with a plugin say so") {
  const auto e = priced(small_llama(), {{"engine-version", "0.33"}});
  REQUIRE_MESSAGE(e, e.error().message);
  CHECK(std::any_of((*e)->warnings.begin(), (*e)->warnings.end(), [](const auto& one) { return one.code == "gguf_plugin"; }));
}

TEST_CASE("gguf: Blackwell takes it in float16 only") {
  const auto b200 = example::gpu("NVIDIA B200", 178.35, 100, 148);
  const auto refused = priced(small_llama(), {{"engine-version", "0.19.1"}}, {b200});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("torch.bfloat16 is not supported") != std::string::npos);
  CHECK(priced(small_llama(), {{"engine-version", "0.19.1"}, {"dtype", "half"}}, {b200}));
}

TEST_CASE("gguf: an unknown architecture's blocks are counted as stored") {
  GgufFile file;
  file.words("general.architecture", "foo").value("foo.block_count", 1).value("foo.embedding_length", 512);
  file.value("foo.attention.head_count", 4);
  file.tensor("blk.0.attn_q.weight", 12, {512, 512}, 512 * 288).tensor("blk.0.attn_k.weight", 12, {512, 512}, 512 * 288);
  const auto e = priced(file);
  REQUIRE_MESSAGE(e, e.error().message);
  CHECK(weights_of((*e)->ranks[0], "layers") == 2 * 512 * 288);
}
