/* What is built in can be listed, and everything in the lists can be used. */
#include "check.h"

static void every_model_opens(const vramauto_context* ctx) {
  vramauto_error err;
  const char* id;
  int known = 0;
  size_t i;
  VRAMAUTO_INIT(err);
  for (i = 0; (id = vramauto_catalogue_model(i)) != NULL; ++i) {
    vramauto_model* model;
    CHECK(strlen(id) > 3 && strchr(id, ' ') == NULL);
    MUST(vramauto_model_open(ctx, id, &model, &err), err);
    vramauto_model_free(model);
    known += strcmp(id, "Qwen/Qwen3-8B") == 0;
  }
  CHECK(i > 100);
  CHECK_NUMBER(known, 1);
  CHECK(vramauto_catalogue_model(i + 1) == NULL && vramauto_catalogue_model(SIZE_MAX) == NULL);
}

static void every_gpu_has_a_size(const vramauto_context* ctx) {
  vramauto_device_info info;
  vramauto_error err;
  const char* name;
  size_t i;
  VRAMAUTO_INIT(err);
  VRAMAUTO_INIT(info);
  for (i = 0; (name = vramauto_catalogue_gpu(i)) != NULL; ++i) {
    vramauto_devices* gpus;
    MUST(vramauto_devices_parse(ctx, name, &gpus, &err), err);
    CHECK_NUMBER(vramauto_devices_count(gpus), 1);
    CHECK_NUMBER(vramauto_devices_get(gpus, 0, &info), VRAMAUTO_OK);
    CHECK_TEXT(info.name, name);
    CHECK(info.total_bytes > 0 && info.total_bytes != VRAMAUTO_UNKNOWN);
    vramauto_devices_free(gpus);
  }
  CHECK(i > 100);
  CHECK(vramauto_catalogue_gpu(i + 1) == NULL && vramauto_catalogue_gpu(SIZE_MAX) == NULL);
}

int main(void) {
  vramauto_context* ctx;
  vramauto_error err;
  VRAMAUTO_INIT(err);
  MUST(vramauto_context_new(NULL, &ctx, &err), err);
  every_model_opens(ctx);
  every_gpu_has_a_size(ctx);
  CHECK(vramauto_catalogue_model(0) == vramauto_catalogue_model(0)); /* constants, not copies */
  vramauto_context_free(ctx);
  CHECK_DONE;
}
