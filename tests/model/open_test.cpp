#include <sys/stat.h>

#include <cstdlib>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "model/model.hpp"
#include "temporary.hpp"

using namespace vramauto;

namespace {

constexpr std::string_view kConfig = R"({"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 64})";

// A file with `count` tensors of 4 bytes each, named "<prefix>.0" and so on.
std::string shard(std::string_view prefix, unsigned count = 1) {
  std::string header = "{";
  for (unsigned i = 0; i < count; ++i)
    header += fmt::format("{}\"{}.{:04}\":{{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[{},{}]}}", i ? "," : "", prefix, i,
                          i * 4, i * 4 + 4);
  header += "}";
  std::string out(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) out[i] = static_cast<char>(header.size() >> (8 * i) & 0xFF);
  return out.append(header).append(count * 4, '\0');
}

model::Model opened(std::string_view path, bool environment = false) {
  auto model = model::open(path, {environment});
  REQUIRE_MESSAGE(model, model.error().message);
  return *model;
}

Error refused(std::string_view path) {
  auto model = model::open(path, {false});
  REQUIRE_FALSE(model);
  return model.error();
}

// An environment variable for one test.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) { setenv(name, value.c_str(), 1); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() { unsetenv(name_); }

 private:
  const char* name_;
};

}  // namespace

TEST_CASE("open: a directory gives configuration and tensors") {
  const Temporary folder;
  folder.write("config.json", kConfig);
  folder.write("model.safetensors", shard("a", 3));
  const auto model = opened(folder.path());
  CHECK(model.source == model::Source::files);
  CHECK(model.has_config);
  CHECK(model.path == folder.path());
  CHECK(model.architecture == "LlamaForCausalLM");
  CHECK(model.model_type == "llama");
  CHECK(model.tensors.tensors().size() == 3);
  CHECK(model.tensors.elements() == 3);
  CHECK(model.stored_bytes == 12);
  CHECK(model.weight_file_bytes == std::filesystem::file_size(folder / "model.safetensors"));
  CHECK(model.warnings.empty());
}

TEST_CASE("open: tensors of several files come in the order of the files and are found by name, copies included") {
  const Temporary folder;
  folder.write("model-00002-of-00002.safetensors", shard("b"));
  folder.write("model-00001-of-00002.safetensors", shard("a"));
  model::Model copy;
  {
    const auto model = opened(folder.path());
    CHECK_FALSE(model.has_config);
    copy = model;
  }
  REQUIRE(copy.tensors.tensors().size() == 2);
  CHECK(copy.tensors.tensors()[0].name == "a.0000");
  CHECK(copy.tensors.find("b.0000") == &copy.tensors.tensors()[1]);
  CHECK(copy.tensors.find("c") == nullptr);
}

TEST_CASE("open: many files are read by several threads to the same answer, and searched by several") {
  const Temporary folder;
  for (unsigned i = 1; i <= 40; ++i)
    folder.write(fmt::format("model-{:05}-of-00040.safetensors", i), shard(fmt::format("s{:02}", i), 20));
  const auto model = opened(folder.path());
  REQUIRE(model.tensors.tensors().size() == 800);
  for (unsigned i = 0; i < 800; ++i) REQUIRE(model.tensors.tensors()[i].name == fmt::format("s{:02}.{:04}", i / 20 + 1, i % 20));
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { CHECK(model.tensors.find("s40.0019") == &model.tensors.tensors()[799]); });
  for (auto& thread : threads) thread.join();
}

TEST_CASE("open: of many bad files the first by name is reported") {
  const Temporary folder;
  for (unsigned i = 1; i <= 20; ++i) folder.write(fmt::format("model-{:05}-of-00020.safetensors", i), i > 3 ? "bad" : shard("a"));
  CHECK(refused(folder.path()).where == folder / "model-00004-of-00020.safetensors");
}

TEST_CASE("open: files that an index does not name are not counted") {
  const Temporary folder;
  folder.write("config.json", kConfig);
  folder.write("model-00001-of-00001.safetensors", shard("a"));
  folder.write("extra.safetensors", shard("b"));
  folder.write("model.safetensors.index.json",
               R"({"metadata": {"total_size": 4}, "weight_map": {"a.0000": "model-00001-of-00001.safetensors"}})");
  CHECK(opened(folder.path()).tensors.tensors().size() == 1);
}

TEST_CASE("open: consolidated files beside others are the same weights again") {
  const Temporary folder;
  folder.write("params.json", R"({"dim": 64})");
  folder.write("config.json", kConfig);
  folder.write("model.safetensors", shard("a"));
  folder.write("consolidated.safetensors", shard("b"));
  const auto model = opened(folder.path());
  REQUIRE(model.tensors.tensors().size() == 1);
  CHECK(model.tensors.tensors()[0].name == "a.0000");
  CHECK(model.mistral_format);
  CHECK(model.weight_file_bytes == std::filesystem::file_size(folder / "model.safetensors") * 2);
}

