// The embedded catalogue of well-known models, so that their ids work offline.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace vramauto::model {

struct CatalogueEntry {
  std::string_view id;      // Hugging Face id, "Qwen/Qwen3-8B"; a NUL follows it
  std::string_view config;  // the smallest config.json an estimator needs, once fill_class_defaults has filled it
};

std::span<const CatalogueEntry> catalogue();  // by family

// Ignores case. A name without owner, "qwen3-8b", is found if it belongs to one entry only. nullptr: not in the catalogue.
const CatalogueEntry* find_in_catalogue(std::string_view id);
std::optional<std::string_view> catalogue_config(std::string_view id);

}  // namespace vramauto::model
