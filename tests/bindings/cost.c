/* What a plan costs in C with the model open: its calculation, its numbers, its end. Bindings' `cost` programs do the same.
 *
 *   cost PLANS     prints microseconds per plan */
#include <time.h>
#include "../capi/check.h"

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int main(int argc, char** argv) {
  const long plans = argc > 1 ? atol(argv[1]) : 0;
  vramauto_context_options options;
  vramauto_context* ctx;
  vramauto_devices* gpus;
  vramauto_model* model;
  vramauto_workload* workload;
  vramauto_error err;
  double start;
  long i;
  if (plans < 1) return fprintf(stderr, "usage: cost PLANS\n"), 2;
  VRAMAUTO_INIT(err);
  VRAMAUTO_INIT(options);
  options.flags = VRAMAUTO_CONTEXT_NO_ENV;
  MUST(vramauto_context_new(&options, &ctx, &err), err);
  MUST(vramauto_devices_parse(ctx, "RTX 4090", &gpus, &err), err);
  MUST(vramauto_model_open(ctx, "Qwen/Qwen3-8B", &model, &err), err);
  MUST(vramauto_workload_new(ctx, &workload, &err), err);
  MUST(vramauto_workload_set(workload, "max-model-len", "16384", &err), err);
  start = seconds();
  for (i = 0; i < plans; ++i) {
    vramauto_plan* plan;
    vramauto_plan_info info;
    VRAMAUTO_INIT(info);
    MUST(vramauto_plan_calculate(ctx, gpus, model, workload, &plan, &err), err);
    if (vramauto_plan_get(plan, &info) || info.fits != 1) return 1;
    vramauto_plan_free(plan);
  }
  printf("%.3f\n", (seconds() - start) / (double)plans * 1e6);
  vramauto_workload_free(workload);
  vramauto_model_free(model);
  vramauto_devices_free(gpus);
  vramauto_context_free(ctx);
  return 0;
}
