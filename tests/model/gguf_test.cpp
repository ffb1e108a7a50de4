#include "model/gguf_model.hpp"

#include <doctest/doctest.h>

#include "gguf.hpp"

using namespace vramauto;
using model::tensor_name;

namespace {

struct Opened {
  Temporary folder;
  Result<model::Model> model;
  explicit Opened(const GgufFile& file) : model(model::open(file.write(folder), {.use_environment = false})) {}
};

std::string refusal_of(const std::string& path) {
  const auto file = file::Reader::open(path);
  REQUIRE(file);
  const auto read = model::read_gguf(*file);
  return read ? "read" : read.error().message;
}
std::string refusal(std::string_view bytes) {
  const Temporary folder;
  return refusal_of(folder.write("m.gguf", bytes));
}
std::string refusal(const GgufFile& file) {
  const Temporary folder;
  return refusal_of(file.write(folder));
}

std::int64_t integer(const model::Model& model, std::string_view pointer) {
  const auto* value = model.config.at(pointer);
  return value ? value->integer : -1;
}

std::string mapped(std::string_view name, std::string_view architecture = "llama", bool experts = false) {
  return tensor_name(name, architecture, experts);
}

const std::string kNumber = GgufFile::raw(1, 4);

}  // namespace

TEST_CASE("gguf: tensors have a checkpoint's names, shapes outermost first, types and bytes of blocks") {
  const Opened opened(small_llama());
  REQUIRE_MESSAGE(opened.model, opened.model.error().message);
  const auto& tensors = opened.model->tensors;
  CHECK(tensors.tensors().size() == 12);
  const auto* down = tensors.find("model.layers.0.mlp.down_proj.weight");
  REQUIRE(down);
  CHECK((down->rank == 2 && down->shape[0] == 512 && down->shape[1] == 1024));
  CHECK(down->dtype == 114);
  CHECK(down->bytes == 512 * 840);
  CHECK(tensors.find("model.layers.0.input_layernorm.weight")->dtype == VRAMAUTO_F32);
  CHECK(opened.model->source == model::Source::files);
}

TEST_CASE("gguf: metadata are keys of a configuration") {
  const Opened opened(small_llama());
  REQUIRE(opened.model);
  const auto& model = *opened.model;
  CHECK(model.architecture == "LlamaForCausalLM");
  CHECK(model.model_type == "llama");
  CHECK(integer(model, "/hidden_size") == 512);
  CHECK(integer(model, "/num_hidden_layers") == 1);
  CHECK(integer(model, "/num_key_value_heads") == 2);
  CHECK(integer(model, "/head_dim") == 128);
  CHECK(integer(model, "/vocab_size") == 1000);
  CHECK(integer(model, "/max_position_embeddings") == 4096);
  CHECK(model.config.at("/rope_theta")->real == 10000.0);
  CHECK(model.config.at("/quantization_config/quant_method")->text == "gguf");
  CHECK(model.config.at("/tie_word_embeddings")->integer == 0);
}

TEST_CASE("gguf: without a head of its own the embedding is it") {
  auto file = small_llama_values();
  file.tensor("token_embd.weight", 0, {512, 1000}, 512 * 1000 * 4);
  const Opened opened(file);
  REQUIRE(opened.model);
  CHECK(opened.model->config.at("/tie_word_embeddings")->integer == 1);
}

TEST_CASE("gguf: an architecture that has no row keeps its name, made harmless") {
  GgufFile file;
  file.words("general.architecture", "no\"\n\xFFve").tensor("a.b", 0, {4}, 16);
  const Opened opened(file);
  REQUIRE_MESSAGE(opened.model, opened.model.error().message);
  CHECK(opened.model->architecture == "no???ve");
}

TEST_CASE("gguf: numbers per layer give the largest") {
  auto file = small_llama_values();
  file.values.clear();
  file.value_count = 0;
  file.words("general.architecture", "llama");
  file.array("llama.attention.head_count_kv", 5, 3, GgufFile::raw(0, 4) + GgufFile::raw(8, 4) + GgufFile::raw(4, 4));
  const Opened opened(file);
  REQUIRE(opened.model);
  CHECK(integer(*opened.model, "/num_key_value_heads") == 8);
}

TEST_CASE("gguf: MLA's heads, from both ways to store them") {
  GgufFile file;
  file.words("general.architecture", "deepseek2").value("deepseek2.expert_gating_func", 2);
  file.value("deepseek2.attention.kv_lora_rank", 512).value("deepseek2.rope.dimension_count", 64);
  file.value("deepseek2.attention.key_length", 576).value("deepseek2.attention.key_length_mla", 192);
  file.value("deepseek2.attention.value_length", 512).value("deepseek2.attention.value_length_mla", 128);
  const Opened opened(file);
  REQUIRE(opened.model);
  CHECK(opened.model->architecture == "DeepseekV3ForCausalLM");
  CHECK(integer(*opened.model, "/qk_nope_head_dim") == 128);
  CHECK(integer(*opened.model, "/qk_rope_head_dim") == 64);
  CHECK(integer(*opened.model, "/v_head_dim") == 128);
  CHECK(opened.model->config.at("/head_dim") == nullptr);
  CHECK(opened.model->config.at("/q_lora_rank")->is(json::Type::null));
}

