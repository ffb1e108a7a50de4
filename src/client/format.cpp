#include "client/format.hpp"

#include <array>

#include "client/format_documents.hpp"
#include "client/shell.hpp"
#include "client/yaml.hpp"

namespace client {
namespace {

struct Writer {
  std::string_view name;
  std::string (*write)(const PlanView&);
};
// In the order of Format.
constexpr std::array kWriters = {Writer{"args", format_args},
                                 Writer{"env", format_env},
                                 Writer{"yaml", format_yaml},
                                 Writer{"docker", format_docker},
                                 Writer{"kubernetes", format_kubernetes},
                                 Writer{"ray", format_ray}};

// POSIX, "Environment Variable Definition": what every shell can set.
bool is_name(std::string_view name) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
  return !name.empty() && (name[0] < '0' || name[0] > '9') && name.find_first_not_of(kLetters) == name.npos;
}

void check(const PlanView& plan) {
  if (plan.fits == 0)
    throw Failure{kDoesNotFit, "",
                  "it does not fit: " + plan.reason + (plan.nearest.empty() ? "" : "; what would: " + plan.nearest)};
  for (const auto& [name, value] : plan.command.environment)
    if (!is_name(name))
      throw Failure{kError, "--env", "found the name \"" + printable(name) + "\", expected letters, digits and _, no digit first"};
}

std::string not_known(const PlanView& plan) { return "whether it fits is not known: " + plan.reason; }

}  // namespace

std::optional<Format> format_named(std::string_view name) {
  for (std::size_t i = 0; i < kWriters.size(); ++i)
    if (kWriters[i].name == name) return static_cast<Format>(i);
  return std::nullopt;
}

std::string formatted(Format format, const PlanView& plan) {
  check(plan);
  const bool has_comments = format != Format::args && format != Format::docker;
  const auto text = kWriters[static_cast<std::size_t>(format)].write(plan);
  return has_comments && plan.fits != 1 ? yaml_comment(not_known(plan)) + text : text;
}

std::vector<std::string> notes(Format format, const PlanView& plan) {
  auto out = plan.warnings;
  if (plan.fits != 1) out.push_back(not_known(plan));
  if (format == Format::args)
    for (const auto& [name, value] : plan.command.environment) out.push_back("its environment needs " + name + "=" + value);
  return out;
}

}  // namespace client
