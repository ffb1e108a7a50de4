// Choice, declining and delegation, with estimators written here and entering as the application's own.
#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>

#include <doctest/doctest.h>

#include "estimator/description.hpp"
#include "estimator/models.hpp"
#include "estimator/registry.hpp"

using namespace vramauto;
using estimator::Description;
using estimator::Registry;
using estimator::RegistryOptions;
using estimator::Tensors;

namespace {

// Two estimators whose doing each test decides.
std::function<std::int32_t(const vramauto_host*, vramauto_call*)> first_match, second_match;
std::function<vramauto_status(const Description&)> first_describe, second_describe;

std::int32_t match_1(const vramauto_host* host, vramauto_call* call) { return first_match(host, call); }
std::int32_t match_2(const vramauto_host* host, vramauto_call* call) { return second_match(host, call); }
vramauto_status describe_1(const vramauto_host* host, vramauto_call* call) { return first_describe(Description(host, call)); }
vramauto_status describe_2(const vramauto_host* host, vramauto_call* call) { return second_describe(Description(host, call)); }

constexpr vramauto_estimator kFirst{sizeof(vramauto_estimator), 0, "first", match_1, describe_1};
constexpr vramauto_estimator kSecond{sizeof(vramauto_estimator), 0, "second", match_2, describe_2};
constexpr const vramauto_estimator* kBoth[] = {&kFirst, &kSecond};
constexpr vramauto_plugin kPlugin{sizeof(vramauto_plugin), 2, "test", "1", "Apache-2.0", kBoth};
const vramauto_plugin* entry(const vramauto_host*) { return &kPlugin; }

vramauto_status add_traits(const Description& model, std::uint32_t layers, std::uint32_t flags = 0) {
  vramauto_traits traits{};
  traits.struct_size = sizeof traits;
  traits.task = 1;
  traits.layers = layers;
  traits.hidden = traits.vocab = 64;
  traits.max_model_len = 128;
  traits.flags = flags;
  return model.traits(traits);
}

vramauto_status add_weight(const Description& model, const char* name, std::int32_t layer = 0) {
  return model.add(Tensors(name, VRAMAUTO_ROLE_LINEAR, {layer, 1, 1, 1}, 64, 64));
}

vramauto_status describe_little(const Description& model) {
  VRAMAUTO_DO(add_traits(model, 2));
  return add_weight(model, "w.*");
}

vramauto_status delegate(const Description& model, const char* at, const char* prefix, const char* architecture = nullptr) {
  return model.host()->delegate(model.call(), at, prefix, architecture);
}

// Both score this and describe little, until a test says otherwise.
void reset(std::int32_t first, std::int32_t second) {
  first_match = [=](auto*, auto*) { return first; };
  second_match = [=](auto*, auto*) { return second; };
  first_describe = second_describe = describe_little;
}

Result<estimator::Blueprint> described(std::string_view config = config_of("SomethingElse")) {
  const vramauto_plugin_entry entries[] = {entry};
  RegistryOptions options;
  options.entries = entries;
  return Registry(options).describe(model_of(config));
}

std::string failure() {
  const auto answer = described();
  REQUIRE_FALSE(answer);
  return answer.error().message;
}

const char* kComposite = R"({"architectures": ["Composite"], "model_type": "composite", "text_config": {
  "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2,
  "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 256, "max_position_embeddings": 512, "head_dim": 16,
  "tie_word_embeddings": false, "torch_dtype": "bfloat16", "rms_norm_eps": 1e-5}})";

std::int32_t knows_composite(const vramauto_host* host, vramauto_call* call) {
  vramauto_model_info info;
  VRAMAUTO_INIT(info);
  return host->model(call, &info) == VRAMAUTO_OK && std::strcmp(info.architecture, "Composite") == 0 ? 700 : 0;
}

}  // namespace

TEST_CASE("choice: the highest score describes, and the notes name it and the runner-up") {
  reset(300, 800);
  const auto answer = described();
  REQUIRE(answer);
  CHECK(answer->estimator == "second");
  CHECK(answer->notes == std::vector<std::string>{"estimator second, score 800", "runner-up first, score 300"});
}

TEST_CASE("choice: on a tie the smaller id describes") {
  reset(500, 500);
  CHECK(described()->estimator == "first");
}

TEST_CASE("choice: one that declines passes on to the next best") {
  reset(900, 100);
  first_describe = [](const Description& model) { return model.fail(VRAMAUTO_E_UNSUPPORTED, "not this kind"); };
  const auto answer = described();
  REQUIRE(answer);
  CHECK(answer->estimator == "second");
  CHECK(answer->notes.at(1) == "estimator first, score 900, does not support this model");
}

TEST_CASE("choice: when all decline the best one's words are the result") {
  reset(900, 100);
  first_describe = [](const Description& model) { return model.fail(VRAMAUTO_E_UNSUPPORTED, "not this kind"); };
  second_describe = [](const Description& model) { return model.fail(VRAMAUTO_E_UNSUPPORTED, "nor that"); };
  CHECK(failure() == "not this kind");
}

