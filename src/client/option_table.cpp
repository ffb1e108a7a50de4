#include "client/option_table.hpp"

#include <algorithm>

namespace client {
namespace {

template <class Test>
NamedOption find(Test&& test) {
  const auto known = known_options();
  const auto found = std::find_if(known.begin(), known.end(), test);
  return found == known.end() ? NamedOption() : NamedOption{found->name, found->type};
}

std::string with_dashes(std::string name) {
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

NamedOption switch_named(const std::string& name) {
  auto out = find([&](const vramauto_option_info& info) { return info.type == kSwitch && name == info.name; });
  out.negated = true;
  return out;
}

}  // namespace

std::vector<vramauto_option_info> known_options() {
  std::vector<vramauto_option_info> out(vramauto_option_count());
  for (auto& info : out) {
    VRAMAUTO_INIT(info);
    if (vramauto_option_get(static_cast<std::size_t>(&info - out.data()), &info) != VRAMAUTO_OK) return {};
  }
  return out;
}

NamedOption option_named(std::string name) {
  name = with_dashes(std::move(name));
  if (const auto exact = find([&](const vramauto_option_info& info) { return name == info.name; })) return exact;
  if (name.rfind("no-", 0) == 0) return switch_named(name.substr(3));
  // vLLM 0.33, utils/argparse_utils.py, EnableDisableAction.
  if (name.rfind("disable-", 0) == 0) return switch_named("enable-" + name.substr(8));
  return {};
}

NamedOption option_of_short_name(const std::string& short_name) {
  return find([&](const vramauto_option_info& info) { return !short_name.empty() && short_name == info.short_name; });
}

NamedOption option_abbreviated(std::string name) {
  name = with_dashes(std::move(name));
  return find([&](const vramauto_option_info& info) { return std::string(info.name).rfind(name, 0) == 0; });
}

}  // namespace client
