/* vramauto.h - how much GPU memory will a model need in an inference engine, and which settings should it get?
 *
 *   double u = vramauto_gpu_memory_utilization("Qwen/Qwen3-8B", 8192, 1);      // a rule of thumb, one number
 *
 *   vramauto_error err; VRAMAUTO_INIT(err);                                     // the engine's arithmetic, the whole answer
 *   vramauto_plan_info info; VRAMAUTO_INIT(info);
 *   if (vramauto_context_new(NULL, &ctx, &err) || vramauto_devices_detect(ctx, 0, &gpus, &err) ||
 *       vramauto_model_open(ctx, "/models/Qwen3-8B", &model, &err) ||
 *       vramauto_plan_calculate(ctx, gpus, model, NULL, &plan, &err))
 *     fprintf(stderr, "%s: %s\n", err.where, err.message);
 *   else if (!vramauto_plan_get(plan, &info)) printf("%.4f\n", info.gpu_memory_utilization);
 *
 * The contract, once:
 *  Calls    What can fail returns vramauto_status and takes a trailing `vramauto_error *` (may be NULL).
 *           On failure nothing but the error is written.
 *  Handles  Opaque; each has its own _free, which accepts NULL, in any order: a handle keeps alive what it
 *           was made from.
 *  Strings  UTF-8. Inputs are NUL-terminated and copied. A `const char *` you receive lives as long as the
 *           handle you got it from. Text of unknown length goes to your buffer as with snprintf: the result
 *           is the length needed, without the NUL. You never free a string.
 *  Structs  VRAMAUTO_INIT(x) zeroes one and sets struct_size. In inputs zero means "default"; a struct larger than the library
 *           knows must have a zero tail, else VRAMAUTO_E_UNSUPPORTED. In outputs at most struct_size bytes
 *           are written. Structs only grow at the end.
 *  Units    Bytes, unless the name says otherwise. VRAMAUTO_UNKNOWN is "not known", never 0.
 *  Callbacks Run on a thread that is inside a vramauto call which was given their context; never after its _free.
 *  Threads  No global and no thread-local state. A const handle may be used by many threads at once, a non-const
 *           one by one at a time; a free races with nothing on that handle.
 *  Unwind   No C++ exception leaves this library; none may enter it through a callback. */
#ifndef VRAMAUTO_H
#define VRAMAUTO_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if UINTPTR_MAX < UINT64_MAX
#error "vramauto is for 64-bit platforms"
#endif

#define VRAMAUTO_VERSION_NUMBER 1000 /* major * 1000000 + minor * 1000 + patch: 0.1.0 */
#define VRAMAUTO_UNKNOWN UINT64_MAX
#define VRAMAUTO_MAX_RANK 8
#define VRAMAUTO_INIT(x) (memset(&(x), 0, sizeof(x)), (x).struct_size = (uint32_t)sizeof(x))

#if defined(__GNUC__)
#define VRAMAUTO_API __attribute__((visibility("default")))
#define VRAMAUTO_CHECK __attribute__((warn_unused_result))
#else
#define VRAMAUTO_API
#define VRAMAUTO_CHECK
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- One number: the rule of thumb the project began from. Never fail, print nothing, use the first GPU. ---- */
VRAMAUTO_API double vramauto_gpu_memory_gib(void);                /* total of the first GPU; 0.0 without one */
VRAMAUTO_API double vramauto_model_size_gib(const char *model);   /* weights; files, config, name, else 7.0 */
/* In (0, 1]. max_model_len 0: the default; tensor_parallel_size 0: 1. Without a GPU 0.90. */
VRAMAUTO_API double vramauto_gpu_memory_utilization(const char *model, uint64_t max_model_len, uint32_t tensor_parallel_size);

