// GPUs that people write down: "2x RTX 4090, 24GiB".
#include "detect/described.hpp"

#include <charconv>
#include <cmath>

#include "detect/cards.hpp"
#include "detect/catalogue.hpp"
#include "detect/devices.hpp"
#include "detect/words.hpp"
#include "support/text.hpp"

namespace vramauto::detect {
namespace {

constexpr std::size_t kLongestText = 64 * 1024, kLongestName = 256;

Result<Bytes> bytes_of(double size, std::string_view written) {
  if (size < 1) return fail(VRAMAUTO_E_ARGUMENT, kWhere, "{} is no memory, expected a size such as 24GiB", written);
  if (size > static_cast<double>(kMostMemory))
    return fail(VRAMAUTO_E_ARGUMENT, kWhere, "{} is beyond any GPU, expected at most {}", written, text::gib(kMostMemory, 0));
  return static_cast<Bytes>(std::llround(size));
}

// The digits before an x: "2x RTX 4090". Nothing: no count is written.
std::optional<std::string_view> take_count(std::string_view& item) {
  std::size_t digits = 0;
  while (digits < item.size() && item[digits] >= '0' && item[digits] <= '9') ++digits;
  const std::string_view count = item.substr(0, digits);
  std::string_view rest = text::trim(item.substr(digits));
  if (digits == 0 || rest.empty()) return std::nullopt;
  if (rest[0] == 'x' || rest[0] == 'X' || rest[0] == '*') {
    rest.remove_prefix(1);
  } else if (rest.substr(0, 2) == "\u00d7") {  // the multiplication sign
    rest.remove_prefix(2);
  } else {
    return std::nullopt;
  }
  item = text::trim(rest);
  return count;
}

// The digits before the words "nodes of": "2 nodes of 8x H100".
std::optional<std::string_view> take_nodes(std::string_view& item) {
  const auto digits = item.substr(0, item.find_first_not_of("0123456789"));
  const auto rest = text::trim(item.substr(digits.size()));
  for (const std::string_view words : {"nodes of", "node of"}) {
    if (digits.empty() || !rest.starts_with(words) || (rest.size() > words.size() && rest[words.size()] != ' ')) continue;
    item = text::trim(rest.substr(words.size()));
    return digits;
  }
  return std::nullopt;
}

// Several nodes are new ones, each with an order of its own; what names none is on the node of what stands before it.
void add(std::vector<Device>& devices, Device device, std::size_t nodes, std::size_t count) {
  const std::uint32_t first = devices.empty() ? 0 : devices.back().node + (nodes > 1 ? 1 : 0);
  for (std::uint32_t node = first; node < first + nodes; ++node) {
    device.node = node;
    for (std::size_t i = 0; i < count; ++i) {
      device.index = devices.empty() || devices.back().node != node ? 0 : devices.back().index + 1;
      devices.push_back(device);
    }
  }
}

Result<std::size_t> number_of(std::string_view count) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(count.data(), count.data() + count.size(), number);
  if (error == std::errc{} && number == 0) return fail(VRAMAUTO_E_ARGUMENT, kWhere, "0 GPUs, expected at least 1");
  if (error != std::errc{} || number > kMostDevices)
    return fail(VRAMAUTO_E_LIMIT, kWhere, "{} GPUs, expected at most {}", count, kMostDevices);
  return number;
}

// "Some GPU 24GiB": the size at the end of a name that is no card of that size. The name before it goes to `card`.
std::optional<double> size_at_end(std::string_view item, std::string_view& card) {
  std::size_t at = item.find_last_of(' ');
  if (at == std::string_view::npos) return std::nullopt;
  auto size = written_size(item.substr(at + 1));
  if (!size) {  // "24 GiB"
    at = item.find_last_of(' ', at == 0 ? 0 : at - 1);
    if (at == std::string_view::npos) return std::nullopt;
    size = written_size(item.substr(at + 1));
  }
  if (size) card = text::trim(item.substr(0, at));
  return size;
}

Result<Device> named(std::string_view item) {
  Device device;
  device.name = item;
  device.source = "given";
  if (const Gpu* gpu = find_gpu(item)) {
    device.name = gpu->name;
    device.source = "catalogue";
    complete(device);
    return device;
  }
  std::string_view card;
  const auto size = size_at_end(item, card);
  if (size) device.total_bytes = TRY(bytes_of(*size, item));
  if (const Gpu* gpu = size ? find_gpu(card) : nullptr) device.name = gpu->name;
  complete(device);
  return device;
}

// Where the description at the start ends: at a comma that is not part of a remark in parentheses.
std::size_t item_end(std::string_view text) {
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '(') ++depth;
    if (text[i] == ')' && depth > 0) --depth;
    if (text[i] == ',' && depth == 0) return i;
  }
  return std::string_view::npos;
}

Result<Device> one(std::string_view item) {
  if (item.size() > kLongestName)
    return fail(VRAMAUTO_E_LIMIT, kWhere, "a name of {} bytes, expected at most {}", item.size(), kLongestName);
  if (!text::is_utf8(item)) return fail(VRAMAUTO_E_ARGUMENT, kWhere, "a name is not UTF-8");
  if (const auto size = written_size(item)) {
    Device device;
    device.source = "given";
    device.total_bytes = TRY(bytes_of(*size, item));
    return device;
  }
  if (item.front() == '-') return fail(VRAMAUTO_E_ARGUMENT, kWhere, "{} is negative, expected a size such as 24GiB", item);
  if (decimal(item) && find_gpu(item) == nullptr)
    return fail(VRAMAUTO_E_ARGUMENT, kWhere, "{} has no unit, expected a size such as {}GiB or a GPU's name", item, item);
  if (!names_a_card(item))
    return fail(VRAMAUTO_E_ARGUMENT, kWhere, "{} is neither a size nor a GPU's name, expected for instance 24GiB or RTX 4090",
                item);
  return named(item);
}

}  // namespace

Result<std::vector<Device>> parse_text(std::string_view text) {
  if (text.size() > kLongestText)
    return fail(VRAMAUTO_E_LIMIT, kWhere, "{} bytes of text, expected at most {}", text.size(), kLongestText);
  std::vector<Device> devices;
  for (bool more = true; more;) {
    const std::size_t end = item_end(text);
    more = end != std::string_view::npos;
    std::string_view item = text::trim(text.substr(0, end));
    if (more) text.remove_prefix(end + 1);
    std::size_t nodes = 1, count = 1;
    if (const auto written = take_nodes(item)) nodes = TRY(number_of(*written));
    if (const auto written = take_count(item)) count = TRY(number_of(*written));
    if (item.empty())
      return fail(VRAMAUTO_E_ARGUMENT, kWhere, "an empty description, expected a GPU such as \"2x RTX 4090\" or 24GiB");
    const Device device = TRY(one(item));
    if (devices.size() + nodes * count > kMostDevices)
      return fail(VRAMAUTO_E_LIMIT, kWhere, "{} GPUs, expected at most {}", devices.size() + nodes * count, kMostDevices);
    add(devices, device, nodes, count);
  }
  return devices;
}

Result<std::vector<Device>> parse(std::string_view text) {
  const std::string_view trimmed = text::trim(text);
  return !trimmed.empty() && (trimmed[0] == '{' || trimmed[0] == '[') ? parse_json(trimmed) : parse_text(trimmed);
}

}  // namespace vramauto::detect
