#include "estimator/call.hpp"

#include <string>
#include <utility>

#include "estimator/choose.hpp"
#include "support/text.hpp"

vramauto_status vramauto_call::report(vramauto_status status, std::string text) {
  error = vramauto::Error{status, model ? (model->path.empty() ? model->id : model->path) : std::string(), std::move(text),
                          VRAMAUTO_UNKNOWN};
  return status;
}

vramauto_status vramauto_call::reject(std::string text) {
  if (!broken) report(VRAMAUTO_E_PLUGIN, std::move(text));
  broken = true;
  return VRAMAUTO_E_PLUGIN;
}

void* vramauto_call::scratch(std::size_t bytes) {
  constexpr std::size_t most = std::size_t{64} << 20, overhead = 64;
  if (bytes > most || scratch_bytes_ + bytes + overhead > most) return nullptr;
  scratch_bytes_ += bytes + overhead;
  scratch_.push_back(std::make_unique<ScratchUnit[]>(bytes / sizeof(ScratchUnit) + 1));
  return scratch_.back().get();
}

bool vramauto_call::is_late() {
  if (!timed_out && Clock::now() >= deadline) {
    timed_out = true;
    if (!broken) report(VRAMAUTO_E_TIMEOUT, "the estimator took longer than it may (plugin_timeout_ms)");
  }
  return timed_out;
}

bool vramauto_call::is_late_now_and_then() { return timed_out || (++questions % 256 == 0 && is_late()); }

namespace vramauto::estimator {
namespace {

void log_line(vramauto_call* call, vramauto_level level, const char* text, std::size_t length) {
  if (text && call->chooser) call->chooser->log(*call, level, std::string_view(text, length));
}

vramauto_status fail_call(vramauto_call* call, vramauto_status status, const char* text, std::size_t length) {
  if (call->broken || call->timed_out) return status;
  call->report(status, text::shown(std::string_view(text ? text : "", text ? length : 0), 400));
  return status;
}

vramauto_status should_stop(vramauto_call* call) {
  if (call->broken) return VRAMAUTO_E_PLUGIN;
  return call->is_late() ? VRAMAUTO_E_TIMEOUT : VRAMAUTO_OK;
}

void* scratch(vramauto_call* call, std::size_t bytes) { return call->scratch(bytes); }

vramauto_host make_host() {
  vramauto_host host{};
  host.struct_size = sizeof host;
  host.library_version = VRAMAUTO_VERSION_NUMBER;
  host.log = Door<log_line, true>::open;
  host.fail = Door<fail_call, true>::open;
  host.should_stop = Door<should_stop, true>::open;
  host.scratch = Door<scratch>::open;
  host.delegate = Door<delegate>::open;
  fill_questions(host);
  fill_answers(host);
  return host;
}

}  // namespace

const vramauto_host& host() {
  static const vramauto_host table = make_host();
  return table;
}

}  // namespace vramauto::estimator