/* ---- Codes: fixed-width integers with named values, never renumbered or reused; accept those you do not know. ---- */
typedef int32_t vramauto_status;
enum {
  VRAMAUTO_OK = 0,                  /* -1..-99 general */
  VRAMAUTO_E_ARGUMENT = -1,         /* NULL, out of range, unknown option */
  VRAMAUTO_E_MEMORY = -2,
  VRAMAUTO_E_UNSUPPORTED = -3,      /* understood, but cannot be done */
  VRAMAUTO_E_NOT_FOUND = -4,
  VRAMAUTO_E_IO = -5,               /* the system refused; message has its words */
  VRAMAUTO_E_TIMEOUT = -6,
  VRAMAUTO_E_CANCELLED = -7,
  VRAMAUTO_E_INTERNAL = -8,         /* a bug in vramauto */
  VRAMAUTO_E_NO_DRIVER = -100,      /* -100..-199 devices: no usable driver */
  VRAMAUTO_E_DRIVER = -101,         /* the driver reported an error */
  VRAMAUTO_E_FORMAT = -200,         /* -200..-299 model files: malformed, see vramauto_error.offset */
  VRAMAUTO_E_LIMIT = -201,          /* well formed, beyond a safety limit */
  VRAMAUTO_E_NO_ESTIMATOR = -300,   /* -300..-399 estimators: none matched */
  VRAMAUTO_E_PLUGIN = -301          /* one broke its contract */
};                                  /* <= -10000: an estimator's own, passed through unread */

typedef int32_t vramauto_level;
enum { VRAMAUTO_LOG_ERROR = 1, VRAMAUTO_LOG_WARN, VRAMAUTO_LOG_INFO, VRAMAUTO_LOG_DEBUG };

typedef uint32_t vramauto_dtype;    /* 0 unknown; 1..99 below; 100..199 ggml type + 100; 0x40000000.. third party */
enum { VRAMAUTO_F64 = 1, VRAMAUTO_F32, VRAMAUTO_F16, VRAMAUTO_BF16, VRAMAUTO_F8_E4M3, VRAMAUTO_F8_E5M2, VRAMAUTO_F8_E8M0,
       VRAMAUTO_F4 = 10, VRAMAUTO_I64 = 20, VRAMAUTO_I32, VRAMAUTO_I16, VRAMAUTO_I8, VRAMAUTO_U8, VRAMAUTO_BOOL };

typedef uint32_t vramauto_kind;     /* what memory is for; 0x40000000.. third party */
enum { VRAMAUTO_KIND_OTHER = 0, VRAMAUTO_KIND_WEIGHTS, VRAMAUTO_KIND_KV_CACHE, VRAMAUTO_KIND_STATE, VRAMAUTO_KIND_ACTIVATIONS,
       VRAMAUTO_KIND_GRAPHS, VRAMAUTO_KIND_COMMUNICATION, VRAMAUTO_KIND_RUNTIME };

/* Yours: no allocation, no lifetime, no thread. Untouched on success. */
typedef struct vramauto_error {
  uint32_t struct_size;
  vramauto_status status;
  uint64_t offset;                  /* byte in the file that `where` names, or VRAMAUTO_UNKNOWN */
  char where[240];                  /* file, estimator or option; of a long path, its end */
  char message[256];                /* one sentence, no newline */
} vramauto_error;

typedef struct vramauto_context vramauto_context;     /* log sink and estimators */
typedef struct vramauto_devices vramauto_devices;     /* immutable snapshot of GPUs */
typedef struct vramauto_model vramauto_model;         /* immutable: configuration and tensor headers */
typedef struct vramauto_workload vramauto_workload;   /* what the engine is asked to do: named options */
typedef struct vramauto_estimate vramauto_estimate;   /* immutable: bytes per rank and cache geometry */
typedef struct vramauto_plan vramauto_plan;           /* immutable: settings, and whether they fit */

/* ---- Library ---- */
VRAMAUTO_API uint32_t vramauto_version(void);                          /* of the binary */
VRAMAUTO_API const char *vramauto_build_info(void);                    /* JSON: compiler, options, dependencies */
VRAMAUTO_API const char *vramauto_status_name(vramauto_status status); /* "VRAMAUTO_E_FORMAT"; never NULL */

