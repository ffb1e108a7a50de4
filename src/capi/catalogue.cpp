// What is built in. Both tables are made by the compiler, of texts that end with a NUL.
#include "detect/catalogue.hpp"
#include "model/catalogue.hpp"
#include "vramauto/vramauto.h"

using namespace vramauto;

const char* vramauto_catalogue_model(size_t i) {
  const auto models = model::catalogue();
  return i < models.size() ? models[i].id.data() : nullptr;
}

const char* vramauto_catalogue_gpu(size_t i) {
  const auto gpus = detect::gpus();
  return i < gpus.size() ? gpus[i].name.data() : nullptr;
}
