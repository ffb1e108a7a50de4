/* Draft models and adapters are models of their own, attached to a workload. */
#include <pthread.h>
#include "check.h"

enum { ADAPTERS = 64, THREADS = 8 };

static vramauto_context* ctx;
static vramauto_devices* gpus;
static vramauto_model* model;
static vramauto_workload* workload;

static vramauto_model* opened(const char* folder, const char* name) {
  vramauto_model* out;
  vramauto_error err;
  char path[1200];
  VRAMAUTO_INIT(err);
  snprintf(path, sizeof path, "%s%s", folder, name);
  MUST(vramauto_model_open(ctx, path, &out, &err), err);
  return out;
}

/* Bytes of the component of this name on the first rank; 0 without one. */
static double bytes_of(const vramauto_plan* plan, const char* name) {
  vramauto_component component;
  uint64_t i;
  VRAMAUTO_INIT(component);
  for (i = 0; vramauto_estimate_component(vramauto_plan_estimate(plan), i, &component) == VRAMAUTO_OK; ++i)
    if (strcmp(component.name, name) == 0) return (double)component.bytes;
  return 0;
}

static vramauto_plan* planned(void) {
  vramauto_plan* out;
  vramauto_error err;
  VRAMAUTO_INIT(err);
  MUST(vramauto_plan_calculate(ctx, gpus, model, workload, &out, &err), err);
  return out;
}

static void arguments_are_checked(const vramauto_model* adapter) {
  vramauto_error err;
  VRAMAUTO_INIT(err);
  CHECK_NUMBER(vramauto_workload_attach(NULL, "lora", adapter, &err), VRAMAUTO_E_ARGUMENT);
  CHECK_NUMBER(vramauto_workload_attach(workload, NULL, adapter, &err), VRAMAUTO_E_ARGUMENT);
  CHECK_NUMBER(vramauto_workload_attach(workload, "lora", NULL, &err), VRAMAUTO_E_ARGUMENT);
  CHECK_NUMBER(vramauto_workload_attach(workload, "reranker", adapter, &err), VRAMAUTO_E_ARGUMENT);
  CHECK_TEXT(err.where, "role");
  CHECK_TEXT(err.message, "found \"reranker\", expected speculative or lora");
  CHECK_NUMBER(vramauto_workload_attach(workload, "lora", model, &err), VRAMAUTO_E_ARGUMENT);
  CHECK(strstr(err.message, "is no LoRA adapter") != NULL);
}

static void* work(void* out) {
  vramauto_plan* plan = planned();
  *(double*)out = bytes_of(plan, "LoRA adapters");
  vramauto_plan_free(plan);
  return NULL;
}

int main(int argc, char** argv) {
  pthread_t threads[THREADS];
  double answers[THREADS], one;
  vramauto_model* adapter;
  vramauto_plan* plan;
  vramauto_error err;
  size_t i, modules = 0;
  if (argc < 3) return 2;
  VRAMAUTO_INIT(err);
  MUST(vramauto_context_new(NULL, &ctx, &err), err);
  MUST(vramauto_devices_parse(ctx, "H100 80GB", &gpus, &err), err);
  MUST(vramauto_workload_new(ctx, &workload, &err), err);
  model = opened(argv[1], "");
  adapter = opened(argv[2], "/adapter");
  arguments_are_checked(adapter);

  plan = planned();
  CHECK_NUMBER(bytes_of(plan, "LoRA adapters"), 0);
  vramauto_plan_free(plan);

  MUST(vramauto_workload_attach(workload, "lora", adapter, &err), err);
  vramauto_model_free(adapter); /* the workload keeps it */
  plan = planned();
  one = bytes_of(plan, "LoRA adapters");
  CHECK(one > 0);
  vramauto_plan_free(plan);

  for (i = 1; i < ADAPTERS; ++i) {
    adapter = opened(argv[2], "/adapter");
    MUST(vramauto_workload_attach(workload, "lora", adapter, &err), err);
    vramauto_model_free(adapter);
  }
  for (i = 0; i < THREADS; ++i)
    if (pthread_create(&threads[i], NULL, work, &answers[i])) return 2;
  for (i = 0; i < THREADS; ++i) pthread_join(threads[i], NULL);
  for (i = 0; i < THREADS; ++i) CHECK_NUMBER(answers[i], one); /* room is for max-loras, however many there are */

  plan = planned();
  vramauto_workload_free(workload); /* the plan keeps what it says */
  for (i = 0; vramauto_plan_argument(plan, i); ++i) modules += strstr(vramauto_plan_argument(plan, i), "/adapter") != NULL;
  CHECK_NUMBER(modules, ADAPTERS);
  vramauto_plan_free(plan);
  vramauto_model_free(model);
  vramauto_devices_free(gpus);
  vramauto_context_free(ctx);
  CHECK_DONE;
}
