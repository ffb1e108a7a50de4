// What the service answers: each route's answer, from the library.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "serve/http_server.hpp"
#include "serve/library.hpp"

namespace serve {

class Service {
 public:
  explicit Service(Library& library) : library_(library) {}

  std::vector<Route> routes();  // they refer to this object
  std::function<void(bool fits)> on_plan;

 private:
  Answer plan(const std::string& body);
  Answer devices();
  Answer models() const;

  Library& library_;
};

}  // namespace serve
