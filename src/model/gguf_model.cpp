#include "model/gguf_model.hpp"

#include <algorithm>

#include "model/inventory.hpp"
#include "model/shard_names.hpp"

namespace vramauto::model {

namespace {

constexpr std::uint32_t kMostParts = 10000;

// All files of the set that `name` is one of, the first first.
Result<std::vector<std::string>> parts_of(const Folder& folder, const std::string& name) {
  const auto shard = shard_name(name);
  std::vector<std::string> out{name};
  if (!shard || shard->of < 2) return out;
  out.clear();
  for (std::uint32_t i = 1; i <= std::min(shard->of, kMostParts); ++i) {
    out.push_back(fmt::format("{}-{:05}-of-{:05}.gguf", shard->prefix, i, shard->of));
    if (!folder.has(out.back()))
      return fail(VRAMAUTO_E_NOT_FOUND, folder.file(out.back()), "is missing: the model is split into {} files", shard->of);
  }
  return out;
}

// Under the names of a checkpoint.
void rename(Shard& shard, std::string_view architecture, bool experts) {
  std::vector<std::string> names;
  std::size_t bytes = 0;
  for (const auto& tensor : shard.tensors) bytes += names.emplace_back(tensor_name(tensor.name, architecture, experts)).size();
  auto kept = std::make_unique_for_overwrite<char[]>(bytes);
  auto* to = kept.get();
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::copy(names[i].begin(), names[i].end(), to);
    shard.tensors[i].name = {to, names[i].size()};
    to += names[i].size();
  }
  shard.names = std::move(kept);
}

Result<Gguf> read_part(const Folder& folder, const std::string& name) {
  const auto file = TRY(folder.open(name));
  return read_gguf(file);
}

}  // namespace

Result<Model> open_gguf(Folder& folder, const std::string& name) {
  const auto parts = TRY(parts_of(folder, name));
  TRY(folder.fetch(parts));
  const auto path = folder.file(parts.front());
  auto first = TRY(read_part(folder, parts.front()));
  const std::string architecture(first.text("general.architecture"));
  if (architecture.empty())
    return fail(VRAMAUTO_E_FORMAT, path, "general.architecture is missing, expected the name of an architecture");
  const bool experts = first.number(architecture + ".expert_count") > 0;
  std::vector<Shard> shards;
  shards.push_back(std::move(first.shard));
  for (std::size_t i = 1; i < parts.size(); ++i) {
    auto next = TRY(read_part(folder, parts[i]));
    shards.push_back(std::move(next.shard));
  }
  Model model;
  model.path = path;
  for (auto& shard : shards) {
    rename(shard, architecture, experts);
    model.weight_file_bytes = saturating_add(model.weight_file_bytes, shard.file_bytes);
  }
  model.tensors = InventoryBuilder::join(std::move(shards));
  model.stored_bytes = model.tensors.bytes();
  const auto* embedding = model.tensors.find("model.embed_tokens.weight");
  const auto vocabulary = embedding && embedding->rank == 2 ? embedding->shape[0] : first.number(architecture + ".vocab_size");
  TRY(set_config(model, path, config_of(first, vocabulary, !model.tensors.find("lm_head.weight"))));
  model.source = Source::files;
  return model;
}

}  // namespace vramauto::model
