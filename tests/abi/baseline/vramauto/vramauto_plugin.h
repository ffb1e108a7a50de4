/* vramauto_plugin.h - write an estimator for a model family.
 *
 * An estimator describes a model: its tensors, caches, widths and encoders. It knows no GPU, no engine and no context
 * length; the engine multiplies. A plugin is a shared object that exports one function, vramauto_plugin_v1, and links to
 * neither libvramauto nor its dependencies: what it needs arrives in the host table.
 *  Version  The symbol's number is the ABI. Within v1 tables only grow: VRAMAUTO_HAS() before use of any member newer
 *           than the first release.
 *  Data     The host copies what you pass before it returns; what it gives you lives until your match() or describe()
 *           returns.
 *  Threads  match/describe may run on several threads at once: keep all state in scratch(). Call host functions only
 *           from the thread you were called on.
 *  Failure  Return fail(...), or VRAMAUTO_E_UNSUPPORTED to let the next best estimator try. Never throw, longjmp, exit,
 *           fork or print. Poll should_stop() in loops.
 *  Life     Once accepted an object is never unloaded. There is no fini. */
#ifndef VRAMAUTO_PLUGIN_H
#define VRAMAUTO_PLUGIN_H

#include "vramauto.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VRAMAUTO_HAS(table, member) \
  ((table)->struct_size >= offsetof(__typeof__(*(table)), member) + sizeof((table)->member) && (table)->member)

typedef struct vramauto_call vramauto_call; /* one match or describe in progress; opaque */

typedef uint32_t vramauto_json;             /* type of a configuration value */
enum { VRAMAUTO_JSON_ABSENT = 0, VRAMAUTO_JSON_NULL, VRAMAUTO_JSON_BOOL, VRAMAUTO_JSON_INT, VRAMAUTO_JSON_REAL,
       VRAMAUTO_JSON_STRING, VRAMAUTO_JSON_ARRAY, VRAMAUTO_JSON_OBJECT };

/* Which layers an answer is about: `run` of them from `first`, again every `stride`, `count` in all (zeros mean 1). "Three of
 * every four" is {0, 36, 4, 3}. Draft layers (MTP) are numbered on after the last layer. Or one of the two ends; on which
 * pipeline stages an end lives is the engine's business. */
typedef struct vramauto_layers { int32_t first; uint32_t count, stride, run; } vramauto_layers;
enum { VRAMAUTO_LAYER_INPUT = -1,           /* before the first layer */
       VRAMAUTO_LAYER_OUTPUT = -2 };        /* after the last layer */

/* flags, on weights, cache and forward alike */
enum { VRAMAUTO_DRAFT = 1,                  /* exists only with speculative decoding */
       VRAMAUTO_TIED = 2,                   /* weights: one tensor with the embedding */
       VRAMAUTO_NOT_STORED = 4,             /* weights: made by the engine, not in the checkpoint */
       VRAMAUTO_BIAS = 8,                   /* weights: a bias of the same rows comes with it */
       VRAMAUTO_BORROWED = 16,              /* cache: uses that of layer `owner`; weights: stored, but without a use for the same reason */
       VRAMAUTO_SPARSE = 32,                /* cache: read through an indexer */
       VRAMAUTO_UNGATED = 64 };             /* forward: one up projection, not two */

typedef struct vramauto_traits {            /* the model as a whole; before any answer about a numbered layer */
  uint32_t struct_size, task;               /* 1 generate, 2 pooling, 3 encoder-decoder */
  uint32_t layers, draft_layers;
  uint32_t hidden, vocab;
  uint64_t max_model_len;                   /* the model's own, rope scaling applied */
  vramauto_dtype dtype;
  uint32_t flags;                           /* 1 prefix-LM attention, 2 M-RoPE, 4 refuses float16, 8 a guess: bounds are wide */
} vramauto_traits;

typedef uint32_t vramauto_split;            /* how tensor parallelism divides a weight */
enum { VRAMAUTO_SPLIT_NONE = 0,             /* a copy on every rank */
       VRAMAUTO_SPLIT_ROWS,                 /* output features ("column parallel") */
       VRAMAUTO_SPLIT_COLS,                 /* input features ("row parallel") */
       VRAMAUTO_SPLIT_UNITS,                /* rows are `units` heads; see `uneven` */
       VRAMAUTO_SPLIT_VOCAB,                /* rows padded by the engine, then divided */
       VRAMAUTO_SPLIT_EXPERTS };            /* whole experts under expert parallelism, else `inner` */

