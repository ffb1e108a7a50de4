/* A plugin in C99: describes a plain dense decoder that runs in vLLM's Llama class, has the made-up model_type "example_c" and needs
 * no table for its positions. plugins/README.md explains it. Copy it, rename it, describe yours. */
#include "vramauto/vramauto_plugin.h"

#include <string.h>

typedef struct sizes {
  uint32_t layers, hidden, intermediate, heads, kv_heads, head_dim, vocab;
  uint64_t positions;
} sizes;

/* A positive integer of the configuration. What is wrong with it, the host has said already. */
static vramauto_status read_size(const vramauto_host *host, vramauto_call *call, const char *at, uint32_t *out) {
  static const char wrong[] = "a size of the configuration is not between 1 and 16777216";
  int64_t value = 0;
  const vramauto_status status = host->json_int(call, at, &value);
  if (status != VRAMAUTO_OK) return status;
  if (value < 1 || value > 16777216) return host->fail(call, VRAMAUTO_E_FORMAT, wrong, sizeof wrong - 1);
  *out = (uint32_t)value;
  return VRAMAUTO_OK;
}

static vramauto_status read_sizes(const vramauto_host *host, vramauto_call *call, sizes *out) {
  static const char uneven[] = "hidden_size is not a multiple of num_attention_heads";
  uint32_t positions = 0;
  vramauto_status status;
  if ((status = read_size(host, call, "/num_hidden_layers", &out->layers)) != VRAMAUTO_OK ||
      (status = read_size(host, call, "/hidden_size", &out->hidden)) != VRAMAUTO_OK ||
      (status = read_size(host, call, "/intermediate_size", &out->intermediate)) != VRAMAUTO_OK ||
      (status = read_size(host, call, "/num_attention_heads", &out->heads)) != VRAMAUTO_OK ||
      (status = read_size(host, call, "/num_key_value_heads", &out->kv_heads)) != VRAMAUTO_OK ||
      (status = read_size(host, call, "/vocab_size", &out->vocab)) != VRAMAUTO_OK ||
      (status = read_size(host, call, "/max_position_embeddings", &positions)) != VRAMAUTO_OK)
    return status;
  if (out->hidden % out->heads != 0) return host->fail(call, VRAMAUTO_E_FORMAT, uneven, sizeof uneven - 1);
  out->head_dim = out->hidden / out->heads;
  out->positions = positions;
  return VRAMAUTO_OK;
}

/* One group of equal tensors. `units` are heads where the split is by heads, `parameter` joins q, k and v, gate and up. */
static vramauto_status add(const vramauto_host *host, vramauto_call *call, const char *name, vramauto_role role,
                           vramauto_layers layers, uint64_t rows, uint64_t cols, vramauto_split split, uint32_t units,
                           uint32_t parameter) {
  vramauto_weights weights;
  VRAMAUTO_INIT(weights);
  weights.name = name;
  weights.role = role;
  weights.layers = layers;
  weights.rows = rows;
  weights.cols = cols;
  weights.copies = 1;
  weights.split = split;
  weights.units = units;
  weights.uneven = units && strstr(name, ".q_proj") == NULL ? VRAMAUTO_UNEVEN_REPEAT : VRAMAUTO_UNEVEN_REFUSE;
  weights.parameter = parameter;
  return host->add_weights(call, &weights);
}

