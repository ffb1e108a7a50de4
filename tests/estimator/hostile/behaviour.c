/* Estimators that misbehave while they are asked. Each knows the model whose architecture is its own name. */
#include <string.h>
#include "vramauto/vramauto_plugin.h"

static int is_mine(const vramauto_host *host, vramauto_call *call) {
  vramauto_model_info info;
  VRAMAUTO_INIT(info);
  return host->model(call, &info) == VRAMAUTO_OK && strcmp(info.architecture, HOSTILE_ID) == 0;
}

static vramauto_status add_traits(const vramauto_host *host, vramauto_call *call) {
  vramauto_traits traits;
  VRAMAUTO_INIT(traits);
  traits.task = 1;
  traits.layers = 2;
  traits.hidden = traits.vocab = 64;
  traits.max_model_len = 128;
  return host->set_traits(call, &traits);
}

static vramauto_status add_weights(const vramauto_host *host, vramauto_call *call, uint64_t rows, uint64_t cols) {
  vramauto_weights weights;
  VRAMAUTO_INIT(weights);
  weights.rows = rows;
  weights.cols = cols;
  weights.copies = 1;
  weights.name = "layers.*.w";
  return host->add_weights(call, &weights);
}

static int32_t match(const vramauto_host *host, vramauto_call *call) {
  if (!is_mine(host, call)) return 0;
#if defined(ADDS_IN_MATCH)
  add_traits(host, call);
#endif
  return 700;
}

static vramauto_status describe(const vramauto_host *host, vramauto_call *call) {
  (void)host;
  (void)call;
#if defined(POLLS)
  vramauto_status status;
  while ((status = host->should_stop(call)) == VRAMAUTO_OK) {
  }
  return status;
#elif defined(IGNORES_STOP)
  while (host->should_stop(call) == VRAMAUTO_OK) {
  }
  add_traits(host, call);
  add_weights(host, call, 64, 64);
  return VRAMAUTO_OK;
#elif defined(ENDLESS_QUESTIONS)
  int64_t hidden;
  while (host->json_int(call, "/hidden_size", &hidden) == VRAMAUTO_OK) {
  }
  return VRAMAUTO_E_FORMAT;
#elif defined(ENDLESS_ANSWERS)
  add_traits(host, call);
  while (add_weights(host, call, 1, 1) == VRAMAUTO_OK) {
  }
  return VRAMAUTO_OK;
#elif defined(BAD_NUMBERS)
  add_traits(host, call);
  add_weights(host, call, UINT64_MAX / 2, 4);
  return VRAMAUTO_OK;
#elif defined(FAILS)
  return host->fail(call, VRAMAUTO_E_FORMAT, "the experts are missing", 23);
#elif defined(MUTE)
  return VRAMAUTO_OK;
#elif defined(POSITIVE_STATUS)
  return 7;
#else
  return VRAMAUTO_E_UNSUPPORTED;
#endif
}

static const vramauto_estimator estimator = {sizeof(vramauto_estimator), 0, HOSTILE_ID, match, describe};
static const vramauto_estimator *const estimators[] = {&estimator};
static const vramauto_plugin plugin = {sizeof(vramauto_plugin), 1, "hostile." HOSTILE_ID, "1.0", "Apache-2.0", estimators};

VRAMAUTO_PLUGIN(hostile) {
  int64_t number;
  (void)add_traits;
  (void)add_weights;
  host->json_int(NULL, "/hidden_size", &number); /* there is no call yet: must do nothing */
  host->log(NULL, VRAMAUTO_LOG_INFO, "hello", 5);
  return &plugin;
}
