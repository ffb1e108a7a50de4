#include "serve/guard.hpp"

#include <algorithm>
#include <cctype>

#include "serve/limits.hpp"
#include "serve/refusal.hpp"
#include "support/text.hpp"

namespace serve {
namespace {

using vramauto::text::lower;
using vramauto::text::shown;

// "localhost:8080", "[::1]", "127.0.0.1" without their port.
std::string name_of_host(const std::string& host) {
  const auto end = host.starts_with('[') ? host.find(']') + 1 : std::min(host.find(':'), host.size());
  const bool only_a_port_follows = end == host.size() || host[end] == ':';
  return only_a_port_follows ? lower(host.substr(0, end)) : "";
}

// Whole: get_header_value() of cpp-httplib ends at a NUL, which "%00" in a header is to it.
std::string header(const httplib::Request& request, const char* name) {
  const auto found = request.headers.find(name);
  return found == request.headers.end() ? "" : found->second;
}

bool is_loopback_name(const std::string& name) {
  if (name == "localhost" || name == "[::1]") return true;
  return name.starts_with("127.") && std::count(name.begin(), name.end(), '.') == 3 &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isdigit(c) || c == '.'; });
}

bool is_digits(const std::string& text) {
  return !text.empty() && text.size() < 16 &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c); });
}

}  // namespace

bool same_secret(const std::string& a, const std::string& b) {
  unsigned different = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size(); ++i)
    different |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b.empty() ? 0 : b[i % b.size()]);
  return different == 0;
}

void Guard::check_host(const httplib::Request& request) const {
  if (request.get_header_value_count("Host") > 1 || (request.version == "HTTP/1.1" && !request.has_header("Host")))
    throw Refusal{400, "invalid_host", "Host", "found none or several Host headers, expected one"};
  const auto host = header(request, "Host");
  if (loopback_ && request.has_header("Host") && !is_loopback_name(name_of_host(host)))
    throw Refusal{403, "host_not_allowed", "Host", "found " + shown(host) + ", expected localhost or a loopback address"};
  if (!request.has_header("Origin")) return;
  const auto origin = lower(header(request, "Origin"));
  if (request.get_header_value_count("Origin") > 1 || (origin != "http://" + lower(host) && origin != "https://" + lower(host)))
    throw Refusal{403, "origin_not_allowed", "Origin", "found " + shown(origin) + ", expected the service's own"};
}

void Guard::check_token(const httplib::Request& request) const {
  if (token_.empty()) return;
  const std::string scheme = "bearer ";
  const auto given = header(request, "Authorization");
  if (lower(given.substr(0, scheme.size())) != scheme || !same_secret(given.substr(scheme.size()), token_))
    throw Refusal{401, "unauthorized", "Authorization",
                  "found no valid token, expected Authorization: Bearer and the service's token"};
}

bool has_body(const httplib::Request& request) {
  const auto length = request.get_header_value("Content-Length");
  return request.has_header("Transfer-Encoding") || (request.has_header("Content-Length") && length != "0");
}

// Strict where cpp-httplib is lenient: what it would read as no length at all stays in the connection and is the next request.
void Guard::check_body(const httplib::Request& request) {
  const bool chunked = request.has_header("Transfer-Encoding"), sized = request.has_header("Content-Length");
  if (chunked && (sized || request.version != "HTTP/1.1" || request.get_header_value_count("Transfer-Encoding") > 1 ||
                  lower(request.get_header_value("Transfer-Encoding")) != "chunked"))
    throw Refusal{400, "invalid_length", "Transfer-Encoding",
                  "found another encoding or a length beside it, expected chunked alone"};
  if (sized) {
    const auto length = request.get_header_value("Content-Length");
    if (request.get_header_value_count("Content-Length") > 1 || !is_digits(length))
      throw Refusal{400, "invalid_length", "Content-Length", "found " + shown(length) + ", expected one number"};
    if (std::stoull(length) > kBodyBytes)
      throw Refusal{413, "too_large", "", fmt::format("found a body of {} bytes, expected at most {}", length, kBodyBytes)};
  }
  const auto encoding = lower(request.get_header_value("Content-Encoding"));
  if (!encoding.empty() && encoding != "identity")
    throw Refusal{415, "unsupported_encoding", "Content-Encoding", "found " + shown(encoding) + ", expected none"};
}

void Guard::check_is_json(const httplib::Request& request) {
  const auto found = request.get_header_value("Content-Type");
  if (lower(vramauto::text::trim(found.substr(0, found.find(';')))) != "application/json")
    throw Refusal{415, "unsupported_type", "Content-Type",
                  "found " + (found.empty() ? "none" : shown(found)) + ", expected application/json"};
}

}  // namespace serve