TEST_CASE("choice: one that fails is the result, the next best is not asked") {
  reset(900, 100);
  first_describe = [](const Description& model) { return model.fail(-10005, "its own trouble"); };
  const auto answer = described();
  REQUIRE_FALSE(answer);
  CHECK(answer.error().status == -10005);
  CHECK(answer.error().message == "its own trouble");
}

TEST_CASE("choice: a score beyond 1000 or below 0 leaves the estimator out") {
  reset(1001, -1);
  const auto message = failure();
  CHECK(message.find("estimator first is left out: match scored 1001, expected 0 to 1000") != std::string::npos);
  CHECK(message.find("estimator second is left out: match scored -1") != std::string::npos);
}

TEST_CASE("answers: layers outside the model are refused and end the description") {
  reset(900, 0);
  first_describe = [](const Description& model) {
    VRAMAUTO_DO(add_traits(model, 2));
    add_weight(model, "w.*", 2);
    return add_weight(model, "w.*");
  };
  CHECK(failure() == "estimator first: add_weights w.*: layers {first 2, count 1, stride 1, run 1} leave the model");
}

TEST_CASE("answers: unknown kinds are refused") {
  reset(900, 0);
  first_describe = [](const Description& model) {
    VRAMAUTO_DO(describe_little(model));
    vramauto_cache cache{};
    cache.struct_size = sizeof cache;
    cache.kind = 77;
    return model.add(cache);
  };
  CHECK(failure() == "estimator first: add_cache: kind is unknown");
}

TEST_CASE("answers: short and huge struct sizes are refused") {
  for (const auto size : {0u, 8u, 5000u, UINT32_MAX}) {
    CAPTURE(size);
    reset(900, 0);
    first_describe = [=](const Description& model) {
      vramauto_traits traits{};
      traits.struct_size = size;
      return model.traits(traits);
    };
    CHECK(failure() == fmt::format("estimator first: set_traits: struct_size is {}, expected {}", size, sizeof(vramauto_traits)));
  }
}

TEST_CASE("answers: weights of an encoder that was never added are refused") {
  reset(900, 0);
  first_describe = [](const Description& model) {
    VRAMAUTO_DO(add_traits(model, 2));
    Tensors tensors("w", VRAMAUTO_ROLE_LINEAR, {0, 1, 1, 1}, 64, 64);
    tensors.encoders = 1;
    return model.add(tensors);
  };
  CHECK(failure() == "estimator first described weights of an encoder that it did not add");
}

TEST_CASE("answers: NULL where an answer is expected is refused") {
  reset(900, 0);
  first_describe = [](const Description& model) { return model.host()->set_traits(model.call(), nullptr); };
  CHECK(failure() == "estimator first: set_traits got NULL");
}

TEST_CASE("questions: NULL for the place of an answer is refused") {
  reset(900, 0);
  first_describe = [](const Description& model) { return model.host()->json_int(model.call(), "/hidden_size", nullptr); };
  CHECK(failure() == "estimator first: a question about the configuration got NULL for its answer");
}

TEST_CASE("delegate: the best other estimator describes the part below a key, its tensors under the prefix") {
  reset(0, 0);
  first_match = knows_composite;
  first_describe = [](const Description& model) {
    VRAMAUTO_DO(add_weight(model, "tower.patches", VRAMAUTO_LAYER_INPUT));
    return delegate(model, "/text_config", "language_model.");
  };
  const auto answer = described(kComposite);
  REQUIRE_MESSAGE(answer, answer.error().message);
  CHECK(answer->estimator == "first");
  CHECK(answer->architecture == "Composite");
  CHECK(answer->traits.layers == 2);
  CHECK(answer->traits.vocab == 256);
  CHECK(answer->weights.at(0).pattern == "tower.patches");
  CHECK(answer->weights.at(1).pattern == "language_model.model.embed_tokens");
  CHECK(answer->caches.size() == 1);
  const auto& notes = answer->notes;
  CHECK(std::find(notes.begin(), notes.end(), "language_model.: estimator decoder, score 600") != notes.end());
}

TEST_CASE("delegate: the estimator's own traits may replace those of the part, with the same layers") {
  reset(0, 0);
  first_match = knows_composite;
  first_describe = [](const Description& model) {
    VRAMAUTO_DO(delegate(model, "/text_config", "language_model."));
    return add_traits(model, 2, 2);
  };
  CHECK(described(kComposite)->traits.flags == 2);
  first_describe = [](const Description& model) {
    VRAMAUTO_DO(delegate(model, "/text_config", "language_model."));
    return add_traits(model, 3);
  };
  CHECK(described(kComposite).error().message ==
        "estimator first: layers are 3 and 0, but the part that was delegated has 2 and 0");
}