/* ---- Context ---- */
/* Runs on a thread that is inside a vramauto call, on several at once; must not use the context. */
typedef void (*vramauto_log_fn)(void *user, vramauto_level level, const char *source, const char *message);

enum { VRAMAUTO_CONTEXT_NO_PLUGINS = 1, /* built-in estimators only */
       VRAMAUTO_CONTEXT_NO_ENV = 2 };   /* ignore environment variables */
typedef struct vramauto_context_options {
  uint32_t struct_size, flags;          /* VRAMAUTO_CONTEXT_* */
  vramauto_log_fn log;                  /* NULL: silent */
  void *user;                           /* for the callback */
  vramauto_level log_level;             /* 0: VRAMAUTO_LOG_WARN */
  uint32_t plugin_timeout_ms;           /* for one estimator to describe a model; 0: 2000 */
  const char *plugins;                  /* ':'-separated absolute directories and files, taken first */
} vramauto_context_options;
VRAMAUTO_API VRAMAUTO_CHECK vramauto_status vramauto_context_new(const vramauto_context_options *options, vramauto_context **out,
                                                                 vramauto_error *err);
VRAMAUTO_API void vramauto_context_free(vramauto_context *ctx);

/* ---- Plugins (vramauto_plugin.h): what was found, in the order it was searched for, also what was refused and why ---- */
typedef struct vramauto_plugin_info {
  uint32_t struct_size;
  vramauto_status status;               /* VRAMAUTO_OK: in use */
  const char *id, *version;             /* "" when not known */
  const char *path, *message;           /* path "" when built in or the application's; its estimators, or why it was refused */
} vramauto_plugin_info;
VRAMAUTO_API size_t vramauto_plugin_count(const vramauto_context *ctx);
VRAMAUTO_API VRAMAUTO_CHECK vramauto_status vramauto_plugin_get(const vramauto_context *ctx, size_t i, vramauto_plugin_info *out);

/* ---- Devices (detection) ---- */
enum { VRAMAUTO_DETECT_CUDA = 1 };      /* ask the CUDA driver in this process: exact totals, but later forks lose CUDA */
typedef struct vramauto_device_info {
  uint32_t struct_size, index;          /* in the order the engine will see them */
  uint64_t total_bytes, free_bytes;     /* as cudaMemGetInfo counts them */
  uint32_t compute_major, compute_minor;
  uint32_t flags, reserved;             /* 1 unified memory, 2 MIG slice, 4 total is from the catalogue */
  const char *name, *uuid, *pci_bus_id, *source;
} vramauto_device_info;
VRAMAUTO_API VRAMAUTO_CHECK vramauto_status vramauto_devices_detect(const vramauto_context *ctx, uint32_t flags,
                                                                    vramauto_devices **out, vramauto_error *err);
/* Without hardware: "2x RTX 4090", "H100 80GB", "24GiB", or the JSON that vramauto_devices_json wrote. */
VRAMAUTO_API VRAMAUTO_CHECK vramauto_status vramauto_devices_parse(const vramauto_context *ctx, const char *text,
                                                                   vramauto_devices **out, vramauto_error *err);
VRAMAUTO_API size_t vramauto_devices_count(const vramauto_devices *devices);
VRAMAUTO_API VRAMAUTO_CHECK vramauto_status vramauto_devices_get(const vramauto_devices *devices, size_t i, vramauto_device_info *out);
VRAMAUTO_API size_t vramauto_devices_json(const vramauto_devices *devices, char *buf, size_t cap);
VRAMAUTO_API void vramauto_devices_free(vramauto_devices *devices);

