#include "estimator/cross_check.hpp"

#include <algorithm>
#include <functional>

#include "estimator/files/groups.hpp"
#include "support/text.hpp"

namespace vramauto::estimator {
namespace {

using files::Place;

constexpr std::size_t kMostNamed = 3, kMostUnmatched = 4096;

bool contains_one_of(std::string_view name, std::string_view words) {
  while (!words.empty()) {
    const auto end = std::min(words.find(' '), words.size());
    if (name.find(words.substr(0, end)) != std::string_view::npos) return true;
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return false;
}

std::uint64_t layers_of(const Weights& weights) { return weights.layers.count ? weights.layers.count : 1; }

// Tensors that share a name but for their numbers, on both sides.
struct Entry {
  Place place;
  std::uint64_t described = 0, tensors = 0, stored = 0;  // elements, how many tensors they are, elements
  bool ignored = false;                                  // described, and not expected to be stored or loaded

  std::uint64_t difference() const { return described > stored ? described - stored : stored - described; }
};

// Entries by name: one open table over a list.
class Names {
 public:
  Names() : slots_(1024) {}

  Entry* find(const Place& place, std::string_view after) {
    const auto at = slot(place, after);
    return slots_[at] ? &entries_[slots_[at] - 1] : nullptr;
  }
  // The text that `place` points into must live on.
  Entry& add(const Place& place) {
    const auto at = slot(place, place.after);
    if (!slots_[at]) {
      entries_.push_back({place});
      slots_[at] = static_cast<std::uint32_t>(entries_.size());
      if (entries_.size() * 2 > slots_.size()) grow();
      return entries_.back();
    }
    return entries_[slots_[at] - 1];
  }
  std::vector<Entry>& entries() { return entries_; }

 private:
  static std::size_t hash(const Place& place, std::string_view after) {
    const std::hash<std::string_view> text;
    auto out = text(place.before) * 31 + text(place.between);
    out = out * 31 + text(after);
    return out ^ out >> 29;
  }
  std::size_t slot(const Place& place, std::string_view after) const {
    auto at = hash(place, after) & (slots_.size() - 1);
    for (; slots_[at]; at = (at + 1) & (slots_.size() - 1)) {
      const auto& other = entries_[slots_[at] - 1].place;
      if (other.after == after && other.between == place.between && other.before == place.before) break;
    }
    return at;
  }
  void grow() {
    slots_.assign(slots_.size() * 2, 0);
    for (std::size_t i = 0; i < entries_.size(); ++i)
      slots_[slot(entries_[i].place, entries_[i].place.after)] = static_cast<std::uint32_t>(i + 1);
  }

  std::vector<std::uint32_t> slots_;
  std::vector<Entry> entries_;
};

class Check {
 public:
  Check(const Blueprint& blueprint, const model::Inventory& stored) : blueprint_(blueprint), inventory_(stored) {}

  std::optional<std::string> run() {
    describe();
    for (const auto& tensor : inventory_.tensors()) count(tensor);
    std::uint64_t described = 0, stored = 0;
    for (const auto& entry : names_.entries()) {
      described += entry.described;
      stored += entry.stored;
    }
    const auto apart = described > stored ? described - stored : stored - described;
    if (apart <= std::max(described, stored) / 100 || doubtful_ > stored / 2) return std::nullopt;
    return fmt::format("estimator {} described {} parameters, the files hold {}{}", blueprint_.estimator, text::grouped(described),
                       text::grouped(stored), largest());
  }

 private:
  // Names live in texts_, which must not move: their places point into them.
  void describe() {
    texts_.reserve(blueprint_.weights.size());
    for (const auto& weights : blueprint_.weights) {
      if (weights.flags & VRAMAUTO_NOT_STORED) continue;
      texts_.push_back(weights.pattern);
      std::replace(texts_.back().begin(), texts_.back().end(), '*', '0');
      auto& entry = names_.add(files::place_of(texts_.back()));
      if (weights.flags & (VRAMAUTO_TIED | VRAMAUTO_DRAFT)) {
        entry.ignored = entry.ignored || !entry.described;
        continue;
      }
      const auto each = weights.rows * weights.cols + (weights.flags & VRAMAUTO_BIAS ? weights.rows : 0);
      entry.ignored = false;
      entry.described += each * weights.copies * layers_of(weights);
      entry.tensors = std::max(entry.tensors, weights.copies * layers_of(weights));
      if (weights.layers.first >= 0) stack_ = entry.place.before;
    }
  }

  void count(const model::Tensor& tensor) {
    const auto place = files::place_of(tensor.name);
    // What stays of the name without its last words: "up_proj" of "up_proj.weight.absmax".
    auto after = place.after;
    Entry* entry = names_.find(place, after);
    for (int words = 0; !entry && words < 2 && !after.empty(); ++words) {
      const auto dot = after.rfind('.');
      after = after.substr(0, dot == std::string_view::npos ? 0 : dot);
      entry = names_.find(place, after);
    }
    const auto elements = elements_of(tensor);
    const bool drafted = place.layer != Place::kNone && place.layer >= blueprint_.traits.layers && place.before == stack_;
    if (drafted || (entry && entry->ignored)) return;
    if (!entry) return unmatched(tensor, place, elements);
    const auto rest = place.after.substr(after.size());
    if (rest == ".bias" || (!is_packed(tensor.dtype) && (rest.empty() || rest == ".weight"))) {
      entry->stored += elements;
    } else if (rest.empty() || rest == ".weight" || rest == ".qweight" || rest == ".weight_packed") {
      entry->stored += entry->tensors ? entry->described / entry->tensors : 0;
    }
  }

  // Of a name that was not described: scales and tables are no parameters, words of packed weights hold several.
  void unmatched(const model::Tensor& tensor, const Place& place, std::uint64_t elements) {
    if (contains_one_of(tensor.name,
                        "inv_freq rope_freqs masked_bias position_ids scale qzeros zero_point g_idx absmax quant_ mtp.") ||
        tensor.name.ends_with(".attn.bias") || names_.entries().size() >= kMostUnmatched)
      return;
    const std::uint64_t each = tensor.dtype == VRAMAUTO_I32 ? 8 : tensor.dtype == VRAMAUTO_U8 ? 2 : 1;
    elements = elements > UINT64_MAX / 16 ? elements : elements * each;
    if (is_packed(tensor.dtype)) doubtful_ += elements;
    names_.add(place).stored += elements;
  }

  static bool is_packed(vramauto_dtype dtype) { return dtype == VRAMAUTO_I32 || dtype == VRAMAUTO_U8 || dtype == VRAMAUTO_I8; }

  static std::uint64_t elements_of(const model::Tensor& tensor) {
    std::uint64_t out = 1;
    for (std::uint32_t i = 0; i < tensor.rank; ++i) out *= tensor.shape[i];  // below 2^64: the header was held to that
    return out;
  }

  static std::string pattern(const Place& place) {
    return fmt::format("{}{}{}{}{}", place.before, place.layer == Place::kNone ? "" : "*", place.between,
                       place.copy == Place::kNone ? "" : "*", place.after);
  }

  std::string largest() {
    auto& entries = names_.entries();
    const auto named = std::min(entries.size(), kMostNamed);
    std::partial_sort(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(named), entries.end(),
                      [](const Entry& a, const Entry& b) { return a.difference() > b.difference(); });
    std::string out;
    for (std::size_t i = 0; i < named && entries[i].difference(); ++i)
      out += fmt::format("{} {} ({} described, {} stored)",
                         i ? "," : "; the largest that differ:", text::shown(pattern(entries[i].place)),
                         text::grouped(entries[i].described), text::grouped(entries[i].stored));
    return out;
  }

  const Blueprint& blueprint_;
  const model::Inventory& inventory_;
  std::vector<std::string> texts_;
  std::string_view stack_ = "?";  // what names of tensors in layers begin with
  Names names_;
  std::uint64_t doubtful_ = 0;  // elements that depend on how many a word holds
};

}  // namespace

std::optional<std::string> cross_check(const Blueprint& blueprint, const model::Inventory& stored) {
  if (!stored.known() || blueprint.guess) return std::nullopt;
  return Check(blueprint, stored).run();
}

}  // namespace vramauto::estimator
