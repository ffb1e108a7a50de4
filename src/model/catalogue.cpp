#include "model/catalogue.hpp"

#include <algorithm>
#include <array>

#include "model/catalogue_llama.hpp"
#include "model/catalogue_mistral_gemma.hpp"
#include "model/catalogue_more.hpp"
#include "model/catalogue_qwen.hpp"

namespace vramauto::model {
namespace {

using Rows = std::span<const detail::CatalogueRow>;

constexpr std::array<Rows, 5> families{detail::llama_family, detail::qwen_family, detail::mistral_family, detail::gemma_family,
                                       detail::other_families};

consteval std::size_t count_ids() {
  std::size_t count = 0;
  for (const auto rows : families)
    for (const auto& row : rows) count += 1 + static_cast<std::size_t>(std::ranges::count(row.ids, ' '));
  return count;
}

consteval std::size_t count_characters() {
  std::size_t count = 0;
  for (const auto rows : families)
    for (const auto& row : rows) count += row.ids.size() + 1;
  return count;
}

// The ids of every row as C strings, one after the other.
consteval auto separate() {
  std::array<char, count_characters()> text{};
  auto next = text.begin();
  for (const auto rows : families)
    for (const auto& row : rows) next = std::ranges::replace_copy(row.ids, next, ' ', '\0').out + 1;
  return text;
}
constexpr auto texts = separate();

// One entry for each id; made by the compiler, so that starting costs nothing.
consteval auto expand() {
  std::array<CatalogueEntry, count_ids()> entries{};
  auto next = entries.begin();
  auto text = texts.begin();
  for (const auto rows : families)
    for (const auto& row : rows)
      for (const auto end = text + static_cast<std::ptrdiff_t>(row.ids.size()) + 1; text != end;) {
        const std::string_view id(&*text);
        *next++ = {id, row.config};
        text += static_cast<std::ptrdiff_t>(id.size()) + 1;
      }
  return entries;
}
constexpr auto entries = expand();

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view bare(std::string_view id) { return id.substr(id.rfind('/') + 1); }  // npos + 1 is 0

}  // namespace

std::span<const CatalogueEntry> catalogue() { return entries; }

const CatalogueEntry* find_in_catalogue(std::string_view id) {
  for (const auto& entry : entries)
    if (same(entry.id, id)) return &entry;
  if (id.find('/') != std::string_view::npos) return nullptr;
  const CatalogueEntry* found = nullptr;
  for (const auto& entry : entries) {
    if (!same(bare(entry.id), id)) continue;
    if (found) return nullptr;
    found = &entry;
  }
  return found;
}

std::optional<std::string_view> catalogue_config(std::string_view id) {
  const auto* entry = find_in_catalogue(id);
  if (!entry) return std::nullopt;
  return entry->config;
}

}  // namespace vramauto::model
