#include "estimator/call.hpp"

#include <string>
#include <utility>

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
  constexpr std::size_t most = std::size_t{64} << 20;
  if (bytes > most || scratch_bytes_ + bytes > most) return nullptr;
  scratch_bytes_ += bytes;
  scratch_.push_back(std::make_unique<ScratchUnit[]>(bytes / sizeof(ScratchUnit) + 1));
  return scratch_.back().get();
}

namespace vramauto::estimator {
namespace {

void log_nothing(vramauto_call*, vramauto_level, const char*, std::size_t) {}

vramauto_status fail_call(vramauto_call* call, vramauto_status status, const char* text, std::size_t length) {
  if (call->broken) return status;
  call->report(status, text::shown(std::string_view(text ? text : "", text ? length : 0), 400));
  return status;
}

vramauto_status should_stop(vramauto_call* call) {
  if (vramauto_call::Clock::now() < call->deadline) return VRAMAUTO_OK;
  return call->report(VRAMAUTO_E_TIMEOUT, "the estimator took longer than it may");
}

void* scratch(vramauto_call* call, std::size_t bytes) { return call->scratch(bytes); }

vramauto_status delegate(vramauto_call* call, const char*, const char*, const char*) {
  return call->report(VRAMAUTO_E_UNSUPPORTED, "no estimator takes a part of a model yet");
}

vramauto_host make_host() {
  vramauto_host host{};
  host.struct_size = sizeof host;
  host.library_version = VRAMAUTO_VERSION_NUMBER;
  host.log = log_nothing;
  host.fail = fail_call;
  host.should_stop = should_stop;
  host.scratch = scratch;
  host.delegate = delegate;
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