typedef uint32_t vramauto_uneven;           /* when ranks do not divide units */
enum { VRAMAUTO_UNEVEN_REFUSE = 0,          /* query heads */
       VRAMAUTO_UNEVEN_REPEAT,              /* KV heads: repeated when there are fewer than ranks */
       VRAMAUTO_UNEVEN_REPLICATE,           /* small towers: a whole copy on every rank */
       VRAMAUTO_UNEVEN_PAD };               /* rounded up to a multiple of the ranks */

typedef uint32_t vramauto_role;             /* what quantisation and loading rules look at */
enum { VRAMAUTO_ROLE_OTHER = 0, VRAMAUTO_ROLE_LINEAR, VRAMAUTO_ROLE_EXPERT, VRAMAUTO_ROLE_SHARED_EXPERT, VRAMAUTO_ROLE_EMBEDDING,
       VRAMAUTO_ROLE_HEAD, VRAMAUTO_ROLE_ROUTER, VRAMAUTO_ROLE_NORM, VRAMAUTO_ROLE_CONV, VRAMAUTO_ROLE_STATE, VRAMAUTO_ROLE_ROPE,
       VRAMAUTO_ROLE_LATENT_UP };           /* MLA's kv_b: engines may keep a dequantised copy */

typedef struct vramauto_weights {           /* equal tensors: one per layer and copy; in the order the engine creates them */
  uint32_t struct_size, flags;
  vramauto_role role;
  vramauto_dtype dtype;                     /* 0: as stored, else the model's */
  vramauto_layers layers;
  uint64_t rows, cols;                      /* output and input features, logical: before packing; cols 1 for a vector */
  uint32_t copies, units;                   /* experts per layer, else 1; heads for SPLIT_UNITS */
  vramauto_split split, inner;              /* inner: how one expert is divided without expert parallelism */
  vramauto_uneven uneven;
  uint32_t parameter;                       /* not 0: parts of a layer with the same number are one tensor of the engine (q, k, v) */
  uint64_t encoders;                        /* bit i: only if the i-th added encoder is in use; 0: always */
  const char *name;                         /* as in the checkpoint: the first '*' is the layer, the second the copy */
} vramauto_weights;

typedef uint32_t vramauto_cache_kind;
enum { VRAMAUTO_CACHE_FULL = 1, VRAMAUTO_CACHE_SLIDING, VRAMAUTO_CACHE_CHUNKED, VRAMAUTO_CACHE_LATENT, VRAMAUTO_CACHE_CROSS,
       VRAMAUTO_CACHE_INDEXER, VRAMAUTO_CACHE_RING, VRAMAUTO_CACHE_STATE };
typedef uint32_t vramauto_state_kind;
enum { VRAMAUTO_STATE_MAMBA1 = 1, VRAMAUTO_STATE_MAMBA2, VRAMAUTO_STATE_GDN, VRAMAUTO_STATE_KDA, VRAMAUTO_STATE_LINEAR, VRAMAUTO_STATE_CONV };

