#include "estimator/call.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <string>

#include "described.hpp"

using namespace vramauto;

namespace {

// A description in progress, as an estimator sees it.
struct Door {
  model::Model model = example::model_of(R"({"a": {"b/c": 7}, "text": "x", "list": [1, 2.5, 4096.0], "big": 1e300, "yes": true})");
  estimator::Blueprint blueprint;
  vramauto_call call;
  const vramauto_host& host = estimator::host();

  Door() {
    call.model = &model;
    call.config = &model.config.root();
    call.blueprint = &blueprint;
  }
  vramauto_traits traits() const {
    vramauto_traits out{};
    out.struct_size = sizeof out;
    out.task = 1;
    out.layers = 4;
    out.hidden = 64;
    out.vocab = 1000;
    out.max_model_len = 2048;
    return out;
  }
  vramauto_weights weights() const {
    vramauto_weights out{};
    out.struct_size = sizeof out;
    out.layers = {0, 4, 4, 4};
    out.rows = out.cols = 64;
    out.copies = 1;
    out.name = "w.*";
    return out;
  }
  vramauto_cache cache() const {
    vramauto_cache out{};
    out.struct_size = sizeof out;
    out.kind = VRAMAUTO_CACHE_FULL;
    out.layers = {0, 4, 4, 4};
    out.heads = 2;
    out.k_dim = out.v_dim = 8;
    return out;
  }
  void ready() {
    const auto t = traits();
    REQUIRE(host.set_traits(&call, &t) == VRAMAUTO_OK);
  }
};

}  // namespace

TEST_CASE("call: an integer is read through an escaped pointer") {
  Door door;
  std::int64_t value = 0;
  CHECK(door.host.json_int(&door.call, "/a/b~1c", &value) == VRAMAUTO_OK);
  CHECK(value == 7);
}

TEST_CASE("call: a whole number written as a real is an integer") {
  Door door;
  std::int64_t value = 0;
  CHECK(door.host.json_int(&door.call, "/list/2", &value) == VRAMAUTO_OK);
  CHECK(value == 4096);
}

TEST_CASE("call: a fraction is no integer, and the message has pointer and value") {
  Door door;
  std::int64_t value = 0;
  CHECK(door.host.json_int(&door.call, "/list/1", &value) == VRAMAUTO_E_FORMAT);
  CHECK(door.call.error.message == "/list/1 is 2.5, expected an integer");
}

TEST_CASE("call: a number beyond every integer is refused without undefined conversion") {
  Door door;
  std::int64_t value = 0;
  CHECK(door.host.json_int(&door.call, "/big", &value) == VRAMAUTO_E_FORMAT);
}

TEST_CASE("call: a string where a number is expected names both") {
  Door door;
  std::int64_t value = 0;
  CHECK(door.host.json_int(&door.call, "/text", &value) == VRAMAUTO_E_FORMAT);
  CHECK(door.call.error.message == "/text is \"x\", expected an integer");
}

TEST_CASE("call: what is missing is not found") {
  Door door;
  double value = 0;
  CHECK(door.host.json_real(&door.call, "/none", &value) == VRAMAUTO_E_NOT_FOUND);
  CHECK(door.host.json_type(&door.call, "/none") == VRAMAUTO_JSON_ABSENT);
}

TEST_CASE("call: a pointer longer than any key is not followed") {
  Door door;
  const auto pointer = std::string(100000, '/');
  CHECK(door.host.json_type(&door.call, pointer.c_str()) == VRAMAUTO_JSON_ABSENT);
  CHECK(door.host.json_type(&door.call, nullptr) == VRAMAUTO_JSON_ABSENT);
}

TEST_CASE("call: traits come first") {
  Door door;
  const auto weights = door.weights();
  CHECK(door.host.add_weights(&door.call, &weights) == VRAMAUTO_E_PLUGIN);
  CHECK(door.call.error.message == "add_weights before set_traits");
}

TEST_CASE("call: a bad answer stays bad whatever follows") {
  Door door;
  door.ready();
  auto weights = door.weights();
  weights.rows = 0;
  CHECK(door.host.add_weights(&door.call, &weights) == VRAMAUTO_E_PLUGIN);
  weights.rows = 64;
  CHECK(door.host.add_weights(&door.call, &weights) == VRAMAUTO_E_PLUGIN);
  CHECK(door.call.error.message == "add_weights w.*: rows, cols or copies are 0");
}

