/* 16 threads share one context, one model and one list of GPUs; all get the same answer. */
#include <pthread.h>
#include "check.h"

enum { THREADS = 16, ROUNDS = 20 };

static vramauto_context* ctx;
static vramauto_devices* gpus;
static vramauto_model* model;

static void* work(void* out) {
  vramauto_plan_info info;
  vramauto_error err;
  int i;
  VRAMAUTO_INIT(err);
  VRAMAUTO_INIT(info);
  for (i = 0; i < ROUNDS; ++i) {
    vramauto_plan* plan;
    MUST(vramauto_plan_calculate(ctx, gpus, model, NULL, &plan, &err), err);
    if (vramauto_plan_get(plan, &info)) abort();
    if (!vramauto_plan_argument(plan, 0) || vramauto_plan_json(plan, NULL, 0) == 0) abort();
    *(double*)out = info.gpu_memory_utilization;
    vramauto_plan_free(plan);
  }
  return NULL;
}

int main(int argc, char** argv) {
  pthread_t threads[THREADS];
  double answers[THREADS];
  vramauto_error err;
  int i;
  if (argc < 2) return 2;
  VRAMAUTO_INIT(err);
  MUST(vramauto_context_new(NULL, &ctx, &err), err);
  MUST(vramauto_devices_parse(ctx, "H100 80GB", &gpus, &err), err);
  MUST(vramauto_model_open(ctx, argv[1], &model, &err), err);
  for (i = 0; i < THREADS; ++i)
    if (pthread_create(&threads[i], NULL, work, &answers[i])) return 2;
  for (i = 0; i < THREADS; ++i) pthread_join(threads[i], NULL);
  for (i = 0; i < THREADS; ++i) CHECK_NUMBER(answers[i], answers[0]);
  CHECK(answers[0] > 0.0);
  vramauto_model_free(model);
  vramauto_devices_free(gpus);
  vramauto_context_free(ctx);
  CHECK_DONE;
}
