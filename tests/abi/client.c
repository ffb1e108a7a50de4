/* A program built with the headers of the baseline and run with today's library: calls every function that there was, reads every
 * struct with its size of then, and has a plugin of its age describe a model.
 *
 *   abi_client EMPTY_FOLDER PLUGIN */
#include <sys/stat.h>

#include "check.h"
#include "vramauto/vramauto_plugin.h"

/* A struct that the library writes, and bytes behind it that are none of its business. */
#define OUTPUT(type, name)            \
  struct {                            \
    type it;                          \
    unsigned char guard[128];         \
  } name;                             \
  memset(&name, 0x55, sizeof name);   \
  VRAMAUTO_INIT(name.it)
#define KEPT(name) kept(name.guard, sizeof name.guard, #name)

static void kept(const unsigned char *guard, size_t size, const char *name) {
  size_t i;
  for (i = 0; i < size; ++i)
    if (guard[i] != 0x55) {
      fprintf(stderr, "byte %lu behind %s was written\n", (unsigned long)i, name);
      ++check_failures;
      return;
    }
}

static const char config[] =
    "{\"architectures\": [\"LlamaForCausalLM\"], \"model_type\": \"baseline\", \"hidden_size\": 64, \"num_hidden_layers\": 4,"
    " \"layer_types\": [1, 2, 3, 4], \"rope_theta\": 10000.5, \"tie_word_embeddings\": false}";

static int logged;

static void count(void *user, vramauto_level level, const char *source, const char *message) {
  CHECK(user == &logged && level <= VRAMAUTO_LOG_INFO && source && message);
  ++logged;
}

static void library(void) {
  CHECK(vramauto_version() >= VRAMAUTO_VERSION_NUMBER);
  CHECK(vramauto_build_info()[0] == '{');
  CHECK_TEXT(vramauto_status_name(VRAMAUTO_E_PLUGIN), "VRAMAUTO_E_PLUGIN");
  CHECK(vramauto_gpu_memory_gib() >= 0.0);
  CHECK_NUMBER(vramauto_model_size_gib("somebody/Model-3B"), 6.0);
  CHECK(vramauto_gpu_memory_utilization("7B", 4096, 1) > 0.0);
}

static vramauto_context *open_context(const char *plugin) {
  vramauto_context_options options;
  vramauto_context *ctx, *other;
  OUTPUT(vramauto_error, err);
  OUTPUT(vramauto_plugin_info, info);
  size_t i;
  int found = 0;
  VRAMAUTO_INIT(options);
  options.flags = VRAMAUTO_CONTEXT_NO_ENV;
  options.log = count;
  options.user = &logged;
  options.log_level = VRAMAUTO_LOG_INFO;
  options.plugins = plugin;
  MUST(vramauto_context_new_with(&options, NULL, 0, &other, &err.it), err.it);
  vramauto_context_free(other);
  MUST(vramauto_context_new(&options, &ctx, &err.it), err.it);
  for (i = 0; i < vramauto_plugin_count(ctx); ++i) {
    MUST(vramauto_plugin_get(ctx, i, &info.it), err.it);
    if (strcmp(info.it.id, "org.vramauto.baseline") == 0 && info.it.status == VRAMAUTO_OK) ++found;
  }
  CHECK_NUMBER(found, 1);
  KEPT(info);
  KEPT(err);
  return ctx;
}

static vramauto_devices *open_devices(const vramauto_context *ctx) {
  vramauto_devices *detected, *named, *again;
  OUTPUT(vramauto_error, err);
  OUTPUT(vramauto_device_info, info);
  char json[4096];
  if (vramauto_devices_detect(ctx, 0, &detected, &err.it) == VRAMAUTO_OK) vramauto_devices_free(detected);
  MUST(vramauto_devices_parse(ctx, "24GiB", &named, &err.it), err.it);
  CHECK(vramauto_devices_json(named, json, sizeof json) < sizeof json);
  MUST(vramauto_devices_parse(ctx, json, &again, &err.it), err.it);
  vramauto_devices_free(named);
  CHECK_NUMBER(vramauto_devices_count(again), 1);
  CHECK_NUMBER(vramauto_devices_get(again, 0, &info.it), VRAMAUTO_OK);
  CHECK_NUMBER(info.it.total_bytes, 24.0 * 1024 * 1024 * 1024);
  KEPT(info);
  KEPT(err);
  return again;
}

static vramauto_model *open_model(const vramauto_context *ctx, const char *folder) {
  vramauto_model *model = NULL;
  OUTPUT(vramauto_error, err);
  OUTPUT(vramauto_model_info, info);
  OUTPUT(vramauto_tensor_info, tensor);
  CHECK_NUMBER(vramauto_model_open(ctx, "/does/not/exist", &model, &err.it), VRAMAUTO_E_NOT_FOUND);
  CHECK_TEXT(err.it.where, "/does/not/exist");
  MUST(vramauto_model_open(ctx, folder, &model, &err.it), err.it);
  CHECK_NUMBER(vramauto_model_get(model, &info.it), VRAMAUTO_OK);
  CHECK_TEXT(info.it.model_type, "baseline");
  CHECK(vramauto_model_tensor(model, 0, &tensor.it) != VRAMAUTO_OK);
  KEPT(tensor);
  KEPT(info);
  KEPT(err);
  return model;
}