/* ---- Models: a directory, config.json, .safetensors, its .index.json, or a Hugging Face id ---- */
typedef struct vramauto_model_info {
  uint32_t struct_size, source;         /* 1 files, 2 config only, 3 catalogue, 4 name only, 5 Hugging Face cache */
  uint64_t tensor_count, parameters, stored_bytes;  /* VRAMAUTO_UNKNOWN without tensor headers */
  const char *id, *path, *architecture, *model_type; /* "" when not known */
} vramauto_model_info;
typedef struct vramauto_tensor_info {
  uint32_t struct_size;
  vramauto_dtype dtype;
  uint64_t bytes, shape[VRAMAUTO_MAX_RANK]; /* outermost first */
  uint32_t rank, name_len;
  const char *name;
} vramauto_tensor_info;
VRAMAUTO_API VRAMAUTO_CHECK vramauto_status vramauto_model_open(const vramauto_context *ctx, const char *path_or_id,
                                                                vramauto_model **out, vramauto_error *err);
VRAMAUTO_API VRAMAUTO_CHECK vramauto_status vramauto_model_get(const vramauto_model *model, vramauto_model_info *out);
VRAMAUTO_API VRAMAUTO_CHECK vramauto_status vramauto_model_tensor(const vramauto_model *model, uint64_t i, vramauto_tensor_info *out);
VRAMAUTO_API void vramauto_model_free(vramauto_model *model);

/* ---- Workload: named options, the names being vLLM's own flags without the dashes ---- */
typedef struct vramauto_option_info {
  uint32_t struct_size, type;           /* 1 switch, 2 integer, 3 number, 4 bytes, 5 choice, 6 text, 7 JSON */
  const char *name, *short_name, *choices, *default_text, *help;
} vramauto_option_info;
VRAMAUTO_API size_t vramauto_option_count(void);
VRAMAUTO_API VRAMAUTO_CHECK vramauto_status vramauto_option_get(size_t i, vramauto_option_info *out);
VRAMAUTO_API VRAMAUTO_CHECK vramauto_status vramauto_workload_new(const vramauto_context *ctx, vramauto_workload **out, vramauto_error *err);
/* value NULL: back to the default. Numbers as vLLM reads them: "32k" is 32,000, "32K" is 32,768; bytes also as "24GiB". */
VRAMAUTO_API VRAMAUTO_CHECK vramauto_status vramauto_workload_set(vramauto_workload *workload, const char *name, const char *value,
                                                                  vramauto_error *err);
VRAMAUTO_API void vramauto_workload_free(vramauto_workload *workload);

/* ---- Estimates (estimation). devices NULL: a GPU of unknown size. workload NULL: every default ---- */
typedef struct vramauto_estimate_info {
  uint32_t struct_size, ranks;
  uint64_t components, cache_groups, notes;
  uint64_t parameters, peak_bytes;      /* peak: fullest rank, without the KV cache */
  const char *estimator, *plugin, *engine, *engine_version;
} vramauto_estimate_info;
typedef struct vramauto_component {     /* one named amount of memory on one rank */
  uint32_t struct_size, rank;
  vramauto_kind kind;
  uint32_t flags;                       /* 1: outside the engine's budget */
  uint64_t bytes, low_bytes, high_bytes; /* best value and bounds; all equal when exact */
  const char *name, *source;            /* "layers"; "config", "vLLM 0.33", "measured ..." */
} vramauto_component;
typedef struct vramauto_cache_group {   /* one group of layers as the engine allocates them; equal groups are listed each */
  uint32_t struct_size, rank;
  uint32_t layers, block_tokens;        /* layers: real ones, without padding */
  uint64_t block_bytes;                 /* all its layers, one block, padding included */
  uint64_t window_tokens;               /* kept per sequence; VRAMAUTO_UNKNOWN: the whole context */
  uint64_t sequence_bytes;              /* of state that does not grow with length */
  const char *kind;                     /* "full", "sliding", "chunked", ... */
} vramauto_cache_group;
VRAMAUTO_API VRAMAUTO_CHECK vramauto_status vramauto_estimate_run(const vramauto_context *ctx, const vramauto_devices *devices,
                                                                  const vramauto_model *model, const vramauto_workload *workload,
                                                                  vramauto_estimate **out, vramauto_error *err);