TEST_CASE("open: params.json and consolidated files alone are a model") {
  const Temporary folder;
  folder.write("params.json", R"({"dim": 64})");
  folder.write("consolidated.safetensors", shard("b"));
  const auto model = opened(folder.path());
  CHECK(model.mistral_format);
  CHECK(model.tensors.known());
  CHECK(model.document("params.json")->at("/dim")->integer == 64);
  CHECK(model.document("nothing.json") == nullptr);
}

TEST_CASE("open: an index whose files are not here gives names and size without a warning") {
  const Temporary folder;
  folder.write("config.json", kConfig);
  folder.write("model.safetensors.index.json",
               R"({"metadata": {"total_size": 8}, "weight_map": {"b": "model-2.safetensors", "a": "model-1.safetensors"}})");
  const auto model = opened(folder.path());
  CHECK(model.source == model::Source::config);
  CHECK(model.index_names == std::vector<std::string>{"a", "b"});
  CHECK(model.stored_bytes == 8);
  CHECK_FALSE(model.tensors.known());
  CHECK(model.warnings.empty());
}

TEST_CASE("open: weight files that are only partly here are a warning, and none is counted") {
  const Temporary folder;
  folder.write("config.json", kConfig);
  folder.write("model-00001-of-00002.safetensors", shard("a"));
  auto model = opened(folder.path());
  CHECK_FALSE(model.tensors.known());
  CHECK(model.stored_bytes == VRAMAUTO_UNKNOWN);
  REQUIRE(model.warnings.size() == 1);
  CHECK(model.warnings[0].code == "incomplete_weights");
  folder.write(
      "model.safetensors.index.json",
      R"({"metadata": {"total_size": 8}, "weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}})");
  model = opened(folder.path());
  CHECK(model.stored_bytes == 8);
  REQUIRE(model.warnings.size() == 1);
  CHECK(model.warnings[0].message.find("has 1 of 2 weight files") != std::string::npos);
}

TEST_CASE("open: an index may not lead out of its directory") {
  const Temporary folder;
  folder.write("config.json", kConfig);
  folder.write("model.safetensors.index.json", R"({"weight_map": {"a": "../x.safetensors"}})");
  const auto error = refused(folder.path());
  CHECK(error.status == VRAMAUTO_E_FORMAT);
  CHECK(error.message == "weight_map names ../x.safetensors, expected a file beside the index");
}

TEST_CASE("open: *.bin files count as weight files though their tensors are not read") {
  const Temporary folder;
  folder.write("config.json", kConfig);
  folder.write("pytorch_model.bin", "0123456789");
  const auto model = opened(folder.path());
  CHECK(model.source == model::Source::config);
  CHECK(model.weight_file_bytes == 10);
}

TEST_CASE("open: config.json alone, by its own path") {
  const Temporary folder;
  const auto model = opened(folder.write("config.json", kConfig));
  CHECK(model.source == model::Source::config);
  CHECK(model.architecture == "LlamaForCausalLM");
}

TEST_CASE("open: one safetensors file by its own path has the configuration beside it") {
  const Temporary folder;
  folder.write("config.json", kConfig);
  const auto model = opened(folder.write("model-00001-of-00002.safetensors", shard("a")));
  CHECK(model.source == model::Source::files);
  CHECK(model.has_config);
  REQUIRE(model.warnings.size() == 1);
  CHECK(model.warnings[0].code == "one_shard");
}

TEST_CASE("open: an index by its own path") {
  const Temporary folder;
  folder.write("model-00001-of-00001.safetensors", shard("a"));
  const auto model =
      opened(folder.write("model.safetensors.index.json", R"({"weight_map": {"a.0000": "model-00001-of-00001.safetensors"}})"));
  CHECK(model.tensors.tensors().size() == 1);
}

TEST_CASE("open: missing and empty directories, and directories without a model, are clear errors") {
  const Temporary folder;
  CHECK(refused(folder / "nothing").message == "does not exist");
  CHECK(refused(folder / "nothing").status == VRAMAUTO_E_NOT_FOUND);
  CHECK(refused(folder.path()).message == "is an empty directory, expected config.json or *.safetensors");
  folder.write("README.md", "x");
  CHECK(refused(folder.path()).message == "has neither config.json nor *.safetensors");
}

TEST_CASE("open: what looks like a path must exist") {
  for (const auto* path : {"./x", "/nowhere/x", "~/nowhere/x", "x/config.json", "x.safetensors", "x.gguf", "../none"}) {
    CAPTURE(path);
    CHECK(refused(path).message == "does not exist");
  }
}

TEST_CASE("open: a configuration that is not an object is refused by name") {
  const Temporary folder;
  const auto path = folder.write("config.json", "[1]");
  CHECK(refused(folder.path()).where == path);
  CHECK(refused(folder.path()).message == "is an array, expected an object");
  folder.write("config.json", "");
  CHECK(refused(folder.path()).message == "is empty, expected JSON");
  folder.write("config.json", "{\"a\": }");
  CHECK(refused(folder.path()).offset == 6);
}

