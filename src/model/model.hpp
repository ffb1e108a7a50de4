// A model as its files describe it: configuration and tensor headers. Immutable; weights are never read.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "support/checked.hpp"
#include "support/json.hpp"
#include "support/result.hpp"

namespace vramauto::model {

struct Tensor {
  std::string_view name;
  vramauto_dtype dtype = 0;
  std::uint32_t rank = 0;
  std::array<std::uint64_t, VRAMAUTO_MAX_RANK> shape{};  // outermost first
  Bytes bytes = 0;
};

// Tensors of all shards, in file order (shards by name). A copy shares them.
class Inventory {
 public:
  bool known() const { return !tensors_.empty(); }
  std::span<const Tensor> tensors() const { return tensors_; }
  const Tensor* find(std::string_view name) const;  // built on first use, thread-safe
  std::uint64_t elements() const { return elements_; }
  Bytes bytes() const { return bytes_; }

 private:
  struct Storage;
  std::shared_ptr<Storage> storage_;  // tensors, their names, and the table for find
  std::span<const Tensor> tensors_;
  std::uint64_t elements_ = 0;
  Bytes bytes_ = 0;
  friend struct InventoryBuilder;
};

enum class Source { files = 1, config = 2, catalogue = 3, name = 4, cache = 5, hub = 6 };
std::string_view source_name(Source source);  // "files", "config", "cache", "hub", "catalogue", "name"

struct NamedDocument {
  std::string name;
  json::Document document;
};
struct Warning {
  std::string code, message;
};

struct Model {
  std::string id;                        // "" unless opened by id
  std::string revision;                  // of the hub, where one was asked for: "id@revision"
  std::string path;                      // "" for catalogue and name
  std::string architecture, model_type;  // "" when not known
  Source source = Source::name;
  bool has_config = false;                // false: only a name or bare weights
  json::Document config;                  // keys left to the class filled in with the model_type's defaults
  std::vector<NamedDocument> documents;   // "hf_quant_config.json", "preprocessor_config.json", … where present
  Inventory tensors;                      // empty without tensor headers
  std::vector<std::string> index_names;   // tensor names of an index whose shards are not here (sorted)
  Bytes stored_bytes = VRAMAUTO_UNKNOWN;  // headers, else the index's total_size
  Bytes weight_file_bytes = 0;            // *.safetensors and *.bin directly in the directory
  std::string adapter_path;               // of a LoRA adapter, where the model is the base of one; "" of others
  bool mistral_format = false;            // params.json with consolidated*.safetensors
  std::vector<Warning> warnings;

  const json::Document* document(std::string_view name) const;
};

// Code of the warning of a model whose name says nothing; its message says where it was looked for.
inline constexpr std::string_view kNameSaysNothing = "name_says_nothing";

struct OpenOptions {
  bool use_environment = true;  // HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME, HOME
  std::uint32_t adapters = 0;   // opened on the way to this base model
  bool any_name = false;        // a name of which nothing is known opens too, with the warning kNameSaysNothing
  bool network = false;         // what is not here is asked for on the hub, unless HF_HUB_OFFLINE says no
  bool refresh = false;         // the hub is asked first
  vramauto_progress_fn progress = nullptr;
  void* user = nullptr;
};

// A directory, config.json, *.safetensors, *.safetensors.index.json, *.gguf, or a Hugging Face id (caches, then catalogue, then the
// hub, then the size in its name; the hub first with `refresh`, no catalogue with "@revision"). What looks like a path must exist.
Result<Model> open(std::string_view path_or_id, const OpenOptions& options = {});

}  // namespace vramauto::model
