/* 8 threads open and plan 50 models at once, through the shipped plugins, each in an order of its own; all get the same answers. */
#include <pthread.h>
#include "check.h"

enum { THREADS = 8 };

static const char* const kModels[] = {
    "meta-llama/Llama-2-7b-hf", "meta-llama/Llama-2-13b-hf", "meta-llama/Llama-2-70b-hf", "HuggingFaceTB/SmolLM3-3B",
    "meta-llama/Llama-4-Scout-17B-16E-Instruct", "llava-hf/llava-1.5-7b-hf", "mistralai/Mistral-7B-v0.1",
    "mistralai/Devstral-Small-2-24B-Instruct-2512", "mistralai/Mixtral-8x7B-v0.1", "mistralai/Mixtral-8x22B-v0.1",
    "mistralai/Mamba-Codestral-7B-v0.1", "google/gemma-2b", "google/gemma-2-9b", "google/gemma-3-1b-it", "google/gemma-3-27b-it",
    "google/gemma-4-31B", "google/gemma-4-26B-A4B", "google/gemma-4-E4B", "microsoft/phi-2", "microsoft/Phi-3-mini-128k-instruct",
    "microsoft/Phi-3.5-MoE-instruct", "openai/gpt-oss-20b", "openai/gpt-oss-120b", "gpt2", "EleutherAI/gpt-neox-20b",
    "facebook/opt-6.7b", "bigscience/bloom", "tiiuae/falcon-40b", "tiiuae/falcon-mamba-7b", "bigcode/starcoder2-15b",
    "allenai/OLMo-2-1124-13B", "allenai/OLMoE-1B-7B-0924", "ibm-granite/granite-3.3-8b-instruct", "THUDM/glm-4-9b-chat",
    "zai-org/GLM-4.5-Air", "zai-org/GLM-4.7-Flash", "zai-org/GLM-5", "LGAI-EXAONE/EXAONE-4.0-32B", "openbmb/MiniCPM3-4B",
    "LiquidAI/LFM2-1.2B", "nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16", "deepseek-ai/DeepSeek-V2-Lite", "deepseek-ai/DeepSeek-V3.1",
    "deepseek-ai/DeepSeek-V3.2", "moonshotai/Kimi-K2-Instruct", "openai/whisper-large-v3-turbo", "Qwen/Qwen3-8B", "Qwen/Qwen3-30B-A3B",
    "Qwen/Qwen3-Next-80B-A3B-Instruct", "Qwen/Qwen3.5-35B-A3B"};
enum { MODELS = sizeof kModels / sizeof *kModels };

static vramauto_context* ctx;
static vramauto_devices* gpus;
static vramauto_workload* workload;

/* How each model ended, and the utilization chosen. */
typedef struct answers {
  vramauto_status status[MODELS];
  double utilization[MODELS];
  int first;
} answers;

static void ask(const char* id, vramauto_status* status, double* utilization) {
  vramauto_plan_info info;
  vramauto_error err;
  vramauto_model* model = NULL;
  vramauto_plan* plan = NULL;
  VRAMAUTO_INIT(err);
  VRAMAUTO_INIT(info);
  *utilization = 0;
  *status = vramauto_model_open(ctx, id, &model, &err);
  if (*status == VRAMAUTO_OK) *status = vramauto_plan_calculate(ctx, gpus, model, workload, &plan, &err);
  if (*status == VRAMAUTO_OK && vramauto_plan_get(plan, &info) == VRAMAUTO_OK) *utilization = info.gpu_memory_utilization;
  vramauto_plan_free(plan);
  vramauto_model_free(model);
}

static void* work(void* out) {
  answers* mine = (answers*)out;
  int i;
  for (i = 0; i < MODELS; ++i) {
    const int at = (i + mine->first) % MODELS;
    ask(kModels[at], &mine->status[at], &mine->utilization[at]);
  }
  return NULL;
}

int main(void) {
  static answers all[THREADS];
  pthread_t threads[THREADS];
  vramauto_error err;
  int i, t, planned = 0;
  VRAMAUTO_INIT(err);
  MUST(vramauto_context_new(NULL, &ctx, &err), err);
  MUST(vramauto_devices_parse(ctx, "8x H200", &gpus, &err), err);
  MUST(vramauto_workload_new(ctx, &workload, &err), err);
  MUST(vramauto_workload_set(workload, "tensor-parallel-size", "8", &err), err);
  for (t = 0; t < THREADS; ++t) {
    all[t].first = t * 7;
    if (pthread_create(&threads[t], NULL, work, &all[t])) return 2;
  }
  for (t = 0; t < THREADS; ++t) pthread_join(threads[t], NULL);
  for (i = 0; i < MODELS; ++i) {
    planned += all[0].status[i] == VRAMAUTO_OK;
    for (t = 1; t < THREADS; ++t) {
      CHECK_NUMBER(all[t].status[i], all[0].status[i]);
      CHECK_NUMBER(all[t].utilization[i], all[0].utilization[i]);
    }
  }
  printf("%d of %d models planned at 8 ranks, the others refused\n", planned, (int)MODELS);
  CHECK(planned > MODELS / 2);
  vramauto_workload_free(workload);
  vramauto_devices_free(gpus);
  vramauto_context_free(ctx);
  CHECK_DONE;
}
