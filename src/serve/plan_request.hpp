// A request for a plan: what was asked, in the library's terms.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/format.hpp"
#include "serve/fields.hpp"
#include "serve/library.hpp"

namespace serve {

struct PlanRequest {
  SharedModel model;
  std::string model_field = "model";  // of the request
  SharedDevices devices;              // nullptr: this machine has none
  client::Workload workload;
  std::optional<client::Format> format;
};

// Throws Refusal.
PlanRequest read_plan_request(Library& library, const std::string& body);

// Options by name, as JSON has them: text, as the command line takes them.
using OptionTexts = std::vector<std::pair<std::string, std::string>>;
OptionTexts read_options(Fields& fields, const char* name);

void set_option(vramauto_workload* workload, const std::string& name, const std::string& value, const std::string& where);

client::Plan calculate(Library& library, const PlanRequest& request);
std::string json_of(const client::Plan& plan);
bool fits(const client::Plan& plan);  // what is not known counts as fitting

}  // namespace serve
