// Rules that one release between 0.19 and 0.33 changed, on both sides of it.
#include <doctest/doctest.h>

#include "engine/vllm/cache.hpp"
#include "engine/vllm/encoders.hpp"
#include "engine/vllm/rope_tables.hpp"
#include "example.hpp"

using namespace vramauto;
using namespace vramauto::engine::vllm;
using example::Bench;

TEST_CASE("releases: from 0.22 on a step holds a whole picture where its tokens see each other") {
  auto described = example::llama_8b();
  described.traits.flags = 1;  // a prefix is attended in both directions
  estimator::Encoder tower{};
  tower.modality_text = "image";
  tower.tokens_per_item = 4096;
  described.encoders = {tower};
  CHECK(whole_item_tokens(Bench(described, "0.21", 2048, 256).context) == 0);
  CHECK(whole_item_tokens(Bench(described, "0.22", 2048, 256).context) == 4096);
}

TEST_CASE("releases: from 0.22 on a table that scales as it goes is made for the length it was trained with") {
  auto described = example::llama_8b();
  estimator::Weights table{};
  table.role = VRAMAUTO_ROLE_ROPE;
  table.layers = {0, 32, 1, 1};
  table.rows = 16384;
  table.units = 4096;
  table.cols = 128;
  described.weights = {table};
  CHECK(rope_tables(Bench(described, "0.21", 2048, 256).context, {0, 32}) == std::vector<Bytes>{16384 * 128 * 2});
  CHECK(rope_tables(Bench(described, "0.22", 2048, 256).context, {0, 32}) == std::vector<Bytes>{4096 * 128 * 2});
}

TEST_CASE("releases: V was taken to be as wide as K in windows up to 0.19, in chunks up to 0.27") {
  const auto page = [](std::string_view version, vramauto_cache_kind kind) {
    auto cache = example::layers_with(kind, 0, 32, 1, 1, 8, 192, 1024);
    cache.v_dim = 128;
    const auto layout = lay_out(Bench(example::blueprint(32, 4096, 14336, 128256, 131072, {cache}), version, 8192, 256).context,
                                {"bfloat16", VRAMAUTO_BF16, 16, 0});
    REQUIRE(layout);
    return layout->buckets.at(0).page;
  };
  const Bytes wide = 16 * 8 * (192 + 192) * 2, own = 16 * 8 * (192 + 128) * 2;
  CHECK(page("0.19", VRAMAUTO_CACHE_SLIDING) == wide);
  CHECK(page("0.20", VRAMAUTO_CACHE_SLIDING) == own);
  CHECK(page("0.27", VRAMAUTO_CACHE_CHUNKED) == wide);
  CHECK(page("0.28", VRAMAUTO_CACHE_CHUNKED) == own);
}