TEST_CASE("open: a FIFO or directory where a file should be is refused without waiting") {
  const Temporary folder;
  REQUIRE(mkfifo((folder / "config.json").c_str(), 0600) == 0);
  CHECK(refused(folder.path()).message == "is a FIFO, expected a regular file");
  CHECK(refused(folder / "config.json").message == "is neither a regular file nor a directory");
  const Temporary other;
  std::filesystem::create_directory(other / "model.safetensors");
  CHECK(refused(other.path()).message == "is a directory, expected a regular file");
}

TEST_CASE("open: odd arguments are refused") {
  CHECK(refused("").status == VRAMAUTO_E_ARGUMENT);
  CHECK(refused(std::string_view("a\0b", 3)).status == VRAMAUTO_E_ARGUMENT);
  for (const auto* id : {"a b", "a/b/c", "-a", "a/..", "a--b/\xff", "a@", "a@../../x"}) {
    CAPTURE(id);
    CHECK(refused(id).status == VRAMAUTO_E_ARGUMENT);
  }
}

TEST_CASE("open: a well-known id needs no file") {
  const auto model = opened("Qwen/Qwen3-8B");
  CHECK(model.source == model::Source::catalogue);
  CHECK(model.id == "Qwen/Qwen3-8B");
  CHECK(model.has_config);
  CHECK(model.architecture == "Qwen3ForCausalLM");
}

TEST_CASE("open: an unknown id with a size in its name is known by name only") {
  const auto model = opened("nobody/Unheard-7B");
  CHECK(model.source == model::Source::name);
  CHECK_FALSE(model.has_config);
  REQUIRE(model.warnings.size() == 1);
  CHECK(model.warnings[0].code == "name_only");
}

TEST_CASE("open: an id that says nothing is an error that offers the rule of thumb") {
  const auto error = refused("nobody/unheard");
  CHECK(error.status == VRAMAUTO_E_NOT_FOUND);
  CHECK(error.message.find("--method rule") != std::string::npos);
}

TEST_CASE("open: an id that is a directory is that directory") {
  const Temporary folder;
  folder.write("Qwen/Qwen3-8B/config.json", kConfig);
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  const auto model = model::open("Qwen/Qwen3-8B", {false});
  std::filesystem::current_path(before);
  REQUIRE(model);
  CHECK(model->source == model::Source::config);
  CHECK(model->architecture == "LlamaForCausalLM");
}

TEST_CASE("open: an id is found in the Hugging Face cache, by branch, commit and through its links") {
  const Temporary cache;
  cache.write("models--org--name/blobs/1", kConfig);
  cache.write("models--org--name/refs/main", "abc\n");
  cache.write("models--org--name/snapshots/def/config.json", R"({"model_type": "other"})");
  std::filesystem::create_directories(cache / "models--org--name/snapshots/abc");
  std::filesystem::create_symlink("../../blobs/1", cache / "models--org--name/snapshots/abc/config.json");
  const Variable variable("HF_HUB_CACHE", cache.path());
  const auto model = opened("org/name", true);
  CHECK(model.source == model::Source::cache);
  CHECK(model.id == "org/name");
  CHECK(model.path == cache / "models--org--name/snapshots/abc");
  CHECK(model.architecture == "LlamaForCausalLM");
  CHECK(opened("org/name@def", true).model_type == "other");
  CHECK(model::open("org/name@none", {true}).error().status == VRAMAUTO_E_NOT_FOUND);
}

TEST_CASE("open: HF_HOME and XDG_CACHE_HOME lead to the cache") {
  const Temporary home;
  home.write("hub/models--org--name/refs/main", "abc");
  home.write("hub/models--org--name/snapshots/abc/config.json", kConfig);
  home.write("huggingface/hub/models--org--xdg/refs/main", "abc");
  home.write("huggingface/hub/models--org--xdg/snapshots/abc/config.json", kConfig);
  {
    const Variable variable("HF_HOME", home.path());
    CHECK(opened("org/name", true).source == model::Source::cache);
  }
  const Variable variable("XDG_CACHE_HOME", home.path());
  CHECK(opened("org/xdg", true).source == model::Source::cache);
  CHECK(model::open("org/xdg", {false}).error().status == VRAMAUTO_E_NOT_FOUND);
}

TEST_CASE("open: a cached snapshot without configuration leaves the answer to the catalogue") {
  const Temporary cache;
  cache.write("models--Qwen--Qwen3-8B/refs/main", "abc");
  cache.write("models--Qwen--Qwen3-8B/snapshots/abc/tokenizer.json", "{}");
  const Variable variable("HF_HUB_CACHE", cache.path());
  CHECK(opened("Qwen/Qwen3-8B", true).source == model::Source::catalogue);
}
