#include "estimator/files/groups.hpp"

#include <algorithm>
#include <functional>

namespace vramauto::estimator::files {
namespace {

constexpr std::size_t kMostGroups = 16384, kFirstSlots = 1024;
constexpr std::uint32_t kMostLayer = 8191, kMostDigits = 6;
constexpr std::string_view kWeight = ".weight";

// The number that a word of a name is, or kNone.
std::uint32_t number_in(std::string_view word) {
  if (word.empty() || word.size() > kMostDigits) return Place::kNone;
  std::uint32_t out = 0;
  for (const auto letter : word) {
    if (letter < '0' || letter > '9') return Place::kNone;
    out = out * 10 + static_cast<std::uint32_t>(letter - '0');
  }
  return out;
}

bool same(const Group& group, const Place& place, const vramauto_tensor_info& tensor) {
  return group.dtype == tensor.dtype && group.rank == tensor.rank &&
         std::equal(group.shape.begin(), group.shape.end(), tensor.shape) && group.place.after == place.after &&
         group.place.between == place.between && group.place.before == place.before &&
         group.numbered() == (place.layer != Place::kNone);
}

std::size_t hash_of(const Place& place, const vramauto_tensor_info& tensor) {
  const std::hash<std::string_view> text;
  auto out = text(place.before);
  for (const auto part : {static_cast<std::size_t>(text(place.between)), static_cast<std::size_t>(text(place.after)),
                          static_cast<std::size_t>(tensor.shape[0]), static_cast<std::size_t>(tensor.shape[1])})
    out = (out ^ part) * 0x9E3779B97F4A7C15ull;
  return out ^ out >> 32;
}

// Positions of groups by what their tensors share. Twice as many slots as groups.
class Table {
 public:
  std::uint32_t& slot(std::vector<Group>& groups, const Place& place, const vramauto_tensor_info& tensor) {
    if (groups.size() * 2 >= slots_.size()) grow();
    const auto hash = hash_of(place, tensor);
    auto at = hash & (slots_.size() - 1);
    while (slots_[at].position && (slots_[at].hash != hash || !same(groups[slots_[at].position - 1], place, tensor)))
      at = (at + 1) & (slots_.size() - 1);
    slots_[at].hash = hash;
    return slots_[at].position;  // of the group + 1; 0: a new one
  }

 private:
  struct Slot {
    std::size_t hash = 0;
    std::uint32_t position = 0;
  };
  void grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    for (const auto& one : old) {
      if (!one.position) continue;
      auto at = one.hash & (slots_.size() - 1);
      while (slots_[at].position) at = (at + 1) & (slots_.size() - 1);
      slots_[at] = one;
    }
  }
  std::vector<Slot> slots_{kFirstSlots};
};

// By layer, each once.
void sum_up(std::vector<std::uint64_t>& counts) {
  std::sort(counts.begin(), counts.end());
  std::size_t kept = 0;
  for (std::size_t i = 1; i < counts.size(); ++i) {
    if (counts[i] >> 32 == counts[kept] >> 32)
      counts[kept] += counts[i] & UINT32_MAX;
    else
      counts[++kept] = counts[i];
  }
  if (!counts.empty()) counts.resize(kept + 1);
}

void count_in(Group& group, std::uint32_t layer) {
  const std::uint64_t of_layer = std::uint64_t{layer == Place::kNone ? 0 : layer} << 32;
  if (group.counts.empty() || group.counts.back() >> 32 != of_layer >> 32) group.counts.push_back(of_layer);
  ++group.counts.back();
}

Group group_of(const Place& place, const vramauto_tensor_info& tensor) {
  Group out;
  out.place = place;
  out.dtype = tensor.dtype;
  out.rank = std::min<std::uint32_t>(tensor.rank, VRAMAUTO_MAX_RANK);
  std::copy(std::begin(tensor.shape), std::end(tensor.shape), out.shape.begin());
  out.elements = 1;
  for (std::uint32_t i = 0; i < out.rank; ++i) out.elements *= out.shape[i];  // below 2^64: the file's header was held to that
  return out;
}

}  // namespace

Place place_of(std::string_view name) {
  Place out;
  std::size_t rest = 0;
  for (std::size_t begin = 0; begin < name.size();) {
    const auto end = std::min(name.find('.', begin), name.size());
    const bool digit = name[begin] >= '0' && name[begin] <= '9';
    const auto number = digit ? number_in(name.substr(begin, end - begin)) : Place::kNone;
    if (number != Place::kNone && out.layer == Place::kNone && number <= kMostLayer) {
      out.before = name.substr(0, begin);
      out.layer = number;
      rest = end;
    } else if (number != Place::kNone && out.layer != Place::kNone) {
      out.between = name.substr(rest, begin - rest);
      out.copy = number;
      rest = end;
      break;
    }
    begin = end + 1;
  }
  out.after = name.substr(rest);
  return out;
}

std::uint64_t Group::tensors() const {
  std::uint64_t sum = 0;
  for (const auto count : counts) sum += count & UINT32_MAX;
  return sum;
}

std::string Group::pattern() const {
  std::string out(place.before);
  if (numbered()) out.append("*").append(place.between);
  if (place.copy != Place::kNone) out.append("*");
  out.append(place.after);
  if (out.size() > kWeight.size() && out.ends_with(kWeight)) out.resize(out.size() - kWeight.size());
  return out;
}

// The text between the two numbers is followed in the tensor's own name by the second and what comes after.
std::string_view Group::name() const {
  if (place.copy == Place::kNone) return place.after;
  const auto* begin = place.between.data();
  return {begin, static_cast<std::size_t>(place.after.data() + place.after.size() - begin)};
}

bool Group::named(std::string_view words) const {
  for (const auto text = name(); !words.empty();) {
    const auto end = std::min(words.find('|'), words.size());
    if (text.find(words.substr(0, end)) != std::string_view::npos) return true;
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return false;
}

vramauto_status read_groups(const Description& model, std::vector<Group>& out) {
  Table table;
  vramauto_tensor_info tensor{};
  tensor.struct_size = sizeof tensor;
  for (std::uint64_t i = 0;; ++i) {
    const auto status = model.host()->tensor(model.call(), i, &tensor);
    if (status == VRAMAUTO_E_NOT_FOUND) break;
    if (status != VRAMAUTO_OK) return status;
    if (tensor.bytes == 0) continue;
    const auto place = place_of({tensor.name, tensor.name_len});
    auto& position = table.slot(out, place, tensor);
    if (!position) {
      if (out.size() == kMostGroups)
        return model.fail(VRAMAUTO_E_LIMIT, "more than 16384 tensors that differ in more than the number of their layer");
      out.push_back(group_of(place, tensor));
      position = static_cast<std::uint32_t>(out.size());
    }
    count_in(out[position - 1], place.layer);
  }
  for (auto& group : out) sum_up(group.counts);
  return VRAMAUTO_OK;
}

}  // namespace vramauto::estimator::files
