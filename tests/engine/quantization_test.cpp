#include <doctest/doctest.h>

#include "engine/vllm/activation.hpp"
#include "engine/vllm/architectures.hpp"
#include "engine/vllm/quantization/served.hpp"
#include "engine/vllm/weights.hpp"
#include "example.hpp"

using namespace vramauto;
using namespace vramauto::engine::vllm;

namespace {

estimator::Weights linear(std::string name, std::uint64_t rows, std::uint64_t cols, vramauto_split split,
                          std::uint32_t parameter = 0, std::uint32_t units = 0) {
  estimator::Weights out{};
  out.pattern = "model.layers.*." + std::move(name);
  out.role = VRAMAUTO_ROLE_LINEAR;
  out.layers = {0, 2, 2, 2};
  out.rows = rows;
  out.cols = cols;
  out.copies = 1;
  out.split = split;
  out.units = units;
  out.uneven = VRAMAUTO_UNEVEN_REPEAT;
  out.parameter = parameter;
  return out;
}

estimator::Weights end(std::string name, std::int32_t which, vramauto_role role) {
  auto out = linear("", 1024, 256, VRAMAUTO_SPLIT_VOCAB);
  out.pattern = std::move(name);
  out.layers = {which, 1, 1, 1};
  out.role = role;
  return out;
}

// Two layers, 589,824 elements each: q, k, v 512 x 256, o 256 x 256, gate and up 1024 x 256, down 256 x 512.
constexpr Bytes kLayer = 589824, kEnds = 2 * 1024 * 256 * 2;

estimator::Blueprint small() {
  auto out = example::blueprint(2, 256, 512, 1024, 4096, {});
  out.weights = {end("model.embed_tokens", VRAMAUTO_LAYER_INPUT, VRAMAUTO_ROLE_EMBEDDING),
                 linear("self_attn.q_proj", 256, 256, VRAMAUTO_SPLIT_UNITS, 1, 4),
                 linear("self_attn.k_proj", 128, 256, VRAMAUTO_SPLIT_UNITS, 1, 2),
                 linear("self_attn.v_proj", 128, 256, VRAMAUTO_SPLIT_UNITS, 1, 2),
                 linear("self_attn.o_proj", 256, 256, VRAMAUTO_SPLIT_COLS),
                 linear("mlp.gate_proj", 512, 256, VRAMAUTO_SPLIT_ROWS, 2),
                 linear("mlp.up_proj", 512, 256, VRAMAUTO_SPLIT_ROWS, 2),
                 linear("mlp.down_proj", 256, 512, VRAMAUTO_SPLIT_COLS),
                 end("lm_head", VRAMAUTO_LAYER_OUTPUT, VRAMAUTO_ROLE_HEAD)};
  return out;
}

struct Loaded : example::Bench {
  explicit Loaded(std::string_view config, std::string_view version = "0.33", std::uint32_t tp = 1)
      : Bench(small(), version, 8192, 256, tp) {
    auto read = json::parse("config.json", config);
    REQUIRE(read);
    model.config = *read;
    context.architecture = *find_architecture("LlamaForCausalLM", {0, 19, 1});
  }
  Result<RankWeights> weights() { return weights_of_stage(context, 0); }
  Bytes layers() {
    const auto all = weights();
    REQUIRE(all);
    return all->parameter_bytes - kEnds;
  }
  std::string refusal() {
    const auto all = weights();
    return all ? "accepted" : all.error().message;
  }
  std::string unserved() {
    const auto formats = quantization::placed_formats(model, blueprint, asked.quantization);
    if (!formats) return formats.error().message;
    context.formats = *formats;
    const auto served = quantization::check_served(context);
    return served ? "accepted" : served.error().message;
  }
};

std::string quantized(std::string_view inside) { return R"({"quantization_config":{)" + std::string(inside) + "}}"; }

std::string compressed(std::string_view weights, std::string_view inputs, std::string_view format, std::string_view more = "") {
  return quantized(fmt::format(R"("quant_method":"compressed-tensors","format":"{}",{}"config_groups":{{"group_0":{{"targets":
["Linear"],"weights":{{{}}},"input_activations":{}}}}})",
                               format, more, weights, inputs));
}

constexpr std::string_view kFp8 = R"("quant_method":"fp8","activation_scheme":"dynamic","weight_block_size":[128,128])";

}  // namespace

TEST_CASE("quantization: a model without a configuration of it keeps two bytes for each element") {
  CHECK(Loaded("{}").layers() == 2 * 2 * kLayer);
}

