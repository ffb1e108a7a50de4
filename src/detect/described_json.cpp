// GPUs as JSON, in and out. Unknown members are ignored, so that older readers take what newer writers add.
#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "detect/cards.hpp"
#include "detect/described.hpp"
#include "detect/words.hpp"
#include "support/json.hpp"
#include "support/text.hpp"

namespace vramauto::detect {
namespace {

using json::Type;
using json::Value;

constexpr std::size_t kLongestText = 256;

// One object of the list, and where it stands for messages.
class Reader {
 public:
  Reader(const Value& object, std::size_t at) : object_(object), at_(at) {}

  // null and absent are the same: not known.
  const Value* find(std::string_view key) const {
    const Value* value = object_.find(key);
    return value == nullptr || value->is(Type::null) ? nullptr : value;
  }

  template <class... Args>
  Unexpected wrong(std::string_view key, fmt::format_string<Args...> text, Args&&... args) const {
    return fail(VRAMAUTO_E_FORMAT, kWhere, "/devices/{}/{} {}", at_, key, fmt::format(text, std::forward<Args>(args)...));
  }

  Result<void> text(std::string_view key, std::string& out) const {
    const Value* value = find(key);
    if (value == nullptr) return {};
    if (!value->is(Type::string)) return wrong(key, "is {}, expected a string", json::type_name(value->type));
    if (value->text.size() > kLongestText) return wrong(key, "has {} bytes, expected at most {}", value->text.size(), kLongestText);
    out = value->text;
    return {};
  }

  template <class Number>
  Result<void> number(std::string_view key, std::int64_t least, std::int64_t most, Number& out) const {
    const Value* value = find(key);
    if (value == nullptr) return {};
    if (!value->is(Type::integer)) return wrong(key, "is {}, expected an integer", json::type_name(value->type));
    if (value->integer < least || value->integer > most) return wrong(key, "is {}, expected {} to {}", value->integer, least, most);
    out = static_cast<Number>(value->integer);
    return {};
  }

  Result<void> flag(std::string_view key, bool& out) const {
    const Value* value = find(key);
    if (value == nullptr) return {};
    if (!value->is(Type::boolean)) return wrong(key, "is {}, expected true or false", json::type_name(value->type));
    out = value->integer != 0;
    return {};
  }

  // What CUDA and the engine are told: it stands in lists, in an environment and on terminals.
  Result<void> uuid(std::string& out) const {
    TRY(text("uuid", out));
    const bool plain = std::all_of(out.begin(), out.end(), [](char c) { return c > ' ' && c < 0x7f && c != ','; });
    if (!plain) return wrong("uuid", "is {}, expected such as GPU-5f1e0c1a or MIG-5f1e0c1a", text::shown(out));
    return {};
  }

  // "9.0"; a number is taken as well.
  Result<void> capability(Device& device) const {
    constexpr std::string_view kKey = "compute_capability";
    const Value* value = find(kKey);
    if (value == nullptr) return {};
    std::optional<double> version;
    if (value->is(Type::string)) version = decimal(value->text);
    if (value->is(Type::integer) || value->is(Type::real)) version = value->real;
    if (!version || !(*version >= 1 && *version < 100)) return wrong(kKey, "is no version such as \"9.0\"");
    const long tenths = std::lround(*version * 10);
    device.compute_major = static_cast<std::uint32_t>(tenths / 10);
    device.compute_minor = static_cast<std::uint32_t>(tenths % 10);
    return {};
  }

