/* A plugin built with the header of the baseline: asks the host for everything that it offered then. */
#include "vramauto/vramauto_plugin.h"

#include <string.h>

enum { LAYERS = 4, HIDDEN = 64, VOCAB = 1000 };

/* What goes wrong is named by the number of its line. */
#define EXPECT(condition) \
  if (!(condition)) return host->fail(call, VRAMAUTO_E_PLUGIN - 10000 - __LINE__, "does not hold: " #condition, sizeof #condition + 14)

static vramauto_status ask_configuration(const vramauto_host *host, vramauto_call *call) {
  uint64_t length = 0;
  int64_t integer = 0;
  double real = 0;
  uint32_t on = 0;
  const char *text = NULL;
  size_t size = 0;
  EXPECT(host->json_type(call, "/layer_types") == VRAMAUTO_JSON_ARRAY);
  EXPECT(host->json_type(call, "/nothing") == VRAMAUTO_JSON_ABSENT);
  EXPECT(host->json_length(call, "/layer_types", &length) == VRAMAUTO_OK && length == LAYERS);
  EXPECT(host->json_int(call, "/hidden_size", &integer) == VRAMAUTO_OK && integer == HIDDEN);
  EXPECT(host->json_real(call, "/rope_theta", &real) == VRAMAUTO_OK && real == 10000.5);
  EXPECT(host->json_bool(call, "/tie_word_embeddings", &on) == VRAMAUTO_OK && on == 0);
  EXPECT(host->json_string(call, "/model_type", &text, &size) == VRAMAUTO_OK && size == 8 && memcmp(text, "baseline", 8) == 0);
  EXPECT(host->json_int(call, "/nothing", &integer) == VRAMAUTO_E_NOT_FOUND);
  return VRAMAUTO_OK;
}

static vramauto_status ask_model(const vramauto_host *host, vramauto_call *call) {
  vramauto_model_info info;
  vramauto_tensor_info tensor;
  char *room = host->scratch(call, 4096);
  VRAMAUTO_INIT(info);
  VRAMAUTO_INIT(tensor);
  EXPECT(host->library_version >= VRAMAUTO_VERSION_NUMBER);
  EXPECT(host->should_stop(call) == VRAMAUTO_OK);
  EXPECT(room && room[0] == 0 && room[4095] == 0);
  EXPECT(host->model(call, &info) == VRAMAUTO_OK && strcmp(info.model_type, "baseline") == 0);
  EXPECT(host->tensor(call, 0, &tensor) != VRAMAUTO_OK); /* a configuration alone has none */
  EXPECT(host->find_tensor(call, "lm_head.weight", 14, &tensor) != VRAMAUTO_OK);
  host->log(call, VRAMAUTO_LOG_INFO, "asked", 5);
  return VRAMAUTO_OK;
}

static vramauto_status add_weights(const vramauto_host *host, vramauto_call *call, const char *name, vramauto_role role,
                                   vramauto_layers layers, uint64_t rows) {
  vramauto_weights weights;
  VRAMAUTO_INIT(weights);
  weights.name = name;
  weights.role = role;
  weights.layers = layers;
  weights.rows = rows;
  weights.cols = HIDDEN;
  weights.copies = 1;
  weights.split = role == VRAMAUTO_ROLE_LINEAR ? VRAMAUTO_SPLIT_ROWS : VRAMAUTO_SPLIT_VOCAB;
  return host->add_weights(call, &weights);
}

static vramauto_status answer(const vramauto_host *host, vramauto_call *call) {
  const vramauto_layers all = {0, LAYERS, 0, LAYERS}, input = {VRAMAUTO_LAYER_INPUT, 1, 0, 0}, output = {VRAMAUTO_LAYER_OUTPUT, 1, 0, 0};
  vramauto_traits traits;
  vramauto_cache cache;
  vramauto_forward forward;
  VRAMAUTO_INIT(traits);
  traits.task = 1;
  traits.layers = LAYERS;
  traits.hidden = HIDDEN;
  traits.vocab = VOCAB;
  traits.max_model_len = 2048;
  traits.dtype = VRAMAUTO_BF16;
  EXPECT(host->set_traits(call, &traits) == VRAMAUTO_OK);
  EXPECT(add_weights(host, call, "model.embed_tokens", VRAMAUTO_ROLE_EMBEDDING, input, VOCAB) == VRAMAUTO_OK);
  EXPECT(add_weights(host, call, "model.layers.*.mixer", VRAMAUTO_ROLE_LINEAR, all, 3 * HIDDEN) == VRAMAUTO_OK);
  EXPECT(add_weights(host, call, "lm_head", VRAMAUTO_ROLE_HEAD, output, VOCAB) == VRAMAUTO_OK);
  VRAMAUTO_INIT(cache);
  cache.kind = VRAMAUTO_CACHE_FULL;
  cache.layers = all;
  cache.heads = 1;
  cache.k_dim = cache.v_dim = HIDDEN;
  EXPECT(host->add_cache(call, &cache) == VRAMAUTO_OK);
  VRAMAUTO_INIT(forward);
  forward.layers = all;
  forward.query = forward.attention_out = HIDDEN;
  forward.key_value = 2 * HIDDEN;
  forward.kv_heads = 1;
  forward.intermediate = HIDDEN;
  EXPECT(host->add_forward(call, &forward) == VRAMAUTO_OK);
  return host->add_note(call, "described as of the baseline", 28);
}

static int32_t match(const vramauto_host *host, vramauto_call *call) {
  vramauto_model_info info;
  VRAMAUTO_INIT(info);
  return host->model(call, &info) == VRAMAUTO_OK && strcmp(info.model_type, "baseline") == 0 ? 900 : 0;
}

static vramauto_status describe(const vramauto_host *host, vramauto_call *call) {
  vramauto_status status = ask_configuration(host, call);
  if (status == VRAMAUTO_OK) status = ask_model(host, call);
  return status == VRAMAUTO_OK ? answer(host, call) : status;
}

static const vramauto_estimator estimator = {sizeof(vramauto_estimator), 0, "baseline", match, describe};
static const vramauto_estimator *const estimators[] = {&estimator};
static const vramauto_plugin plugin = {sizeof(vramauto_plugin), 1, "org.vramauto.baseline", "0.1.0", "Apache-2.0", estimators};

VRAMAUTO_PLUGIN(baseline) {
  if (!VRAMAUTO_HAS(host, delegate)) return NULL;
  host->log(NULL, VRAMAUTO_LOG_INFO, "here", 4);
  return &plugin;
}