TEST_CASE("quantization: a configuration without a method loads as if it were not quantised, as the engine does") {
  CHECK(Loaded(quantized(R"("bits":4,"group_size":64)")).layers() == 2 * 2 * kLayer);
}

TEST_CASE("quantization: fp8 in blocks of 128 has one float32 for each block") {
  // q, k, v 4 x 2 blocks, o 2 x 2, gate and up 8 x 2, down 2 x 4
  CHECK(Loaded(quantized(kFp8)).layers() == 2 * (kLayer + (8 + 4 + 16 + 8) * 4));
}

TEST_CASE("quantization: static fp8 has two float32 for each part") {
  // 3 + 1 + 2 + 1 parts
  CHECK(Loaded(quantized(R"("quant_method":"fp8","activation_scheme":"static")")).layers() == 2 * (kLayer + 7 * 4 * 2));
}

TEST_CASE("quantization: compressed-tensors fp8 by channel has one float32 for each row") {
  const auto config = compressed(R"("num_bits":8,"type":"float","strategy":"channel")",
                                 R"({"num_bits":8,"type":"float","strategy":"token","dynamic":true})", "float-quantized");
  CHECK(Loaded(config).layers() == 2 * (kLayer + (512 + 256 + 1024 + 256) * 4));
}

TEST_CASE("quantization: compressed-tensors W4A16 packs words, with a bfloat16 for each group and the shape as two int64") {
  const auto config = compressed(R"("num_bits":4,"type":"int","strategy":"group","group_size":128)", "null", "pack-quantized");
  // groups: 512 x 2, 256 x 2, 1024 x 2, 256 x 4; four tensors
  CHECK(Loaded(config).layers() == 2 * (kLayer / 2 + (1024 + 512 + 2048 + 1024) * 2 + 4 * 16));
}

TEST_CASE("quantization: layers that compressed-tensors ignores by expression stay as they are") {
  const auto config = compressed(R"("num_bits":8,"type":"float","strategy":"tensor")",
                                 R"({"num_bits":8,"type":"float","strategy":"token","dynamic":true})", "float-quantized",
                                 R"("ignore":["re:.*mlp.*","lm_head"],)");
  // gate, up and down, 393,216 elements, in two bytes; 3 + 1 parts with a scale
  CHECK(Loaded(config).layers() == 2 * (393216 * 2 + (kLayer - 393216) + 4 * 4));
}

TEST_CASE("quantization: GPTQ holds half a byte, scales and zeros, and up to 0.32 the order of the inputs") {
  const auto config = quantized(R"("quant_method":"gptq","bits":4,"group_size":128,"desc_act":false,"sym":true)");
  const Bytes groups = 512 * 2 + 256 * 2 + 1024 * 2 + 256 * 4;
  CHECK(Loaded(config, "0.33").layers() == 2 * (kLayer / 2 + groups * 2 + groups / 8 * 4));
  CHECK(Loaded(config, "0.19.1").layers() == 2 * (kLayer / 2 + groups * 2 + groups / 8 * 4 + (256 + 256 + 256 + 512) * 4));
}

TEST_CASE("quantization: AWQ leaves layers whose name holds a listed part") {
  const auto config = quantized(R"("quant_method":"awq","bits":4,"group_size":128,"modules_to_not_convert":["self_attn"])");
  const Bytes groups = 1024 * 2 + 256 * 4;
  CHECK(Loaded(config).layers() == 2 * ((kLayer - 393216) * 2 + 393216 / 2 + groups * 2 + groups / 8 * 4));
}

TEST_CASE("quantization: NVFP4 has one byte for 16 elements, and two float32 for each part") {
  const auto config = quantized(R"("quant_method":"modelopt","quant_algo":"NVFP4","group_size":16,"ignore":["lm_head"])");
  CHECK(Loaded(config).layers() == 2 * (kLayer / 2 + kLayer / 16 + 7 * 4 * 2));
}

TEST_CASE("quantization: ModelOpt quantises a head that is not excluded, but not in 0.19") {
  const auto config = quantized(R"("quant_method":"modelopt","quant_algo":"FP8")");
  const Bytes layers = 2 * (kLayer + 7 * 4 * 2), saved = 1024 * 256 - 8;
  CHECK(Loaded(config, "0.33").layers() + saved == layers);
  CHECK(Loaded(config, "0.19.1").layers() == layers);
}

TEST_CASE("quantization: ModelOpt's wildcards leave a layer as it is") {
  const auto config = quantized(R"("quant_method":"modelopt","quant_algo":"FP8","ignore":["lm_head","model.layers.1.*"])");
  CHECK(Loaded(config).layers() == (kLayer + 7 * 4 * 2) + 2 * kLayer);
}

