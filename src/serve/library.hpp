// What every request shares: the library's context, what was opened in it, and which files may be named.
#pragma once

#include "client/library.hpp"
#include "serve/device_cache.hpp"
#include "serve/model_cache.hpp"

namespace serve {

struct Library {
  client::Context context;
  ModelCache models;
  DeviceCache devices;

  Library(client::Context opened, ModelRoots roots, const std::string& gpus)
      : context(std::move(opened)), models(context.get(), std::move(roots)), devices(context, gpus) {}
};

}  // namespace serve