typedef struct vramauto_cache {             /* what each of these layers keeps; a layer may have several. Sizes are the model's,
                                             * before parallelism; attention without a cache of its own (encoders) has none.
  FULL SLIDING CHUNKED CROSS  heads, k_dim, v_dim, window
  LATENT   k_dim the latent, v_dim the rotary part; window: of latents; compress: one entry of several tokens
  INDEXER  k_dim of its key; entry_bytes where it is stored with scales (fp8 of 128: 132), 0: in the model's dtype
  RING     raw rows that wait to be compressed: k_dim + v_dim of state_dtype, compress: tokens that become one entry,
           window: tokens kept, 0: the engine's room for one group
  STATE    conv: conv_length rows of conv_channels + group_channels; state_heads of state_elements:
    MAMBA1  channels I; I heads of N                 MAMBA2  channels I, 2GN that follow G groups; H heads of D x N
    GDN     channels 2 Hk Dk + Hv Dv; Hv of Dk x Dv  KDA     channels H D + 2 Hk Dk; H of D x D
    LINEAR  no channels; H of D x D                  CONV    channels; no heads */
  uint32_t struct_size, flags;
  vramauto_cache_kind kind;
  uint32_t owner;                           /* BORROWED: the layer whose cache it is */
  vramauto_layers layers;
  uint32_t heads, k_dim, v_dim;             /* KV heads and elements per head; LATENT: 1, latent, rope */
  uint32_t window;                          /* tokens, the current one included; chunk for CHUNKED */
  uint32_t compress, entry_bytes;           /* one entry per `compress` tokens (0: 1); INDEXER: fixed bytes of an entry */
  vramauto_state_kind state;                /* STATE */
  uint32_t conv_length;                     /* STATE: kernel - 1 */
  uint32_t conv_channels, group_channels;   /* STATE: channels that follow the heads, and those that follow the groups */
  uint32_t state_heads, state_groups;
  uint64_t state_elements;                  /* STATE: recurrent state of one head */
  uint32_t chunk, reserved;                 /* STATE: tokens per kernel chunk (MAMBA2: the configuration's; KDA: 16, 0 without bound) */
  vramauto_dtype conv_dtype, state_dtype;   /* as the configuration names them; 0: it does not, the engine decides */
} vramauto_cache;

typedef struct vramauto_forward {           /* widths that bound a layer's temporary memory, elements per token, undivided */
  uint32_t struct_size, flags;
  vramauto_layers layers;
  uint32_t query, key_value, attention_out, kv_heads;
  uint32_t latent_up, index_top_k;          /* MLA: heads x (nope + v); sparse attention: tokens kept */
  uint32_t intermediate;                    /* of the dense or shared MLP, 0 if none */
  uint32_t experts, experts_per_token, expert_intermediate;
  uint32_t per_layer_input, reserved;
} vramauto_forward;

typedef struct vramauto_encoder {           /* an image, video or audio tower as the engine profiles it */
  uint32_t struct_size, tokens_per_item;    /* output tokens of the largest item; of one frame for video */
  uint64_t patches_per_item, input_elements; /* positions, and input values, of the largest item or frame */
  uint32_t max_frames, levels;              /* video: frames allowed, 0 no video; output width is (1 + levels) x output */
  uint32_t hidden, intermediate, heads, layers;
  uint32_t attention_window, output;        /* patches an attention sees, 0: all; output width */
  const char *modality, *name;              /* "image", "video", "audio" */
} vramauto_encoder;

typedef struct vramauto_host {
  uint32_t struct_size, library_version;    /* as vramauto_version() */

  /* Reporting. `text` needs no NUL. fail() returns `status`; log() takes call = NULL in the entry. */
  void (*log)(vramauto_call *call, vramauto_level level, const char *text, size_t len);
  vramauto_status (*fail)(vramauto_call *call, vramauto_status status, const char *text, size_t len);
  vramauto_status (*should_stop)(vramauto_call *call);      /* VRAMAUTO_OK, else return it: timeout, cancelled */
  void *(*scratch)(vramauto_call *call, size_t bytes);      /* zeroed, 16-aligned, freed by the host; or NULL */

  /* The question. Set struct_size in `out`. */
  vramauto_status (*model)(vramauto_call *call, vramauto_model_info *out);
  vramauto_status (*tensor)(vramauto_call *call, uint64_t i, vramauto_tensor_info *out);
  vramauto_status (*find_tensor)(vramauto_call *call, const char *name, size_t len, vramauto_tensor_info *out);

  /* config.json, with the defaults of its model_type filled in, or the same keys made from GGUF metadata. `at` is an RFC 6901
   * pointer such as "/text_config/num_experts"; another file of the model by "preprocessor_config.json#/size". Missing:
   * VRAMAUTO_E_NOT_FOUND. Wrong type: VRAMAUTO_E_FORMAT, pointer named. */
  vramauto_json (*json_type)(vramauto_call *call, const char *at);
  vramauto_status (*json_length)(vramauto_call *call, const char *at, uint64_t *out);
  vramauto_status (*json_int)(vramauto_call *call, const char *at, int64_t *out);
  vramauto_status (*json_real)(vramauto_call *call, const char *at, double *out);
  vramauto_status (*json_bool)(vramauto_call *call, const char *at, uint32_t *out);
  vramauto_status (*json_string)(vramauto_call *call, const char *at, const char **out, size_t *len);

  /* The answer: checked and copied at once; a bad one is VRAMAUTO_E_PLUGIN, stays so whatever follows, and ends the description. */
  vramauto_status (*set_traits)(vramauto_call *call, const vramauto_traits *traits);
  vramauto_status (*add_weights)(vramauto_call *call, const vramauto_weights *weights);
  vramauto_status (*add_cache)(vramauto_call *call, const vramauto_cache *cache);
  vramauto_status (*add_forward)(vramauto_call *call, const vramauto_forward *forward);
  vramauto_status (*add_encoder)(vramauto_call *call, const vramauto_encoder *encoder);
  vramauto_status (*add_note)(vramauto_call *call, const char *text, size_t len);

  /* Let the best other estimator answer for a part: the configuration below `config_at` ("": the asker's own), tensors named with
   * `tensor_prefix`, of `architecture` (NULL: the one that configuration names). "model.x." is a base model whose head stays
   * outside: its "model.y" is "model.x.y" here, its "lm_head" the same. For composites: vision + language. Depth is limited to 4.
   * Its traits are the model's, until set_traits says otherwise: members that are 0 stay the part's. Its layers keep their
   * numbers. It reads keys of the whole model as "config.json#/key". */
  vramauto_status (*delegate)(vramauto_call *call, const char *config_at, const char *tensor_prefix, const char *architecture);
} vramauto_host;

