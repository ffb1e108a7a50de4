/* An estimate's components add up, and its parts are borrowed from it. */
#include "check.h"

int main(int argc, char** argv) {
  vramauto_context* ctx;
  vramauto_model* model;
  vramauto_estimate* estimate;
  vramauto_error err;
  vramauto_estimate_info info;
  vramauto_component part;
  vramauto_cache_group group;
  vramauto_model_info about;
  uint64_t i, sum = 0;
  char json[65536];
  if (argc < 2) return 2;
  VRAMAUTO_INIT(err);
  VRAMAUTO_INIT(info);
  VRAMAUTO_INIT(part);
  VRAMAUTO_INIT(group);
  VRAMAUTO_INIT(about);
  MUST(vramauto_context_new(NULL, &ctx, &err), err);
  MUST(vramauto_model_open(ctx, argv[1], &model, &err), err);
  CHECK_NUMBER(vramauto_model_get(model, &about), VRAMAUTO_OK);
  CHECK_TEXT(about.architecture, "LlamaForCausalLM");
  CHECK_NUMBER(about.source, 2);
  CHECK(about.parameters == VRAMAUTO_UNKNOWN);
  MUST(vramauto_estimate_run(ctx, NULL, model, NULL, &estimate, &err), err);
  vramauto_context_free(ctx);
  vramauto_model_free(model);
  CHECK_NUMBER(vramauto_estimate_get(estimate, &info), VRAMAUTO_OK);
  CHECK_NUMBER(info.ranks, 1);
  CHECK_NUMBER(info.parameters, 8030261248.0); /* Llama 3 8B */
  CHECK_TEXT(info.engine, "vllm");
  for (i = 0; i < info.components; ++i) {
    CHECK_NUMBER(vramauto_estimate_component(estimate, i, &part), VRAMAUTO_OK);
    CHECK(part.low_bytes <= part.bytes && part.bytes <= part.high_bytes);
    CHECK(strlen(part.name) > 0);
    sum += part.bytes;
  }
  CHECK(sum >= info.peak_bytes);
  CHECK_NUMBER(vramauto_estimate_component(estimate, info.components, &part), VRAMAUTO_E_ARGUMENT);
  CHECK_NUMBER(info.cache_groups, 1);
  CHECK_NUMBER(vramauto_estimate_cache_group(estimate, 0, &group), VRAMAUTO_OK);
  CHECK_TEXT(group.kind, "full");
  CHECK_NUMBER(group.layers, 32);
  CHECK_NUMBER(group.block_bytes, 16 * 131072.0);
  CHECK_NUMBER(vramauto_estimate_cache_group(estimate, 1, &group), VRAMAUTO_E_ARGUMENT);
  CHECK(vramauto_estimate_note(estimate, info.notes) == NULL);
  CHECK(vramauto_estimate_json(estimate, json, sizeof json) < sizeof json);
  CHECK(strstr(json, "vramauto.estimate/1") != NULL);
  vramauto_estimate_free(estimate);
  CHECK_DONE;
}