TEST_CASE("quantization: hf_quant_config.json counts where config.json says nothing") {
  Loaded loaded("{}");
  auto separate = json::parse("hf", R"({"quantization":{"quant_algo":"FP8","exclude_modules":["lm_head"]}})");
  REQUIRE(separate);
  loaded.model.documents.push_back({"hf_quant_config.json", *separate});
  CHECK(loaded.layers() == 2 * (kLayer + 7 * 4 * 2));
}

TEST_CASE("quantization: FBGEMM leaves listed layers, and bounds the inputs of the others with a float32") {
  const auto config = quantized(
      R"("quant_method":"fbgemm_fp8","activation_scale_ub":1200.0,"modules_to_not_convert":["model.layers.0.self_attn.q_proj",
"model.layers.0.self_attn.k_proj","model.layers.0.self_attn.v_proj","model.layers.0.self_attn.o_proj","model.layers.0.mlp.down_proj",
"model.layers.0.mlp.gate_proj","model.layers.0.mlp.up_proj"])");
  CHECK(Loaded(config).layers() == 2 * kLayer + (kLayer + 2048 * 4 + 4 * 4));
}

TEST_CASE("quantization: parts of a fused layer that disagree are refused") {
  const auto config = quantized(std::string(kFp8) + R"(,"modules_to_not_convert":["model.layers.1.self_attn.q_proj"])");
  CHECK(Loaded(config).refusal() ==
        "model.layers.1.self_attn.qkv_proj: some but not all shards of it are quantized. All shards of fused layers have to have "
        "the same precision");
}

TEST_CASE("quantization: the engine's name of a fused layer leaves all its parts as they are") {
  const auto config = quantized(std::string(kFp8) + R"(,"modules_to_not_convert":["model.layers.1.self_attn.qkv_proj"])");
  CHECK(Loaded(config).layers() == 2 * (kLayer + 36 * 4) + 131072 - 8 * 4);
}

TEST_CASE("quantization: blocks that ranks would cut are refused in the engine's words") {
  const auto config = quantized(R"("quant_method":"compressed-tensors","format":"float-quantized","config_groups":{"group_0":
    {"targets":["Linear"],"weights":{"num_bits":8,"type":"float","strategy":"block","block_structure":[128,128]},
     "input_activations":{"num_bits":8,"type":"float","strategy":"group","group_size":128,"dynamic":true}}})");
  CHECK(Loaded(config, "0.33", 2).refusal() ==
        "Weight output_partition_size = 64 is not divisible by weight quantization block_n = 128");
  CHECK(Loaded(quantized(kFp8), "0.33", 2).refusal() == "accepted");  // parts of a fused layer may, of the method "fp8"
}

TEST_CASE("quantization: groups that ranks would cut are refused") {
  const auto config = quantized(R"("quant_method":"awq","bits":4,"group_size":256)");
  CHECK(Loaded(config, "0.33", 2).refusal().starts_with("model.layers.*.self_attn.o_proj: 128 inputs on a rank and groups of 256"));
}

TEST_CASE("quantization: bitsandbytes NF4 holds a float32 for each 64 elements beside its parameters") {
  Loaded loaded(quantized(R"("quant_method":"bitsandbytes","load_in_4bit":true)"), "0.19.1");
  CHECK(loaded.layers() == 2 * kLayer / 2);
  const auto all = loaded.weights();
  REQUIRE(all);
  Bytes scales = 0;
  for (const auto& part : all->components)
    if (part.name == "made while loading") scales = part.amount.best;
  CHECK(scales == 2 * kLayer / 64 * 4);
}

TEST_CASE("quantization: bitsandbytes is refused from 0.28 on") {
  const auto config = quantized(R"("quant_method":"bitsandbytes","load_in_4bit":true)");
  CHECK(Loaded(config, "0.19.1").unserved() == "accepted");
  CHECK(Loaded(config, "0.33").unserved().starts_with("Unknown quantization method: bitsandbytes"));
}

TEST_CASE("quantization: --quantization fp8 turns a 16 bit checkpoint into one byte with a scale for each part") {
  Loaded loaded("{}", "0.19.1");
  loaded.asked.quantization = "fp8";
  CHECK(loaded.layers() == 2 * (kLayer + 7 * 4));
}

TEST_CASE("quantization: 0.33 asks for fp8_per_tensor instead of fp8 at run time") {
  Loaded loaded("{}", "0.33");
  loaded.asked.quantization = "fp8";
  CHECK(loaded.unserved().ends_with("use --quantization fp8_per_tensor"));
  loaded.asked.quantization = "fp8_per_tensor";
  CHECK(loaded.unserved() == "accepted");
}