/* match(): 0 no, 1-99 generic, 100-499 tensor names look right, 500-899 architecture known, 900-1000 also checked against
 * the engine. The highest score describes; on a tie the smaller id. */
typedef struct vramauto_estimator {
  uint32_t struct_size, flags;              /* 0 */
  const char *id;                           /* "moe": [a-z0-9_-]{1,31} */
  int32_t (*match)(const vramauto_host *host, vramauto_call *call); /* cheap; adds nothing */
  vramauto_status (*describe)(const vramauto_host *host, vramauto_call *call);
} vramauto_estimator;

typedef struct vramauto_plugin {            /* constant for the life of the process */
  uint32_t struct_size, estimator_count;
  const char *id, *version, *license;       /* "org.vramauto.moe", "1.2.0", SPDX */
  const vramauto_estimator *const *estimators;
} vramauto_plugin;

/* Must not block, allocate or start threads. NULL: "this host is too old". */
typedef const vramauto_plugin *(*vramauto_plugin_entry)(const vramauto_host *host);

/* VRAMAUTO_PLUGIN(moe) { return &plugin; } defines the entry: exported as vramauto_plugin_v1, or, with
 * VRAMAUTO_STATIC_PLUGIN, as vramauto_plugin_moe_v1 for vramauto_context_new_with(). */
#ifdef VRAMAUTO_STATIC_PLUGIN
#define VRAMAUTO_ENTRY_API_
#define VRAMAUTO_PLUGIN(id) VRAMAUTO_ENTRY_(vramauto_plugin_##id##_v1); VRAMAUTO_ENTRY_(vramauto_plugin_##id##_v1)
#else
#define VRAMAUTO_ENTRY_API_ VRAMAUTO_API
#define VRAMAUTO_PLUGIN(id) VRAMAUTO_ENTRY_(vramauto_plugin_v1); VRAMAUTO_ENTRY_(vramauto_plugin_v1)
#endif
#ifdef __cplusplus
#define VRAMAUTO_ENTRY_(fn) extern "C" VRAMAUTO_ENTRY_API_ const vramauto_plugin *fn(const vramauto_host *host)
#else
#define VRAMAUTO_ENTRY_(fn) VRAMAUTO_ENTRY_API_ const vramauto_plugin *fn(const vramauto_host *host)
#endif

/* For the application, not for plugins: estimators linked into the program, taken before all others. */
VRAMAUTO_API VRAMAUTO_CHECK vramauto_status vramauto_context_new_with(const vramauto_context_options *options, const vramauto_plugin_entry *entries,
                                                                      size_t count, vramauto_context **out, vramauto_error *err);

#ifdef __cplusplus
}
#endif
#endif /* VRAMAUTO_PLUGIN_H */
