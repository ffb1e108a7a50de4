#include <algorithm>

#include <doctest/doctest.h>

#include "estimator/models.hpp"
#include "estimator/registry.hpp"
#include "estimator/static_plugins.hpp"

using namespace vramauto;

TEST_CASE("static plugins: an estimator that is built in is found without a search and describes") {
  const estimator::Registry registry({});
  const auto& all = registry.plugins();
  const auto found = std::find_if(all.begin(), all.end(), [](const auto& one) { return one.id == "org.vramauto.example_c"; });
  REQUIRE(found != all.end());
  CHECK(found->status == VRAMAUTO_OK);
  CHECK(found->path == "");
  const auto blueprint = registry.describe(model_of(config_of("LlamaForCausalLM", "example_c")));
  REQUIRE(blueprint);
  CHECK(blueprint->estimator == "example_c");
}

TEST_CASE("static plugins: an application's plugin of the same id is taken instead") {
  const vramauto_plugin_entry entries[] = {estimator::static_plugins()[0]};
  estimator::RegistryOptions options;
  options.entries = entries;
  const estimator::Registry registry(options);
  const auto& all = registry.plugins();
  CHECK(all[1].id == "org.vramauto.example_c");
  CHECK(all[1].status == VRAMAUTO_OK);
  CHECK(all[2].status == VRAMAUTO_E_PLUGIN);
  CHECK(all[2].message == "a plugin org.vramauto.example_c was found before");
}