 private:
  const Value& object_;
  std::size_t at_;
};

Result<void> read_sizes(const Reader& from, Device& device) {
  constexpr auto kMost = static_cast<std::int64_t>(kMostMemory);
  TRY(from.number("total_bytes", 1, kMost, device.total_bytes));
  TRY(from.number("free_bytes", 0, kMost, device.free_bytes));
  TRY(from.number("driver_total_bytes", 1, kMost, device.driver_total_bytes));
  return {};
}

Result<void> read_link(const Reader& from, Device& device) {
  if (!from.find("nvlink")) return {};
  bool linked = false;
  TRY(from.flag("nvlink", linked));
  device.nvlink = linked ? Link::nvlink : Link::none;
  return {};
}

Result<Device> read_device(const Value& value, std::size_t at) {
  if (!value.is(Type::object))
    return fail(VRAMAUTO_E_FORMAT, kWhere, "/devices/{} is {}, expected an object", at, json::type_name(value.type));
  const Reader from(value, at);
  Device device;
  device.index = static_cast<std::uint32_t>(at);
  TRY(from.number("index", 0, UINT32_MAX, device.index));
  TRY(from.number("node", 0, static_cast<std::int64_t>(kMostDevices) - 1, device.node));
  TRY(from.text("name", device.name));
  TRY(from.uuid(device.uuid));
  TRY(from.text("pci_bus_id", device.pci_bus_id));
  TRY(from.text("source", device.source));
  TRY(read_sizes(from, device));
  TRY(from.capability(device));
  TRY(from.number("multiprocessors", 0, 65535, device.multiprocessors));
  TRY(from.flag("unified_memory", device.unified_memory));
  TRY(from.flag("mig", device.mig));
  TRY(from.flag("total_from_catalogue", device.total_from_catalogue));
  TRY(from.flag("total_estimated", device.total_estimated));
  TRY(from.flag("order_uncertain", device.order_uncertain));
  TRY(read_link(from, device));
  const bool sized = device.total_bytes != VRAMAUTO_UNKNOWN;
  if (!sized && device.name.empty())
    return fail(VRAMAUTO_E_FORMAT, kWhere, "/devices/{} has neither name nor total_bytes, expected one of them", at);
  complete(device);
  if (device.source.empty()) device.source = !sized && device.total_from_catalogue ? "catalogue" : "given";
  if (device.total_bytes != VRAMAUTO_UNKNOWN && device.free_bytes != VRAMAUTO_UNKNOWN && device.free_bytes > device.total_bytes) {
    if (sized) return from.wrong("free_bytes", "is {}, expected at most total_bytes, {}", device.free_bytes, device.total_bytes);
    device.free_bytes = device.total_bytes;  // the catalogue's total is the lowest seen
  }
  return device;
}

void append_text(std::string& out, std::string_view key, std::string_view text) {
  out += fmt::format("\"{}\": {}, ", key, json::quoted(text));
}

void append_bytes(std::string& out, std::string_view key, Bytes bytes) {
  out += bytes == VRAMAUTO_UNKNOWN ? fmt::format("\"{}\": null, ", key) : fmt::format("\"{}\": {}, ", key, bytes);
}

std::string line_of(const Device& device) {
  std::string out = fmt::format("{{\"index\": {}, ", device.index);
  if (device.node) out += fmt::format("\"node\": {}, ", device.node);
  append_text(out, "name", device.name);
  append_text(out, "uuid", device.uuid);
  append_text(out, "pci_bus_id", device.pci_bus_id);
  append_text(out, "source", device.source);
  append_bytes(out, "total_bytes", device.total_bytes);
  append_bytes(out, "free_bytes", device.free_bytes);
  append_bytes(out, "driver_total_bytes", device.driver_total_bytes);
  if (device.compute_major == 0)
    out += "\"compute_capability\": null, ";
  else
    out += fmt::format("\"compute_capability\": \"{}.{}\", ", device.compute_major, device.compute_minor);
  append_bytes(out, "multiprocessors", device.multiprocessors == 0 ? VRAMAUTO_UNKNOWN : device.multiprocessors);
  const std::array<std::pair<std::string_view, bool>, 5> flags = {{{"unified_memory", device.unified_memory},
                                                                   {"mig", device.mig},
                                                                   {"total_from_catalogue", device.total_from_catalogue},
                                                                   {"total_estimated", device.total_estimated},
                                                                   {"order_uncertain", device.order_uncertain}}};
  if (device.nvlink != Link::unknown) out += fmt::format("\"nvlink\": {}, ", device.nvlink == Link::nvlink);
  for (const auto& [key, value] : flags) out += fmt::format("\"{}\": {}, ", key, value);
  out.replace(out.size() - 2, 2, "}");
  return out;
}

}  // namespace

Result<std::vector<Device>> parse_json(std::string_view text) {
  const json::Document document = TRY(json::parse(kWhere, text));
  const Value* list = document.root().is(Type::object) ? document.root().find("devices") : nullptr;
  if (list == nullptr) return fail(VRAMAUTO_E_FORMAT, kWhere, "no \"devices\", expected {{\"devices\": [...]}}");
  if (!list->is(Type::array))
    return fail(VRAMAUTO_E_FORMAT, kWhere, "/devices is {}, expected an array", json::type_name(list->type));
  if (list->items.empty()) return fail(VRAMAUTO_E_FORMAT, kWhere, "/devices is empty, expected at least one device");
  if (list->items.size() > kMostDevices)
    return fail(VRAMAUTO_E_LIMIT, kWhere, "/devices has {} entries, expected at most {}", list->items.size(), kMostDevices);
  std::vector<Device> devices;
  std::set<std::pair<std::uint32_t, std::uint32_t>> seen;
  for (const Value& item : list->items) {
    devices.push_back(TRY(read_device(item, devices.size())));
    if (!seen.insert({devices.back().node, devices.back().index}).second)
      return fail(VRAMAUTO_E_FORMAT, kWhere, "/devices/{}/index is {}, which another device has", devices.size() - 1,
                  devices.back().index);
  }
  return devices;
}

std::string to_json(const std::vector<Device>& devices) {
  std::string out = "{\"devices\": [\n";
  for (std::size_t i = 0; i < devices.size(); ++i) out += line_of(devices[i]) + (i + 1 < devices.size() ? ",\n" : "\n");
  return out + "]}\n";
}

}  // namespace vramauto::detect
