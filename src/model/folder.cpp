#include "model/folder.hpp"

#include <algorithm>
#include <array>

#include "model/class_defaults.hpp"
#include "model/gguf_model.hpp"
#include "model/index.hpp"
#include "model/inventory.hpp"
#include "model/shard_names.hpp"
#include "support/file.hpp"

namespace vramauto::model {

namespace {

constexpr std::uint64_t kMaxConfig = std::uint64_t{64} << 20;
constexpr std::string_view kConfig = "config.json", kParams = "params.json", kSafetensors = ".safetensors", kBin = ".bin",
                           kIndex = ".safetensors.index.json", kGguf = ".gguf";
// Read where they are there; what is in them is for estimators to know.
constexpr std::array<std::string_view, 7> kDocuments = {"adapter_config.json",      "hf_quant_config.json",  kParams,
                                                        "preprocessor_config.json", "processor_config.json", "modules.json",
                                                        "sentence_bert_config.json"};

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

std::string_view string_at(const json::Document& document, std::string_view pointer) {
  const auto* value = document.at(pointer);
  return value && value->is(json::Type::string) ? value->text : std::string_view();
}

// What is read as a whole: the texts that describe a model, and the index that will be asked.
std::vector<std::string> texts_of(const Folder& folder, const std::string& index) {
  std::vector<std::string> out;
  if (folder.has(kConfig)) out.emplace_back(kConfig);
  for (const auto name : kDocuments)
    if (folder.has(name)) out.emplace_back(name);
  if (!index.empty()) out.push_back(index);
  return out;
}

Result<void> read_configs(Model& model, const Folder& folder) {
  if (folder.has(kConfig)) {
    const auto file = TRY(folder.open(kConfig));
    const auto text = TRY(file.read_all(kMaxConfig));
    TRY(set_config(model, file.path(), text));
  }
  for (const auto name : kDocuments) {
    if (!folder.has(name)) continue;
    const auto file = TRY(folder.open(name));
    const auto text = TRY(file.read_all(kMaxConfig));
    auto document = TRY(json::parse(file.path(), text));
    model.documents.push_back({std::string(name), std::move(document)});
  }
  return {};
}

// Headers of `files` into the model. Their sizes come with them.
Result<void> read_tensors(Model& model, Folder& folder, const std::vector<std::string>& files) {
  TRY(folder.fetch(files));
  auto shards = TRY(read_shards(folder, files));
  for (const auto& shard : shards) model.weight_file_bytes = saturating_add(model.weight_file_bytes, shard.file_bytes);
  model.tensors = InventoryBuilder::join(std::move(shards));
  model.stored_bytes = model.tensors.bytes();
  model.source = Source::files;
  return {};
}

void warn_incomplete(Model& model, const Folder& folder, std::size_t there, std::size_t expected) {
  model.warnings.push_back({"incomplete_weights", fmt::format("{} has {} of {} weight files; sizes are those of the configuration",
                                                              folder.path(), there, expected)});
}

// What the index says in place of headers that are not all here.
void take_index(Model& model, Index index) {
  model.index_names = std::move(index.names);
  model.stored_bytes = index.total_size;
}

Result<void> read_indexed(Model& model, Folder& folder, std::string_view index_name) {
  const auto file = TRY(folder.open(index_name));
  auto index = TRY(read_index(file));
  const auto there = static_cast<std::size_t>(
      std::count_if(index.files.begin(), index.files.end(), [&](const auto& name) { return folder.has(name); }));
  if (there == index.files.size() && there != 0) return read_tensors(model, folder, index.files);
  if (there != 0) warn_incomplete(model, folder, there, index.files.size());
  take_index(model, std::move(index));
  return {};
}

// The index that an engine would read: the usual one, else the only other one (vLLM 0.33, default_loader.py, _prepare_weights).
// None where the files say themselves that they are all there.
std::string index_of(const Folder& folder, const ShardSet& set) {
  if (set.consistent && (set.expected == 0 || set.expected == set.files.size())) return {};
  if (folder.has("model.safetensors.index.json")) return "model.safetensors.index.json";
  const auto indexes = folder.ending(kIndex);
  return indexes.empty() ? std::string() : indexes.front();
}

Result<void> read_weights(Model& model, Folder& folder, const ShardSet& set, const std::string& index) {
  if (!index.empty()) {
    TRY(read_indexed(model, folder, index));
  } else if (set.expected > set.files.size()) {
    warn_incomplete(model, folder, set.files.size(), set.expected);
  } else if (!set.files.empty()) {
    TRY(read_tensors(model, folder, set.files));
  }
  return {};
}

// Sizes of the weight files whose headers were not read.
void add_other_sizes(Model& model, const Folder& folder) {
  const auto known = model.weight_file_bytes;
  const auto safetensors = folder.ending(kSafetensors);
  const auto all_read =
      known != 0 && choose_shards(safetensors).files.size() == safetensors.size() && model.source == Source::files;
  Bytes total = all_read ? known : 0;
  auto add = [&](const std::vector<std::string>& names) {
    for (const auto& name : names) total = saturating_add(total, folder.size(name));
  };
  if (!all_read) add(safetensors);
  add(folder.ending(kBin));
  model.weight_file_bytes = total;
}

Result<Folder> folder_of(std::string path) {
  auto names = TRY(file::names(path));
  return Folder(std::move(path), std::move(names));
}

// The GGUF model of a directory: the first of several; projectors of images beside it are none.
Result<Model> open_gguf_in(Folder& folder, Model configured) {
  auto files = folder.ending(kGguf);
  std::erase_if(files, [](const auto& name) {
    const auto part = shard_name(name);
    return (part && part->number > 1) || name.find("mmproj") != std::string::npos;
  });
  if (files.empty()) return fail(VRAMAUTO_E_NOT_FOUND, folder.path(), "has no first file of a GGUF model");
  auto model = TRY(open_gguf(folder, files.front()));
  if (files.size() > 1)
    model.warnings.push_back(
        {"several_gguf", fmt::format("{} has {} GGUF models; this is about {}", folder.path(), files.size(), files.front())});
  if (configured.has_config) {  // the original configuration knows more than the metadata
    const auto format = TRY(json::parse(kConfig, R"({"quantization_config": {"quant_method": "gguf"}})"));
    model.config = configured.config.with_defaults("", format);
    model.architecture = std::move(configured.architecture);
    model.model_type = std::move(configured.model_type);
  }
  model.documents = std::move(configured.documents);
  return model;
}

std::pair<std::string, std::string> split(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return {".", path};
  return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1)};
}

