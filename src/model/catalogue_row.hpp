// One row of the embedded catalogue.
#pragma once

#include <string_view>

namespace vramauto::model::detail {

struct CatalogueRow {
  std::string_view ids;     // Hugging Face ids of one geometry, separated by blanks
  std::string_view config;  // JSON
};

}  // namespace vramauto::model::detail
