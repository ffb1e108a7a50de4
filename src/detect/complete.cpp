#include <algorithm>

#include "detect/cards.hpp"
#include "detect/catalogue.hpp"

namespace vramauto::detect {
namespace {

bool is_known(Bytes bytes) { return bytes != VRAMAUTO_UNKNOWN; }

// A total that is the card's, not a limit that somebody set or a slice of it.
bool belongs(Bytes total, Bytes driver_total) { return total <= driver_total && total >= driver_total / 100 * 92; }

void fill_total(Device& device, const Gpu* gpu) {
  const Capacity known = gpu != nullptr ? capacity(*gpu) : Capacity{};
  if (known.bytes != 0) {
    device.total_bytes = is_known(device.driver_total_bytes) ? std::min(known.bytes, device.driver_total_bytes) : known.bytes;
    device.total_from_catalogue = true;
    device.total_estimated = known.estimated;
  } else if (is_known(device.driver_total_bytes)) {
    device.total_bytes = device.driver_total_bytes - std::min(device.driver_total_bytes, driver_reserve(device.driver_total_bytes));
    device.total_estimated = true;
  }
}

}  // namespace

void complete(Device& device) {
  const std::size_t slice = device.name.find(" MIG ");  // "NVIDIA H100 80GB HBM3 MIG 1g.10gb"
  const bool whole = slice == std::string::npos && !device.mig;
  const Bytes total = whole && is_known(device.driver_total_bytes) ? device.driver_total_bytes : 0;
  const Gpu* gpu = find_gpu(std::string_view(device.name).substr(0, slice), total);
  if (gpu != nullptr && device.compute_major == 0) {
    device.compute_major = gpu->compute_capability / 10;
    device.compute_minor = gpu->compute_capability % 10;
  }
  if (!whole) {
    if (!is_known(device.total_bytes)) fill_total(device, nullptr);
    return;
  }
  if (gpu != nullptr && gpu->unified) device.unified_memory = true;
  if (gpu != nullptr && device.multiprocessors == 0) device.multiprocessors = gpu->multiprocessors;
  if (!is_known(device.total_bytes)) fill_total(device, gpu);
  if (gpu == nullptr || gpu->driver_total_mib == 0 || is_known(device.driver_total_bytes)) return;
  const Bytes driver = gpu->driver_total_mib * kMiB;
  if (is_known(device.total_bytes) && belongs(device.total_bytes, driver)) device.driver_total_bytes = driver;
}

}  // namespace vramauto::detect