static vramauto_workload *open_workload(const vramauto_context *ctx) {
  vramauto_workload *workload;
  OUTPUT(vramauto_error, err);
  OUTPUT(vramauto_option_info, option);
  CHECK(vramauto_option_count() > 10);
  CHECK_NUMBER(vramauto_option_get(0, &option.it), VRAMAUTO_OK);
  CHECK(strlen(option.it.name) > 0);
  MUST(vramauto_workload_new(ctx, &workload, &err.it), err.it);
  MUST(vramauto_workload_set(workload, "max-model-len", "1024", &err.it), err.it);
  CHECK_NUMBER(vramauto_workload_set(workload, "no-such-option", "1", &err.it), VRAMAUTO_E_ARGUMENT);
  KEPT(option);
  KEPT(err);
  return workload;
}

static void read_estimate(const vramauto_estimate *estimate) {
  OUTPUT(vramauto_estimate_info, info);
  OUTPUT(vramauto_component, part);
  OUTPUT(vramauto_cache_group, group);
  char json[65536];
  CHECK_NUMBER(vramauto_estimate_get(estimate, &info.it), VRAMAUTO_OK);
  CHECK_TEXT(info.it.estimator, "baseline");
  CHECK_TEXT(info.it.plugin, "org.vramauto.baseline");
  CHECK_NUMBER(info.it.parameters, 2 * 1000 * 64 + 4 * 3 * 64 * 64);
  CHECK_NUMBER(vramauto_estimate_component(estimate, 0, &part.it), VRAMAUTO_OK);
  CHECK_NUMBER(vramauto_estimate_cache_group(estimate, 0, &group.it), VRAMAUTO_OK);
  CHECK_NUMBER(group.it.block_bytes, group.it.block_tokens * 4.0 * 2 * 64 * 2);
  CHECK(info.it.notes > 0 && vramauto_estimate_note(estimate, 0) != NULL);
  CHECK(vramauto_estimate_json(estimate, json, sizeof json) < sizeof json && json[0] == '{');
  KEPT(info);
  KEPT(part);
  KEPT(group);
}

static void read_plan(const vramauto_plan *plan) {
  OUTPUT(vramauto_plan_info, info);
  const char *code = NULL;
  char text[65536];
  CHECK_NUMBER(vramauto_plan_get(plan, &info.it), VRAMAUTO_OK);
  CHECK_NUMBER(info.it.struct_size, sizeof info.it);
  CHECK_NUMBER(info.it.fits, 1);
  CHECK_NUMBER(info.it.max_model_len, 1024);
  CHECK(strlen(info.it.reason) > 0);
  CHECK_TEXT(vramauto_plan_argument(plan, 0), "serve");
  (void)vramauto_plan_warning(plan, 0, &code);
  CHECK(vramauto_plan_text(plan, text, sizeof text) < sizeof text && strlen(text) > 0);
  CHECK(vramauto_plan_json(plan, text, sizeof text) < sizeof text && strstr(text, "vramauto.plan/1") != NULL);
  read_estimate(vramauto_plan_estimate(plan));
  KEPT(info);
}

int main(int argc, char **argv) {
  vramauto_context *ctx;
  vramauto_devices *gpus;
  vramauto_model *model;
  vramauto_workload *workload;
  vramauto_estimate *estimate;
  vramauto_plan *plan;
  char path[1024];
  FILE *file;
  OUTPUT(vramauto_error, err);
  if (argc < 3) return 2;
  mkdir(argv[1], 0755);
  snprintf(path, sizeof path, "%s/config.json", argv[1]);
  if (!(file = fopen(path, "w")) || fputs(config, file) < 0 || fclose(file)) return 2;

  library();
  ctx = open_context(argv[2]);
  gpus = open_devices(ctx);
  model = open_model(ctx, argv[1]);
  workload = open_workload(ctx);
  MUST(vramauto_estimate_run(ctx, gpus, model, workload, &estimate, &err.it), err.it);
  read_estimate(estimate);
  MUST(vramauto_plan_calculate(ctx, gpus, model, workload, &plan, &err.it), err.it);
  read_plan(plan);
  CHECK(logged > 0);
  KEPT(err);
  vramauto_estimate_free(estimate);
  vramauto_workload_free(workload);
  vramauto_model_free(model);
  vramauto_devices_free(gpus);
  vramauto_context_free(ctx);
  vramauto_plan_free(plan);
  CHECK_DONE;
}