TEST_CASE("quantization: another method than the checkpoint's is refused") {
  Loaded loaded(quantized(kFp8));
  loaded.asked.quantization = "awq";
  CHECK(loaded.unserved() ==
        "Quantization method specified in the model config (fp8) does not match the quantization method specified in the "
        "`quantization` argument (awq).");
}

TEST_CASE("quantization: an unknown method is refused by name") {
  CHECK(Loaded(quantized(R"("quant_method":"hqq")")).refusal() == "unknown quantization method: hqq");
}

TEST_CASE("quantization: block sizes of 0, negative, huge or of other types are refused") {
  for (const std::string_view block : {"[0,128]", "[-1,1]", "[128,9223372036854775807]", "[128]", "\"128\"", "[1.5,2]"})
    CHECK(Loaded(quantized(fmt::format(R"("quant_method":"fp8","activation_scheme":"dynamic","weight_block_size":{})", block)))
              .refusal() != "accepted");
}

TEST_CASE("quantization: bits and groups of 0 are refused") {
  CHECK(Loaded(quantized(R"("quant_method":"gptq","bits":0,"group_size":128)")).refusal() ==
        "bits is 0, expected an integer from 1 to 16");
  CHECK(Loaded(quantized(R"("quant_method":"awq","bits":4,"group_size":0)")).refusal() ==
        "group_size is 0, expected an integer from 1 to 1048576");
}

TEST_CASE("quantization: what a blueprint's formats are is read once") {
  Loaded loaded(quantized(kFp8));
  const auto first = quantization::placed_formats(loaded.model, loaded.blueprint, ""),
             again = quantization::placed_formats(loaded.model, loaded.blueprint, "");
  REQUIRE(first);
  REQUIRE(again);
  CHECK(first->get() == again->get());
}

TEST_CASE("quantization: INT8 with inputs quantised for each token takes 7.55 hidden sizes at the widest point, as measured") {
  const auto config = compressed(R"("num_bits":8,"type":"int","strategy":"channel")",
                                 R"({"num_bits":8,"type":"int","strategy":"token","dynamic":true})", "int-quantized");
  Loaded loaded(config, "0.19.1");
  const auto formats = quantization::placed_formats(loaded.model, loaded.blueprint, "");
  REQUIRE(formats);
  loaded.context.formats = *formats;
  // 8192 tokens of 2 bytes: three times 512, and 7.55 times 256
  CHECK(activation_of_stage(loaded.context, 0).forward.best == doctest::Approx(8192 * 2 * (3 * 512 + 7.55 * 256)).epsilon(1e-6));
}

TEST_CASE("quantization: names match wildcards as in Python's fnmatch") {
  using quantization::matches_wildcard;
  CHECK(matches_wildcard("model.layers.*.mlp", "model.layers.10.mlp"));
  CHECK(matches_wildcard("*", ""));
  CHECK(matches_wildcard("layers.[0-3].?", "layers.2.q"));
  CHECK(matches_wildcard("layers.[!0-3]", "layers.4"));
  CHECK_FALSE(matches_wildcard("layers.[!0-3]", "layers.3"));
  CHECK_FALSE(matches_wildcard("*.mlp", "model.mlp.gate"));
  CHECK(matches_wildcard("a[b", "a[b"));
}

TEST_CASE("quantization: an expression that would take exponential time ends") {
  const auto pattern = quantization::Pattern::make(quantization::How::start, "(a*)*(a*)*(a|aa)*b");
  REQUIRE(pattern);
  CHECK_FALSE(pattern->matches(std::string(500, 'a')));
}

TEST_CASE("quantization: expressions that are too long, too deep or repeat too often are refused") {
  using quantization::How;
  using quantization::Pattern;
  CHECK_FALSE(Pattern::make(How::start, std::string(513, 'a')));
  CHECK_FALSE(Pattern::make(How::start, std::string(17, '(') + std::string(17, ')')));
  CHECK(Pattern::make(How::start, "^(?!.*vision).*proj$"));
}

TEST_CASE("quantization: bitsandbytes skips by whole words of a name") {
  const auto pattern = quantization::Pattern::make(quantization::How::component, "mlp");
  REQUIRE(pattern);
  CHECK(pattern->matches("model.layers.0.mlp.gate_proj"));
  CHECK_FALSE(pattern->matches("model.layers.0.shared_mlp.gate_proj"));
}
