#include "client/option_table.hpp"

#include <algorithm>

namespace client {
namespace {

template <class Test>
NamedOption find(Test&& test) {
  vramauto_option_info info;
  VRAMAUTO_INIT(info);
  for (std::size_t i = 0; i < vramauto_option_count(); ++i)
    if (vramauto_option_get(i, &info) == VRAMAUTO_OK && test(info)) return {info.name, info.type};
  return {};
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
