/* The rule of thumb: its test vectors through the long way, and the three calls that cannot fail. */
#include "check.h"

static const struct {
  const char *model, *gpu, *length, *tensor;
  double utilization;
} vectors[] = {
    {"3B", "23.5GiB", "4096", "1", 0.58},
    {"1B", "23.5GiB", "2048", "1", 0.50},
    {"7B", "23.5GiB", "4096", "1", 0.88},
    {"7B", "23.5GiB", "8192", "1", 0.95},
    {"Qwen/Qwen2.5-VL-3B-Instruct", "23.5GiB", "4096", "1", 0.58},
    {"no-number-in-it", "23.5GiB", "4096", "1", 0.64},
    {"70B", "80GiB", "4096", "4", 0.95},
};

static void check_vector(vramauto_context* ctx, size_t i) {
  vramauto_devices* gpus;
  vramauto_model* model;
  vramauto_workload* workload;
  vramauto_plan* plan;
  vramauto_plan_info info;
  vramauto_error err;
  VRAMAUTO_INIT(err);
  VRAMAUTO_INIT(info);
  MUST(vramauto_devices_parse(ctx, vectors[i].gpu, &gpus, &err), err);
  MUST(vramauto_model_open(ctx, vectors[i].model, &model, &err), err);
  MUST(vramauto_workload_new(ctx, &workload, &err), err);
  MUST(vramauto_workload_set(workload, "method", "rule", &err), err);
  MUST(vramauto_workload_set(workload, "max-model-len", vectors[i].length, &err), err);
  MUST(vramauto_workload_set(workload, "tensor-parallel-size", vectors[i].tensor, &err), err);
  MUST(vramauto_plan_calculate(ctx, gpus, model, workload, &plan, &err), err);
  CHECK_NUMBER(vramauto_plan_get(plan, &info), VRAMAUTO_OK);
  CHECK_NUMBER(info.gpu_memory_utilization, vectors[i].utilization);
  CHECK(vramauto_plan_estimate(plan) == NULL);
  vramauto_plan_free(plan);
  vramauto_workload_free(workload);
  vramauto_model_free(model);
  vramauto_devices_free(gpus);
}

int main(void) {
  vramauto_context* ctx;
  vramauto_error err;
  size_t i;
  VRAMAUTO_INIT(err);
  MUST(vramauto_context_new(NULL, &ctx, &err), err);
  for (i = 0; i < sizeof vectors / sizeof *vectors; ++i) check_vector(ctx, i);
  vramauto_context_free(ctx);

  CHECK_NUMBER(vramauto_model_size_gib("Qwen/Qwen2.5-VL-3B-Instruct"), 6.0);
  CHECK_NUMBER(vramauto_model_size_gib("no-number-in-it"), 7.0);
  CHECK_NUMBER(vramauto_model_size_gib(NULL), 7.0);
  CHECK(vramauto_gpu_memory_gib() >= 0.0);
  CHECK(vramauto_gpu_memory_utilization(NULL, 0, 0) > 0.0 && vramauto_gpu_memory_utilization(NULL, 0, 0) <= 1.0);
  if (vramauto_gpu_memory_gib() == 0.0) CHECK_NUMBER(vramauto_gpu_memory_utilization("7B", 4096, 1), 0.90);
  CHECK_DONE;
}
