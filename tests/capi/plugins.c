/* Plugins through the C ABI: linked into the program, opened from a file, listed, refused; on eight threads at once. */
#include <pthread.h>
#include <sys/stat.h>
#include "check.h"
#include "vramauto/vramauto_plugin.h"

enum { THREADS = 8, ROUNDS = 10 };

const vramauto_plugin* vramauto_plugin_example_c_v1(const vramauto_host* host); /* example.c, linked into this program */
static const vramauto_plugin_entry entries[] = {vramauto_plugin_example_c_v1};
static const char* plugin_file;
static const char* model_folder;

static const char config[] =
    "{\"architectures\": [\"LlamaForCausalLM\"], \"model_type\": \"example_c\", \"hidden_size\": 1024, \"intermediate_size\": 4096,"
    "\"num_hidden_layers\": 8, \"num_attention_heads\": 16, \"num_key_value_heads\": 8, \"vocab_size\": 32000,"
    "\"max_position_embeddings\": 4096, \"tie_word_embeddings\": false, \"torch_dtype\": \"bfloat16\"}";

static void describes(const vramauto_context* ctx, const char* estimator) {
  vramauto_model* model;
  vramauto_estimate* estimate;
  vramauto_estimate_info info;
  vramauto_error err;
  VRAMAUTO_INIT(err);
  VRAMAUTO_INIT(info);
  MUST(vramauto_model_open(ctx, model_folder, &model, &err), err);
  MUST(vramauto_estimate_run(ctx, NULL, model, NULL, &estimate, &err), err);
  MUST(vramauto_estimate_get(estimate, &info), err);
  CHECK_TEXT(info.estimator, estimator);
  vramauto_estimate_free(estimate);
  vramauto_model_free(model);
}

/* What is built in comes first, then the program's entries, then the files of the options, then those beside the library. */
static vramauto_plugin_info record(const vramauto_context* ctx, size_t i) {
  vramauto_plugin_info info;
  VRAMAUTO_INIT(info);
  if (vramauto_plugin_get(ctx, i, &info)) abort();
  return info;
}

static void an_entry_of_the_program_describes(void) {
  vramauto_context* ctx;
  vramauto_error err;
  vramauto_plugin_info info;
  VRAMAUTO_INIT(err);
  MUST(vramauto_context_new_with(NULL, entries, 1, &ctx, &err), err);
  VRAMAUTO_INIT(info);
  MUST(vramauto_plugin_get(ctx, 1, &info), err);
  CHECK_TEXT(info.id, "org.vramauto.example_c");
  CHECK_TEXT(info.path, "");
  describes(ctx, "example_c");
  vramauto_context_free(ctx);
  CHECK_NUMBER(vramauto_context_new_with(NULL, NULL, 1, &ctx, &err), VRAMAUTO_E_ARGUMENT);
}

static void a_file_of_the_options_describes(void) {
  vramauto_context* ctx;
  vramauto_context_options options;
  vramauto_error err;
  VRAMAUTO_INIT(err);
  VRAMAUTO_INIT(options);
  options.flags = VRAMAUTO_CONTEXT_NO_ENV;
  options.plugins = plugin_file;
  MUST(vramauto_context_new(&options, &ctx, &err), err);
  CHECK_NUMBER(record(ctx, 1).status, VRAMAUTO_OK);
  CHECK_TEXT(record(ctx, 1).message, "estimators: example_c");
  describes(ctx, "example_c");
  vramauto_context_free(ctx);
  options.flags |= VRAMAUTO_CONTEXT_NO_PLUGINS;
  MUST(vramauto_context_new(&options, &ctx, &err), err);
  describes(ctx, "decoder");
  vramauto_context_free(ctx);
}

static void a_file_is_refused_beside_an_entry_of_the_same_name(void) {
  vramauto_context* ctx;
  vramauto_context_options options;
  vramauto_error err;
  VRAMAUTO_INIT(err);
  VRAMAUTO_INIT(options);
  options.plugins = plugin_file;
  MUST(vramauto_context_new_with(&options, entries, 1, &ctx, &err), err);
  CHECK_NUMBER(record(ctx, 2).status, VRAMAUTO_E_PLUGIN);
  CHECK_TEXT(record(ctx, 2).message, "a plugin org.vramauto.example_c was found before");
  vramauto_context_free(ctx);
}

static void the_list_has_an_end(void) {
  vramauto_context* ctx;
  vramauto_plugin_info info;
  vramauto_error err;
  VRAMAUTO_INIT(err);
  VRAMAUTO_INIT(info);
  MUST(vramauto_context_new(NULL, &ctx, &err), err);
  CHECK_NUMBER(vramauto_plugin_get(ctx, vramauto_plugin_count(ctx), &info), VRAMAUTO_E_ARGUMENT);
  CHECK_NUMBER(vramauto_plugin_get(NULL, 0, &info), VRAMAUTO_E_ARGUMENT);
  CHECK_NUMBER(vramauto_plugin_count(NULL), 0);
  vramauto_context_free(ctx);
}

static void* open_and_describe(void* unused) {
  int i;
  for (i = 0; i < ROUNDS; ++i) a_file_of_the_options_describes();
  return unused;
}

static void contexts_may_be_made_on_many_threads(void) {
  pthread_t threads[THREADS];
  int i;
  for (i = 0; i < THREADS; ++i)
    if (pthread_create(&threads[i], NULL, open_and_describe, NULL)) abort();
  for (i = 0; i < THREADS; ++i) pthread_join(threads[i], NULL);
}

int main(int argc, char** argv) {
  char path[1024];
  FILE* file;
  if (argc < 3) return 2;
  model_folder = argv[1];
  plugin_file = argv[2];
  mkdir(model_folder, 0755);
  snprintf(path, sizeof path, "%s/config.json", model_folder);
  if (!(file = fopen(path, "w")) || fputs(config, file) < 0 || fclose(file)) return 2;
  an_entry_of_the_program_describes();
  a_file_of_the_options_describes();
  a_file_is_refused_beside_an_entry_of_the_same_name();
  the_list_has_an_end();
  contexts_may_be_made_on_many_threads();
  CHECK_DONE;
}