bool has_consolidated(const Folder& folder) {
  return std::any_of(folder.names().begin(), folder.names().end(), [](const auto& name) {
    return text::starts_with_ignoring_case(name, "consolidated") && ends_with(name, kSafetensors);
  });
}

}  // namespace

bool Folder::has(std::string_view name) const { return std::binary_search(names_.begin(), names_.end(), name, std::less<>()); }

std::string Folder::file(std::string_view name) const {
  if (path_ == ".") return std::string(name);
  return ends_with(path_, "/") ? path_ + std::string(name) : fmt::format("{}/{}", path_, name);
}

std::vector<std::string> Folder::ending(std::string_view end) const {
  std::vector<std::string> out;
  std::copy_if(names_.begin(), names_.end(), std::back_inserter(out), [&](const auto& name) { return ends_with(name, end); });
  return out;
}

Result<void> set_config(Model& model, std::string_view where, std::string_view text) {
  auto config = TRY(json::parse(where, text));
  if (!config.root().is(json::Type::object))
    return fail_at(VRAMAUTO_E_FORMAT, where, 0, "is {}, expected an object", json::type_name(config.root().type));
  model.config = fill_class_defaults(std::move(config));
  model.has_config = true;
  model.architecture = string_at(model.config, "/architectures/0");
  model.model_type = string_at(model.config, "/model_type");
  if (model.source == Source::name) model.source = Source::config;
  return {};
}

Result<Model> open_folder(const std::string& directory) {
  auto folder = TRY(folder_of(directory));
  if (folder.names().empty())
    return fail(VRAMAUTO_E_NOT_FOUND, directory, "is an empty directory, expected config.json or *.safetensors");
  return open_folder(folder);
}

Result<Model> open_folder(Folder& folder) {
  Model model;
  model.path = folder.path();
  const auto set = choose_shards(folder.ending(kSafetensors));
  const auto index = index_of(folder, set);
  TRY(folder.fetch(texts_of(folder, index)));
  TRY(read_configs(model, folder));
  TRY(read_weights(model, folder, set, index));
  const bool others = !folder.ending(kSafetensors).empty() || !model.index_names.empty() || !folder.ending(kBin).empty();
  if (!others && !folder.ending(kGguf).empty()) return open_gguf_in(folder, std::move(model));
  add_other_sizes(model, folder);
  model.mistral_format = folder.has(kParams) && has_consolidated(folder);
  if (!model.has_config && !model.document(kParams) && !model.document(kDocuments[0]) && !model.tensors.known() &&
      model.index_names.empty())
    return fail(VRAMAUTO_E_NOT_FOUND, folder.path(), "has neither config.json nor *.safetensors");
  if (model.source == Source::name) model.source = Source::config;
  return model;
}

Result<Model> open_file(const std::string& path) {
  const auto [directory, name] = split(path);
  if (ends_with(name, kGguf)) {
    auto folder = TRY(folder_of(directory));
    return open_gguf(folder, name);
  }
  Model model;
  model.path = path;
  if (!ends_with(name, kSafetensors) && !ends_with(name, kIndex)) {
    if (!ends_with(name, ".json"))
      return fail(VRAMAUTO_E_UNSUPPORTED, path, "is a file of unknown kind, expected .json or .safetensors");
    const auto text = TRY(file::read(path, kMaxConfig));
    TRY(set_config(model, path, text));
    return model;
  }
  auto folder = TRY(folder_of(directory));
  TRY(read_configs(model, folder));
  if (ends_with(name, kIndex))
    TRY(read_indexed(model, folder, name));
  else
    TRY(read_tensors(model, folder, {name}));
  if (const auto shard = shard_name(name); shard && shard->of > 1)
    model.warnings.push_back(
        {"one_shard", fmt::format("{} is one of {} weight files; the others are not counted", path, shard->of)});
  if (model.source == Source::name) model.source = Source::config;
  return model;
}

}  // namespace vramauto::model