TEST_CASE("call: a range that leaves the model is refused") {
  Door door;
  door.ready();
  auto weights = door.weights();
  weights.layers = {1, 4, 4, 4};
  CHECK(door.host.add_weights(&door.call, &weights) == VRAMAUTO_E_PLUGIN);
  CHECK(door.call.error.message == "add_weights w.*: layers {first 1, count 4, stride 4, run 4} leave the model");
}

TEST_CASE("call: a range whose last layer leaves 32 bits is refused") {
  Door door;
  door.ready();
  auto weights = door.weights();
  weights.layers = {0, 4, UINT32_MAX, 1};
  CHECK(door.host.add_weights(&door.call, &weights) == VRAMAUTO_E_PLUGIN);
}

TEST_CASE("call: elements that leave 64 bits are refused") {
  Door door;
  door.ready();
  auto weights = door.weights();
  weights.rows = weights.cols = 1ull << 40;
  CHECK(door.host.add_weights(&door.call, &weights) == VRAMAUTO_E_PLUGIN);
  CHECK(door.call.error.message == "add_weights w.*: more elements than any model has");
}

TEST_CASE("call: a struct of an older size than the first is refused") {
  Door door;
  auto traits = door.traits();
  traits.struct_size = 8;
  CHECK(door.host.set_traits(&door.call, &traits) == VRAMAUTO_E_PLUGIN);
}

TEST_CASE("call: a larger struct is accepted only if its tail is zero") {
  struct Newer {
    vramauto_traits known;
    std::uint64_t more;
  };
  Door door, other;
  Newer newer{door.traits(), 0};
  newer.known.struct_size = sizeof newer;
  CHECK(door.host.set_traits(&door.call, &newer.known) == VRAMAUTO_OK);
  newer.more = 1;
  CHECK(other.host.set_traits(&other.call, &newer.known) == VRAMAUTO_E_PLUGIN);
}

TEST_CASE("call: a name must be text") {
  Door door;
  door.ready();
  auto weights = door.weights();
  weights.name = "\xff";
  CHECK(door.host.add_weights(&door.call, &weights) == VRAMAUTO_E_PLUGIN);
}

TEST_CASE("call: a window of no tokens is no window") {
  Door door;
  door.ready();
  auto cache = door.cache();
  cache.kind = VRAMAUTO_CACHE_SLIDING;
  CHECK(door.host.add_cache(&door.call, &cache) == VRAMAUTO_E_PLUGIN);
  CHECK(door.call.error.message == "add_cache: window is 0");
}

TEST_CASE("call: answers end at 65,536") {
  Door door;
  door.ready();
  const auto cache = door.cache();
  for (int i = 1; i < 65536; ++i) REQUIRE(door.host.add_cache(&door.call, &cache) == VRAMAUTO_OK);
  CHECK(door.host.add_cache(&door.call, &cache) == VRAMAUTO_E_PLUGIN);
  CHECK(door.call.error.message == "more than 65536 answers");
}

TEST_CASE("call: nothing may be answered while matching") {
  Door door;
  door.call.blueprint = nullptr;
  const auto traits = door.traits();
  CHECK(door.host.set_traits(&door.call, &traits) == VRAMAUTO_E_PLUGIN);
}

TEST_CASE("call: scratch is zero and ends at 64 MiB") {
  Door door;
  const auto* bytes = static_cast<const unsigned char*>(door.host.scratch(&door.call, 1000));
  REQUIRE(bytes);
  CHECK(std::count(bytes, bytes + 1000, 0) == 1000);
  CHECK(door.host.scratch(&door.call, (64u << 20) + 1) == nullptr);
  CHECK(door.host.scratch(&door.call, SIZE_MAX) == nullptr);
}

TEST_CASE("call: an estimator past its time is told to stop") {
  Door door;
  CHECK(door.host.should_stop(&door.call) == VRAMAUTO_OK);
  door.call.deadline = vramauto_call::Clock::now();
  CHECK(door.host.should_stop(&door.call) == VRAMAUTO_E_TIMEOUT);
}
