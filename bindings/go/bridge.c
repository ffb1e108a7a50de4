#include "bridge.h"
#include "_cgo_export.h"

static void log_to_go(void* user, vramauto_level level, const char* source, const char* message) {
  vramautoGoLog((uintptr_t)user, level, (char*)source, (char*)message);
}

static int32_t progress_to_go(void* user, uint64_t done, uint64_t total) {
  return vramautoGoProgress((uintptr_t)user, done, total);
}

vramauto_status vramauto_go_context_new(vramauto_context_options options, uintptr_t user, int log, int progress, vramauto_context** out,
                                        vramauto_error* err) {
  options.user = (void*)user;
  if (log) options.log = log_to_go;
  if (progress) options.progress = progress_to_go;
  return vramauto_context_new(&options, out, err);
}