TEST_CASE("gguf: names of tensors") {
  CHECK(mapped("token_embd.weight") == "model.embed_tokens.weight");
  CHECK(mapped("output.weight") == "lm_head.weight");
  CHECK(mapped("output_norm.weight") == "model.norm.weight");
  CHECK(mapped("blk.17.attn_q.bias") == "model.layers.17.self_attn.q_proj.bias");
  CHECK(mapped("blk.3.ffn_up.weight", "phi3") == "model.layers.3.mlp.gate_up_proj.weight");
  CHECK(mapped("blk.3.ffn_gate_exps.weight", "qwen3moe", true) == "model.layers.3.mlp.experts.0.gate_proj.weight");
  CHECK(mapped("blk.3.ffn_down_exps.weight", "llama", true) == "model.layers.3.block_sparse_moe.experts.0.w2.weight");
  CHECK(mapped("blk.3.ffn_up_shexp.weight", "deepseek2", true) == "model.layers.3.mlp.shared_experts.up_proj.weight");
  CHECK(mapped("blk.3.ffn_gate_inp.weight", "qwen2moe", true) == "model.layers.3.mlp.gate.weight");
  CHECK(mapped("blk.3.attn_kv_a_mqa.weight", "deepseek2") == "model.layers.3.self_attn.kv_a_proj_with_mqa.weight");
}

TEST_CASE("gguf: names that nobody knows stay as they are") {
  for (const char* name : {"rope_freqs.weight", "blk.3.unheard_of.weight", "blk.", "blk.3", "", ".", "blk..attn_q.x.y"})
    CHECK(mapped(name) == name);
}

TEST_CASE("gguf: a model split into files is opened by any of them, and as a folder") {
  const Temporary folder;
  auto first = small_llama_values();
  first.tensor("token_embd.weight", 0, {512, 1000}, 512 * 1000 * 4).write(folder, "m-00001-of-00002.gguf");
  GgufFile second;
  second.tensor("output.weight", 0, {512, 1000}, 512 * 1000 * 4).write(folder, "m-00002-of-00002.gguf");
  for (const auto& path : {folder / "m-00001-of-00002.gguf", folder / "m-00002-of-00002.gguf", folder.path()}) {
    const auto opened = model::open(path, {.use_environment = false});
    REQUIRE_MESSAGE(opened, opened.error().message);
    CHECK(opened->path == folder / "m-00001-of-00002.gguf");
    CHECK(opened->tensors.tensors().size() == 2);
    CHECK(opened->tensors.find("lm_head.weight"));
    CHECK(opened->warnings.empty());
  }
  std::filesystem::remove(folder / "m-00002-of-00002.gguf");
  const auto missing = model::open(folder / "m-00001-of-00002.gguf", {.use_environment = false});
  REQUIRE_FALSE(missing);
  CHECK(missing.error().message == "is missing: the model is split into 2 files");
}

TEST_CASE("gguf: of several models in a folder the first is taken, and said; projectors are none") {
  const Temporary folder;
  for (const char* name : {"b-Q8_0.gguf", "a-Q4_K_M.gguf", "aa-mmproj-f16.gguf"}) small_llama().write(folder, name);
  const auto opened = model::open(folder.path(), {.use_environment = false});
  REQUIRE(opened);
  CHECK(opened->path == folder / "a-Q4_K_M.gguf");
  REQUIRE(opened->warnings.size() == 1);
  CHECK(opened->warnings[0].code == "several_gguf");
}

TEST_CASE("gguf: the original configuration beside the file wins over its metadata") {
  const Temporary folder;
  small_llama().write(folder);
  folder.write("config.json", R"({"architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "hidden_size": 512})");
  const auto opened = model::open(folder.path(), {.use_environment = false});
  REQUIRE(opened);
  CHECK(opened->architecture == "Qwen3ForCausalLM");
  CHECK(opened->config.at("/quantization_config/quant_method")->text == "gguf");
}

TEST_CASE("gguf: safetensors beside a GGUF file are the model") {
  const Temporary folder;
  small_llama().write(folder);
  folder.write("config.json", R"({"architectures": ["LlamaForCausalLM"]})");
  folder.write("model.safetensors", std::string("\x02\0\0\0\0\0\0\0{}", 10));
  const auto opened = model::open(folder.path(), {.use_environment = false});
  REQUIRE(opened);
  CHECK(opened->path == folder.path());
}

TEST_CASE("gguf: what begins otherwise is refused") {
  CHECK(refusal("") == "4 bytes are announced, the file has 0 more");
  CHECK(refusal("GGU") == "4 bytes are announced, the file has 3 more");
  CHECK(refusal("GGML............") == "begins with GGML, expected GGUF");
  auto file = small_llama();
  file.version = 1;
  CHECK(refusal(file) == "GGUF version 1, expected 2 or 3");
  file.version = 3u << 24;
  CHECK(refusal(file) == "GGUF version 50331648, expected 2 or 3 (the file is big-endian)");
}

