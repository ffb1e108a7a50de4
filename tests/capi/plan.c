/* The whole way: context, devices, model, workload, plan; and handles that are freed before what was made from them. */
#include "check.h"

int main(int argc, char** argv) {
  vramauto_context* ctx;
  vramauto_devices* gpus;
  vramauto_model* model;
  vramauto_workload* workload;
  vramauto_plan* plan;
  vramauto_error err;
  vramauto_plan_info info;
  vramauto_device_info device;
  char json[65536], part[16];
  size_t size;
  if (argc < 2) return 2;
  VRAMAUTO_INIT(err);
  VRAMAUTO_INIT(info);
  VRAMAUTO_INIT(device);
  MUST(vramauto_context_new(NULL, &ctx, &err), err);
  MUST(vramauto_devices_parse(ctx, "2x H100 80GB", &gpus, &err), err);
  CHECK_NUMBER(vramauto_devices_count(gpus), 2);
  CHECK_NUMBER(vramauto_devices_get(gpus, 1, &device), VRAMAUTO_OK);
  CHECK_NUMBER(device.index, 1);
  CHECK_NUMBER(vramauto_devices_get(gpus, 2, &device), VRAMAUTO_E_ARGUMENT);
  MUST(vramauto_model_open(ctx, argv[1], &model, &err), err);
  MUST(vramauto_workload_new(ctx, &workload, &err), err);
  MUST(vramauto_workload_set(workload, "tensor-parallel-size", "2", &err), err);
  MUST(vramauto_workload_set(workload, "engine-version", "0.19.1", &err), err);
  MUST(vramauto_workload_set(workload, "env", "VLLM_USE_V2_MODEL_RUNNER=0", &err), err);
  MUST(vramauto_plan_calculate(ctx, gpus, model, workload, &plan, &err), err);

  /* What a plan tells outlives everything it was made from. */
  vramauto_context_free(ctx);
  vramauto_devices_free(gpus);
  vramauto_model_free(model);
  vramauto_workload_free(workload);

  CHECK_NUMBER(vramauto_plan_get(plan, &info), VRAMAUTO_OK);
  CHECK_NUMBER(info.fits, 1);
  CHECK_NUMBER(info.tensor_parallel_size, 2);
  CHECK_NUMBER(info.max_model_len, 8192);
  CHECK(info.gpu_memory_utilization >= info.utilization_min && info.gpu_memory_utilization <= info.utilization_max);
  CHECK(strlen(info.reason) > 0);
  CHECK_NUMBER(info.certainty, VRAMAUTO_CERTAINTY_WITHIN);
  CHECK(info.uncertainty_bytes > 0 && info.uncertainty_bytes < info.kv_cache_bytes);
  CHECK(strlen(info.least_certain) > 0);
  CHECK_TEXT(vramauto_plan_argument(plan, 0), "serve");
  CHECK_TEXT(vramauto_plan_argument(plan, 1), argv[1]);
  CHECK(vramauto_plan_argument(plan, 1000) == NULL);
  CHECK_TEXT(vramauto_plan_environment(plan, 0), "VLLM_USE_V2_MODEL_RUNNER=0");
  CHECK(vramauto_plan_environment(plan, 1) == NULL);
  CHECK(vramauto_plan_warning(plan, 1000, NULL) == NULL);
  CHECK(vramauto_plan_estimate(plan) != NULL);

  size = vramauto_plan_json(plan, json, sizeof json);
  CHECK(size < sizeof json && strlen(json) == size);
  CHECK(strstr(json, "\"schema\": \"vramauto.plan/1\"") != NULL);
  CHECK_NUMBER(vramauto_plan_json(plan, NULL, 0), size);
  CHECK_NUMBER(vramauto_plan_json(plan, part, sizeof part), size);
  CHECK_NUMBER(strlen(part), sizeof part - 1);
  CHECK(vramauto_plan_text(plan, json, sizeof json) > 0);
  vramauto_plan_free(plan);
  CHECK_DONE;
}