static vramauto_status add_tensors(const vramauto_host *host, vramauto_call *call, const sizes *m) {
  const vramauto_layers all = {0, m->layers, 0, m->layers}, input = {VRAMAUTO_LAYER_INPUT, 1, 0, 0},
                        output = {VRAMAUTO_LAYER_OUTPUT, 1, 0, 0};
  const uint64_t q = (uint64_t)m->heads * m->head_dim, kv = (uint64_t)m->kv_heads * m->head_dim;
  const struct {
    const char *name;
    vramauto_role role;
    vramauto_layers layers;
    uint64_t rows, cols;
    vramauto_split split;
    uint32_t units, parameter;
  } rows[] = {
      {"model.embed_tokens", VRAMAUTO_ROLE_EMBEDDING, input, m->vocab, m->hidden, VRAMAUTO_SPLIT_VOCAB, 0, 0},
      {"model.layers.*.self_attn.q_proj", VRAMAUTO_ROLE_LINEAR, all, q, m->hidden, VRAMAUTO_SPLIT_UNITS, m->heads, 1},
      {"model.layers.*.self_attn.k_proj", VRAMAUTO_ROLE_LINEAR, all, kv, m->hidden, VRAMAUTO_SPLIT_UNITS, m->kv_heads, 1},
      {"model.layers.*.self_attn.v_proj", VRAMAUTO_ROLE_LINEAR, all, kv, m->hidden, VRAMAUTO_SPLIT_UNITS, m->kv_heads, 1},
      {"model.layers.*.self_attn.o_proj", VRAMAUTO_ROLE_LINEAR, all, m->hidden, q, VRAMAUTO_SPLIT_COLS, 0, 0},
      {"model.layers.*.mlp.gate_proj", VRAMAUTO_ROLE_LINEAR, all, m->intermediate, m->hidden, VRAMAUTO_SPLIT_ROWS, 0, 2},
      {"model.layers.*.mlp.up_proj", VRAMAUTO_ROLE_LINEAR, all, m->intermediate, m->hidden, VRAMAUTO_SPLIT_ROWS, 0, 2},
      {"model.layers.*.mlp.down_proj", VRAMAUTO_ROLE_LINEAR, all, m->hidden, m->intermediate, VRAMAUTO_SPLIT_COLS, 0, 0},
      {"model.layers.*.input_layernorm", VRAMAUTO_ROLE_NORM, all, m->hidden, 1, VRAMAUTO_SPLIT_NONE, 0, 0},
      {"model.layers.*.post_attention_layernorm", VRAMAUTO_ROLE_NORM, all, m->hidden, 1, VRAMAUTO_SPLIT_NONE, 0, 0},
      {"model.norm", VRAMAUTO_ROLE_NORM, output, m->hidden, 1, VRAMAUTO_SPLIT_NONE, 0, 0},
      {"lm_head", VRAMAUTO_ROLE_HEAD, output, m->vocab, m->hidden, VRAMAUTO_SPLIT_VOCAB, 0, 0},
  };
  size_t i;
  for (i = 0; i < sizeof rows / sizeof *rows; ++i) {
    const vramauto_status status = add(host, call, rows[i].name, rows[i].role, rows[i].layers, rows[i].rows, rows[i].cols,
                                       rows[i].split, rows[i].units, rows[i].parameter);
    if (status != VRAMAUTO_OK) return status;
  }
  return VRAMAUTO_OK;
}

static vramauto_status add_layers(const vramauto_host *host, vramauto_call *call, const sizes *m) {
  const vramauto_layers all = {0, m->layers, 0, m->layers};
  vramauto_cache cache;
  vramauto_forward forward;
  vramauto_status status;
  VRAMAUTO_INIT(cache);
  cache.kind = VRAMAUTO_CACHE_FULL;
  cache.layers = all;
  cache.heads = m->kv_heads;
  cache.k_dim = cache.v_dim = m->head_dim;
  if ((status = host->add_cache(call, &cache)) != VRAMAUTO_OK) return status;
  VRAMAUTO_INIT(forward);
  forward.layers = all;
  forward.query = forward.attention_out = m->heads * m->head_dim;
  forward.key_value = 2 * m->kv_heads * m->head_dim;
  forward.kv_heads = m->kv_heads;
  forward.intermediate = m->intermediate;
  return host->add_forward(call, &forward);
}

static int32_t match(const vramauto_host *host, vramauto_call *call) {
  vramauto_model_info info;
  VRAMAUTO_INIT(info);
  if (host->model(call, &info) != VRAMAUTO_OK) return 0;
  return strcmp(info.architecture, "LlamaForCausalLM") == 0 && strcmp(info.model_type, "example_c") == 0 ? 700 : 0;
}

static vramauto_status describe(const vramauto_host *host, vramauto_call *call) {
  static const char note[] = "described by the example in plugins/example_c";
  sizes m = {0};
  vramauto_traits traits;
  vramauto_status status;
  if ((status = read_sizes(host, call, &m)) != VRAMAUTO_OK) return status;
  VRAMAUTO_INIT(traits);
  traits.task = 1;
  traits.layers = m.layers;
  traits.hidden = m.hidden;
  traits.vocab = m.vocab;
  traits.max_model_len = m.positions;
  traits.dtype = VRAMAUTO_BF16;
  if ((status = host->set_traits(call, &traits)) != VRAMAUTO_OK) return status;
  if ((status = add_tensors(host, call, &m)) != VRAMAUTO_OK) return status;
  if ((status = add_layers(host, call, &m)) != VRAMAUTO_OK) return status;
  return host->add_note(call, note, sizeof note - 1);
}

static const vramauto_estimator example = {sizeof(vramauto_estimator), 0, "example_c", match, describe};
static const vramauto_estimator *const estimators[] = {&example};
static const vramauto_plugin plugin = {sizeof(vramauto_plugin), 1, "org.vramauto.example_c", "0.1.0", "Apache-2.0", estimators};

VRAMAUTO_PLUGIN(example_c) {
  (void)host;
  return &plugin;
}