TEST_CASE("gguf: counts beyond the file are refused before anything is allocated") {
  GgufFile file;
  file.tensor_count = ~std::uint64_t{0};
  CHECK(refusal(file) == "18446744073709551615 tensors are announced, the file has 8 more bytes");
  file.tensor_count = 0;
  file.value_count = std::uint64_t{1} << 60;
  CHECK(refusal(file) == "1152921504606846976 values are announced, the file has 8 more bytes");
}

TEST_CASE("gguf: a file that was cut short at any byte is refused") {
  const auto whole = small_llama().header();
  CHECK(refusal(whole).find("beyond the file's") != std::string::npos);
  const auto end = whole.size() - 64;
  for (std::size_t length = 0; length < end; ++length) CHECK(refusal(std::string_view(whole).substr(0, length)) != "read");
}

TEST_CASE("gguf: lengths beyond the file are refused") {
  const auto huge = GgufFile::raw(std::uint64_t{1} << 62, 8);
  GgufFile text, array, strings, key;
  CHECK(refusal(text.bare("a", 8, huge)).find("bytes are announced") != std::string::npos);
  CHECK(refusal(array.bare("a", 9, GgufFile::raw(4, 4) + huge)).starts_with("array of 4611686018427387904 elements"));
  CHECK(refusal(strings.array("a", 8, 1, huge)).find("bytes are announced") != std::string::npos);
  key.values = huge;
  key.value_count = 1;
  key.values.append(32, '\0');
  CHECK(refusal(key) == "key of 4611686018427387904 bytes, expected at most 65535");
}

TEST_CASE("gguf: unknown types of values are refused") {
  GgufFile value, array;
  CHECK(refusal(value.bare("a", 13, kNumber)) == "value of type 13, which is not known");
  CHECK(refusal(array.array("a", 77, 1, kNumber)) == "array of type 77, which is not known");
}

TEST_CASE("gguf: arrays of arrays end at a depth") {
  std::string nested;
  for (int i = 0; i < 3; ++i) nested += GgufFile::raw(9, 4) + GgufFile::raw(1, 8);
  GgufFile shallow, deep;
  CHECK(refusal(shallow.bare("a", 9, nested + GgufFile::raw(4, 4) + GgufFile::raw(1, 8) + kNumber)) == "read");
  CHECK(refusal(deep.bare("a", 9, nested + nested + kNumber)) == "arrays of arrays, 4 deep");
}

TEST_CASE("gguf: keys and names given twice are refused") {
  auto keys = small_llama(), names = small_llama();
  CHECK(refusal(keys.value("llama.block_count", 2)) == "key llama.block_count is there twice");
  CHECK(refusal(names.tensor("output.weight", 0, {4}, 16)) == "output.weight is there twice");
}

TEST_CASE("gguf: tensors that are none are refused") {
  const auto with = [](std::uint32_t type, std::initializer_list<std::uint64_t> shape, std::uint64_t bytes = 0) {
    GgufFile file;
    return refusal(file.tensor("t", type, shape, bytes));
  };
  CHECK(with(4, {32}) == "t is of type 4, which is not known");
  CHECK(with(4000000000u, {32}) == "t is of type 4000000000, which is not known");
  CHECK(with(12, {100, 4}) == "t has rows of 100 elements, expected whole blocks of 256");
  CHECK(with(0, {1, 1, 1, 1, 1}) == "t has 5 dimensions, expected at most 4");
  CHECK(with(0, {1ull << 40, 1ull << 40}) == "t has more than 2^64 elements");
  CHECK(with(0, {1ull << 62}).find("beyond the file's") != std::string::npos);
  CHECK(with(0, {}, 4) == "read");
  GgufFile unnamed;
  CHECK(refusal(unnamed.tensor("", 0, {4}, 16)) == "tensor name of 0 bytes, expected 1 to 512");
}

TEST_CASE("gguf: data that is not where it belongs is refused") {
  GgufFile overlapping, misplaced;
  overlapping.tensor("a", 0, {64}, 0).tensor("b", 0, {64}, 256);
  CHECK(refusal(overlapping) == "b has its data at 0, expected it at 256");
  misplaced.data = 32;
  CHECK(refusal(misplaced.tensor("a", 0, {4}, 16)) == "a has its data at 32, expected it at 0");
}

TEST_CASE("gguf: an alignment that is none is refused") {
  for (const std::uint32_t alignment : {0u, 3u, 1u << 31}) {
    GgufFile file;
    CHECK(refusal(file.value("general.alignment", alignment)).starts_with("general.alignment is "));
  }
}

TEST_CASE("gguf: a file without an architecture is no model") {
  GgufFile file, number;
  CHECK(Opened(file.tensor("a", 0, {4}, 16)).model.error().message.starts_with("general.architecture is missing"));
  CHECK_FALSE(Opened(number.value("general.architecture", 7)).model);
}
