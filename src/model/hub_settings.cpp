#include "model/hub_settings.hpp"

#include <algorithm>
#include <charconv>

#include "model/hub_cache.hpp"
#include "support/file.hpp"

namespace vramauto::model {

namespace {

constexpr std::string_view kHub = "https://huggingface.co";
constexpr std::uint64_t kLongestToken = 4096;
constexpr long kMostPatience = 600;

bool is_true(const char* name) {
  const auto value = text::lower(environment(name));
  return value == "1" || value == "on" || value == "yes" || value == "true";
}

std::string first_of(std::initializer_list<const char*> names) {
  for (const auto* name : names)
    if (auto value = environment(name); !value.empty()) return value;
  return {};
}

Result<std::string> token() {
  if (is_true("HF_HUB_DISABLE_IMPLICIT_TOKEN")) return std::string();
  auto where = std::string("HF_TOKEN");
  auto out = first_of({"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"});
  if (out.empty()) {
    where = environment("HF_TOKEN_PATH");
    if (const auto home = huggingface_home(); where.empty() && !home.empty()) where = home + "/token";
    auto read = where.empty() ? Result<std::string>() : file::read(where, kLongestToken);
    if (!read && read.error().status != VRAMAUTO_E_NOT_FOUND) return read;
    if (read) out = text::trim(*read);
  }
  if (!std::all_of(out.begin(), out.end(), [](char c) { return c > ' ' && c < 0x7F; }))
    return fail(VRAMAUTO_E_ARGUMENT, where, "has characters that no token has");
  return out;
}

Result<long> patience() {
  const auto text = environment("HF_HUB_DOWNLOAD_TIMEOUT");
  if (text.empty()) return Access().patience_s;
  long seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || end != text.data() + text.size() || seconds < 1)
    return fail(VRAMAUTO_E_ARGUMENT, "HF_HUB_DOWNLOAD_TIMEOUT", "is {}, expected seconds", text::shown(text));
  return std::min(seconds, kMostPatience);
}

// "512MiB", "2GiB", or bytes.
Result<Bytes> most_kept() {
  constexpr std::string_view kName = "VRAMAUTO_HUB_CACHE_MAX";
  const auto text = environment(kName.data());
  if (text.empty()) return HubSettings().most_kept;
  Bytes count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const auto unit = text::lower(text::trim(std::string_view(end, text.data() + text.size())));
  const int shift = unit.empty() ? 0 : unit == "mib" ? 20 : unit == "gib" ? 30 : -1;
  if (error != std::errc{} || shift < 0 || count > (Bytes{1} << 50) >> shift)
    return fail(VRAMAUTO_E_ARGUMENT, kName, "is {}, expected a size such as 512MiB or 2GiB", text::shown(text));
  return count << shift;
}

}  // namespace

bool network_is_off() {
  return is_true("HF_HUB_OFFLINE") || (environment("HF_HUB_OFFLINE").empty() && is_true("TRANSFORMERS_OFFLINE"));
}

Result<std::string> hub_endpoint(bool use_environment) {
  auto out = use_environment ? environment("HF_ENDPOINT") : std::string();
  while (out.ends_with('/')) out.pop_back();
  if (out.empty()) return std::string(kHub);
  const auto printable = std::all_of(out.begin(), out.end(), [](char c) { return c > ' ' && c < 0x7F; });
  if (!printable || origin_of(out).empty() || out.find_first_of("?#") != std::string::npos)
    return fail(VRAMAUTO_E_ARGUMENT, "HF_ENDPOINT",
                "is no address of a hub, expected https://host, without a name or password in it");
  return out;
}

Result<HubSettings> hub_settings(bool use_environment) {
  HubSettings out;
  out.access.proxies = use_environment;
  out.endpoint = TRY(hub_endpoint(use_environment));
  if (use_environment) {
    out.access.token = TRY(token());
    out.access.patience_s = TRY(patience());
    out.most_kept = TRY(most_kept());
    out.access.certificates = first_of({"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"});
  }
  out.access.origin = origin_of(out.endpoint);
  return out;
}

}  // namespace vramauto::model
