/* What goes wrong is a status and a struct of the caller's; on failure nothing else is written. */
#include "check.h"

static void frees_accept_null(void) {
  vramauto_context_free(NULL);
  vramauto_devices_free(NULL);
  vramauto_model_free(NULL);
  vramauto_workload_free(NULL);
  vramauto_estimate_free(NULL);
  vramauto_plan_free(NULL);
}

static void null_is_an_answer(void) {
  vramauto_plan_info info;
  VRAMAUTO_INIT(info);
  CHECK_NUMBER(vramauto_plan_get(NULL, &info), VRAMAUTO_E_ARGUMENT);
  CHECK_NUMBER(vramauto_devices_count(NULL), 0);
  CHECK_NUMBER(vramauto_devices_json(NULL, NULL, 0), 0);
  CHECK_NUMBER(vramauto_plan_json(NULL, NULL, 0), 0);
  CHECK(vramauto_plan_argument(NULL, 0) == NULL);
  CHECK(vramauto_plan_environment(NULL, 0) == NULL);
  CHECK(vramauto_plan_warning(NULL, 0, NULL) == NULL);
  CHECK(vramauto_plan_estimate(NULL) == NULL);
  CHECK(vramauto_estimate_note(NULL, 0) == NULL);
  CHECK_NUMBER(vramauto_context_new(NULL, NULL, NULL), VRAMAUTO_E_ARGUMENT);
}

static void names_never_null(void) {
  CHECK_TEXT(vramauto_status_name(VRAMAUTO_E_FORMAT), "VRAMAUTO_E_FORMAT");
  CHECK_TEXT(vramauto_status_name(-77777), "VRAMAUTO_E_UNKNOWN");
  CHECK_NUMBER(vramauto_version(), VRAMAUTO_VERSION_NUMBER);
  CHECK(vramauto_build_info()[0] == '{');
}

int main(void) {
  vramauto_context* ctx;
  vramauto_model* model = NULL;
  vramauto_workload* workload;
  vramauto_devices* gpus = NULL;
  vramauto_error err;
  char path[1200];
  frees_accept_null();
  null_is_an_answer();
  names_never_null();

  VRAMAUTO_INIT(err);
  MUST(vramauto_context_new(NULL, &ctx, &err), err);
  err.message[0] = '!';
  MUST(vramauto_workload_new(ctx, &workload, &err), err);
  CHECK(err.message[0] == '!'); /* untouched on success */

  CHECK_NUMBER(vramauto_workload_set(workload, "max-modellen", "1", &err), VRAMAUTO_E_ARGUMENT);
  CHECK_TEXT(err.where, "max-modellen");
  CHECK(strstr(err.message, "max-model-len") != NULL);
  CHECK(err.offset == VRAMAUTO_UNKNOWN);
  CHECK_NUMBER(vramauto_workload_set(workload, "gpu-memory-utilization", "1.5", NULL), VRAMAUTO_E_ARGUMENT);

  CHECK_NUMBER(vramauto_model_open(ctx, "/does/not/exist", &model, &err), VRAMAUTO_E_NOT_FOUND);
  CHECK(model == NULL);
  CHECK_TEXT(err.where, "/does/not/exist");
  memset(path, 'x', sizeof path - 1);
  memcpy(path, "/start/", 7);
  memcpy(path + sizeof path - 6, "/end!", 6);
  CHECK(vramauto_model_open(ctx, path, &model, &err) != VRAMAUTO_OK);
  CHECK(strlen(err.where) < sizeof err.where && strlen(err.message) < sizeof err.message);

  CHECK(vramauto_devices_parse(ctx, "{\"devices\": 3}", &gpus, &err) == VRAMAUTO_E_FORMAT);
  CHECK(gpus == NULL);
  vramauto_workload_free(workload);
  vramauto_context_free(ctx);
  CHECK_DONE;
}