TEST_CASE("delegate: traits that the estimator leaves at 0 stay the part's") {
  reset(0, 0);
  first_match = knows_composite;
  first_describe = [](const Description& model) {
    VRAMAUTO_DO(delegate(model, "/text_config", "language_model."));
    vramauto_traits traits{};
    traits.struct_size = sizeof traits;
    traits.task = 2;
    return model.traits(traits);
  };
  const auto answer = described(kComposite);
  REQUIRE_MESSAGE(answer, answer.error().message);
  CHECK(answer->traits.task == 2);
  CHECK(answer->traits.layers == 2);
  CHECK(answer->traits.vocab == 256);
}

TEST_CASE("delegate: under its own configuration the architecture that the estimator names counts") {
  reset(0, 0);
  first_match = [](auto*, vramauto_call*) { return 900; };
  first_describe = [](const Description& model) { return delegate(model, "", "", "LlamaForCausalLM"); };
  const auto answer = described(config_of("LlamaForRanking"));
  REQUIRE_MESSAGE(answer, answer.error().message);
  CHECK(answer->architecture == "LlamaForRanking");
  CHECK(answer->weights.at(0).pattern == "model.embed_tokens");
}

TEST_CASE("delegate: a part with more layers than the model is refused") {
  reset(0, 0);
  first_match = knows_composite;
  first_describe = [](const Description& model) {
    VRAMAUTO_DO(add_traits(model, 1));
    return delegate(model, "/text_config", "language_model.");
  };
  CHECK(described(kComposite).error().message == "estimator first: delegate: the part has 2 and 0 layers, the model 1 and 0");
}

TEST_CASE("delegate: encoders of the part are numbered on after the estimator's own") {
  reset(0, 0);
  const auto add_encoder = [](const Description& model, const char* name) {
    vramauto_encoder encoder{};
    encoder.struct_size = sizeof encoder;
    encoder.modality = "image";
    encoder.name = name;
    return model.host()->add_encoder(model.call(), &encoder);
  };
  first_match = knows_composite;
  second_match = [](auto* host, auto* call) { return knows_composite(host, call) ? 0 : 999; };
  first_describe = [=](const Description& model) {
    VRAMAUTO_DO(add_encoder(model, "outer"));
    return delegate(model, "/text_config", "part.");
  };
  second_describe = [=](const Description& model) {
    VRAMAUTO_DO(add_traits(model, 2));
    VRAMAUTO_DO(add_encoder(model, "inner"));
    Tensors tensors("w", VRAMAUTO_ROLE_LINEAR, {0, 1, 1, 1}, 64, 64);
    tensors.encoders = 1;
    return model.add(tensors);
  };
  const auto answer = described(kComposite);
  REQUIRE_MESSAGE(answer, answer.error().message);
  CHECK(answer->encoders.size() == 2);
  CHECK(answer->weights.at(0).encoders == 2);
}

TEST_CASE("delegate: parts within parts end at a depth of 4, names keep every prefix") {
  reset(500, 400);  // each is the other's best
  int calls = 0;
  first_describe = second_describe = [&](const Description& model) {
    ++calls;
    return delegate(model, "", "p.");
  };
  CHECK(failure() == "delegate: deeper than 4");
  CHECK(calls == 5);
  first_describe = second_describe = [&, depth = std::make_shared<int>(0)](const Description& model) {
    return ++*depth < 4 ? delegate(model, "", "p.") : describe_little(model);
  };
  const auto answer = described();
  REQUIRE_MESSAGE(answer, answer.error().message);
  CHECK(answer->weights.at(0).pattern == "p.p.p.w.*");
}

TEST_CASE("delegate: a part that nobody knows is an error that the estimator may answer to") {
  reset(900, 0);
  first_describe = [](const Description& model) {
    CHECK(delegate(model, "", "", "Nobody") == VRAMAUTO_E_NO_ESTIMATOR);
    return describe_little(model);
  };
  CHECK(described());
}

TEST_CASE("delegate: what the part's estimator breaks is broken for good") {
  reset(900, 800);
  first_describe = [](const Description& model) {
    delegate(model, "", "");
    return describe_little(model);
  };
  second_describe = [](const Description& model) { return add_weight(model, ""); };
  CHECK(failure() == "estimator first: estimator second: add_weights before set_traits");
}

TEST_CASE("delegate: while matching, without a key and with a missing one it is refused") {
  reset(900, 0);
  first_describe = [](const Description& model) {
    CHECK(delegate(model, "/nothing", "") == VRAMAUTO_E_NOT_FOUND);
    return delegate(model, nullptr, "");
  };
  CHECK(failure() == "estimator first: delegate: config_at is NULL or too long");
  first_match = [](auto* host, auto* call) { return host->delegate(call, "", "", nullptr) == VRAMAUTO_OK ? 1 : 900; };
  CHECK(failure().find("delegate while matching, expected only questions") != std::string::npos);
}
