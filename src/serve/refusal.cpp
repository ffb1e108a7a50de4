#include "serve/refusal.hpp"

#include <algorithm>

#include "serve/json_writer.hpp"
#include "support/text.hpp"

namespace serve {
namespace {

struct Meaning {
  vramauto_status status;
  int http;
  const char* code;
};
constexpr Meaning kMeanings[] = {
    {VRAMAUTO_E_ARGUMENT, 400, "invalid_argument"},
    {VRAMAUTO_E_MEMORY, 503, "out_of_memory"},
    {VRAMAUTO_E_UNSUPPORTED, 422, "unsupported"},
    {VRAMAUTO_E_NOT_FOUND, 404, "not_found"},
    {VRAMAUTO_E_IO, 422, "unreadable"},
    {VRAMAUTO_E_TIMEOUT, 504, "timeout"},
    {VRAMAUTO_E_CANCELLED, 503, "cancelled"},
    {VRAMAUTO_E_NO_DRIVER, 503, "no_driver"},
    {VRAMAUTO_E_DRIVER, 503, "driver"},
    {VRAMAUTO_E_FORMAT, 422, "malformed_model"},
    {VRAMAUTO_E_LIMIT, 422, "beyond_limit"},
    {VRAMAUTO_E_NO_ESTIMATOR, 422, "no_estimator"},
};

}  // namespace

std::string Refusal::json() const {
  Json error = {{"code", code}, {"where", where}, {"message", message}};
  const auto out = written(Json{{"error", std::move(error)}});
  return plan.empty() ? out : with_member(out, "plan", plan);
}

std::string Refusal::http() const {
  const auto body = json();
  return fmt::format(
      "HTTP/1.1 {} Refused\r\nContent-Type: application/json\r\n{}Connection: close\r\nContent-Length: {}\r\n\r\n{}", status,
      status == 503 ? "Retry-After: 1\r\n" : "", body.size(), body);
}

Refusal refusal(const vramauto_error& error, const std::string& part) {
  const auto known =
      std::find_if(std::begin(kMeanings), std::end(kMeanings), [&](const Meaning& one) { return one.status == error.status; });
  std::string message = error.message, where = part.empty() ? error.where : part;
  if (*error.where && !where.ends_with(error.where)) message = std::string(error.where) + ": " + message;
  if (error.offset != VRAMAUTO_UNKNOWN) message += " (byte " + std::to_string(error.offset) + ")";
  if (known == std::end(kMeanings)) return {500, "estimator", where, message};
  return {known->http, known->code, where, message};
}

}  // namespace serve
