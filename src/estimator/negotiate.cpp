#include "estimator/negotiate.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "estimator/call.hpp"
#include "support/text.hpp"

namespace vramauto::estimator {
namespace {

// The sizes of the first release: a plugin built for a later one is longer, and what it adds is not read.
constexpr std::uint32_t kPluginSize = 40, kEstimatorSize = 32, kLongestStruct = 4096;
static_assert(sizeof(vramauto_plugin) == kPluginSize && sizeof(vramauto_estimator) == kEstimatorSize);
constexpr std::uint32_t kMostEstimators = 64;
constexpr std::size_t kLongestPluginId = 63, kLongestId = 31, kLongestWord = 63;

bool is_id(const char* text, std::size_t longest, std::string_view others) {
  if (!text) return false;
  const auto length = strnlen(text, longest + 1);
  return length > 0 && length <= longest && std::all_of(text, text + length, [&](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || others.find(c) != std::string_view::npos;
         });
}

bool is_word(const char* text) {
  if (!text) return false;
  const auto length = strnlen(text, kLongestWord + 1);
  return length > 0 && length <= kLongestWord && text::is_utf8({text, length});
}

std::string shown(const char* text) {
  return text ? fmt::format("\"{}\"", text::shown(std::string_view(text, strnlen(text, 80)))) : "NULL";
}

template <class Struct>
bool is_aligned(const Struct* at) {
  return reinterpret_cast<std::uintptr_t>(at) % alignof(Struct) == 0;
}

Result<void> check_size(std::string_view where, std::string_view what, std::uint32_t size, std::uint32_t least) {
  if (size < least || size > kLongestStruct)
    return fail(VRAMAUTO_E_PLUGIN, where, "{}: struct_size is {}, expected {} to {}", what, size, least, kLongestStruct);
  return {};
}

Result<void> check_estimator(const vramauto_estimator* estimator, std::string_view where, std::uint32_t number) {
  const auto what = fmt::format("estimator {}", number);
  if (!estimator || !is_aligned(estimator)) return fail(VRAMAUTO_E_PLUGIN, where, "{} is NULL or not aligned", what);
  TRY(check_size(where, what, estimator->struct_size, kEstimatorSize));
  if (estimator->flags) return fail(VRAMAUTO_E_PLUGIN, where, "{}: flags are {:#x}, expected 0", what, estimator->flags);
  if (!is_id(estimator->id, kLongestId, "_-"))
    return fail(VRAMAUTO_E_PLUGIN, where, "{}: id is {}, expected [a-z0-9_-]{{1,{}}}", what, shown(estimator->id), kLongestId);
  if (!estimator->match || !estimator->describe) return fail(VRAMAUTO_E_PLUGIN, where, "{}: match or describe is NULL", what);
  return {};
}

Result<void> check_plugin(const vramauto_plugin* plugin, std::string_view where) {
  if (!is_aligned(plugin)) return fail(VRAMAUTO_E_PLUGIN, where, "the descriptor is not aligned");
  TRY(check_size(where, "the descriptor", plugin->struct_size, kPluginSize));
  if (!is_id(plugin->id, kLongestPluginId, "._-"))
    return fail(VRAMAUTO_E_PLUGIN, where, "id is {}, expected [a-z0-9._-]{{1,{}}}", shown(plugin->id), kLongestPluginId);
  if (!is_word(plugin->version) || !is_word(plugin->license))
    return fail(VRAMAUTO_E_PLUGIN, where, "version is {} and license {}, expected UTF-8 text of 1 to {} bytes",
                shown(plugin->version), shown(plugin->license), kLongestWord);
  if (plugin->estimator_count == 0 || plugin->estimator_count > kMostEstimators)
    return fail(VRAMAUTO_E_PLUGIN, where, "estimator_count is {}, expected 1 to {}", plugin->estimator_count, kMostEstimators);
  if (!plugin->estimators) return fail(VRAMAUTO_E_PLUGIN, where, "estimators is NULL");
  for (std::uint32_t i = 0; i < plugin->estimator_count; ++i) {
    TRY(check_estimator(plugin->estimators[i], where, i));
    for (std::uint32_t j = 0; j < i; ++j)
      if (std::strcmp(plugin->estimators[i]->id, plugin->estimators[j]->id) == 0)
        return fail(VRAMAUTO_E_PLUGIN, where, "two estimators have the id {}", shown(plugin->estimators[i]->id));
  }
  return {};
}

}  // namespace

Result<const vramauto_plugin*> enter(vramauto_plugin_entry entry, std::string_view where) {
  if (!entry) return fail(VRAMAUTO_E_PLUGIN, where, "the entry is NULL");
  const vramauto_plugin* plugin = nullptr;
  try {
    plugin = entry(&host());
  } catch (...) {
    return fail(VRAMAUTO_E_PLUGIN, where, "the entry threw an exception");
  }
  if (!plugin)
    return fail(VRAMAUTO_E_PLUGIN, where, "the plugin says that this library is too old for it (version number {})",
                VRAMAUTO_VERSION_NUMBER);
  TRY(check_plugin(plugin, where));
  return plugin;
}

std::string estimator_names(const vramauto_plugin& plugin) {
  std::string out;
  for (std::uint32_t i = 0; i < plugin.estimator_count; ++i) out.append(i ? ", " : "").append(plugin.estimators[i]->id);
  return out;
}

}  // namespace vramauto::estimator