VRAMAUTO_API VRAMAUTO_CHECK vramauto_status vramauto_estimate_get(const vramauto_estimate *estimate, vramauto_estimate_info *out);
VRAMAUTO_API VRAMAUTO_CHECK vramauto_status vramauto_estimate_component(const vramauto_estimate *estimate, uint64_t i, vramauto_component *out);
VRAMAUTO_API VRAMAUTO_CHECK vramauto_status vramauto_estimate_cache_group(const vramauto_estimate *estimate, uint64_t i, vramauto_cache_group *out);
VRAMAUTO_API const char *vramauto_estimate_note(const vramauto_estimate *estimate, uint64_t i); /* NULL past the end */
VRAMAUTO_API size_t vramauto_estimate_json(const vramauto_estimate *estimate, char *buf, size_t cap);
VRAMAUTO_API void vramauto_estimate_free(vramauto_estimate *estimate);

/* ---- Plans (calculation) ---- */
enum { VRAMAUTO_STRATEGY_NONE = 0, VRAMAUTO_STRATEGY_GIVEN, VRAMAUTO_STRATEGY_CONSERVATIVE, VRAMAUTO_STRATEGY_STANDARD,
       VRAMAUTO_STRATEGY_AGGRESSIVE, VRAMAUTO_STRATEGY_MINIMAL, VRAMAUTO_STRATEGY_MAXIMAL };
enum { VRAMAUTO_MARGIN_NONE = 0, VRAMAUTO_MARGIN_THIN, VRAMAUTO_MARGIN_COMFORTABLE };
typedef struct vramauto_plan_info {
  uint32_t struct_size, fits;           /* 0 no, 1 yes, 2 not known (no GPU size); "no" is an answer, not an error */
  double gpu_memory_utilization, utilization_min, utilization_max; /* 0.0: not known */
  uint32_t strategy, tensor_parallel_size;
  uint32_t pipeline_parallel_size, data_parallel_size;
  uint64_t max_model_len, max_model_len_limit, max_num_seqs;
  uint64_t kv_cache_bytes, kv_cache_tokens;
  uint64_t headroom_bytes;              /* fullest rank, after start */
  double max_concurrency;
  uint32_t margin, reserved;            /* VRAMAUTO_MARGIN_* */
  const char *reason;
} vramauto_plan_info;
VRAMAUTO_API VRAMAUTO_CHECK vramauto_status vramauto_plan_calculate(const vramauto_context *ctx, const vramauto_devices *devices,
                                                                    const vramauto_model *model, const vramauto_workload *workload,
                                                                    vramauto_plan **out, vramauto_error *err);
VRAMAUTO_API VRAMAUTO_CHECK vramauto_status vramauto_plan_get(const vramauto_plan *plan, vramauto_plan_info *out);
VRAMAUTO_API const vramauto_estimate *vramauto_plan_estimate(const vramauto_plan *plan); /* the plan's own: never free it; NULL by the rule */
VRAMAUTO_API const char *vramauto_plan_argument(const vramauto_plan *plan, size_t i);    /* all the engine needs; NULL past the end */
VRAMAUTO_API const char *vramauto_plan_warning(const vramauto_plan *plan, size_t i, const char **code); /* NULL past the end */
VRAMAUTO_API size_t vramauto_plan_text(const vramauto_plan *plan, char *buf, size_t cap); /* for people */
VRAMAUTO_API size_t vramauto_plan_json(const vramauto_plan *plan, char *buf, size_t cap); /* schema vramauto.plan/1 */
VRAMAUTO_API void vramauto_plan_free(vramauto_plan *plan);

#ifdef __cplusplus
}
#endif
#endif /* VRAMAUTO_H */
