/* The option table can be enumerated, and every name in it can be set and taken back. */
#include "check.h"

/* One that any option of that type takes. */
static const char* value_of(uint32_t type, const char* choices) {
  static char first[64];
  snprintf(first, sizeof first, "%.*s", (int)strcspn(choices, "|"), choices);
  return type == 1 ? "true" : type == 5 ? first : type == 7 ? "{}" : "1";
}

int main(void) {
  vramauto_context* ctx;
  vramauto_workload* workload;
  vramauto_error err;
  vramauto_option_info option;
  size_t i, count = vramauto_option_count();
  int shorts = 0;
  VRAMAUTO_INIT(err);
  VRAMAUTO_INIT(option);
  MUST(vramauto_context_new(NULL, &ctx, &err), err);
  MUST(vramauto_workload_new(ctx, &workload, &err), err);
  CHECK(count > 10);
  for (i = 0; i < count; ++i) {
    CHECK_NUMBER(vramauto_option_get(i, &option), VRAMAUTO_OK);
    CHECK(option.type >= 1 && option.type <= 8);
    CHECK(strlen(option.name) > 0 && strlen(option.name) < 64);
    CHECK(strlen(option.help) > 0 && strchr(option.help, '\n') == NULL);
    CHECK((option.type == 5) == (strlen(option.choices) > 0));
    CHECK_NUMBER(vramauto_workload_set(workload, option.name, NULL, &err), VRAMAUTO_OK);
    if (option.type == 1) CHECK_NUMBER(vramauto_workload_set(workload, option.name, "true", &err), VRAMAUTO_OK);
    if (option.type == 2) CHECK_NUMBER(vramauto_workload_set(workload, option.name, "1", &err), VRAMAUTO_OK);
    if (strlen(option.short_name) > 0) {
      ++shorts;
      CHECK_NUMBER(vramauto_workload_set(workload, option.short_name, value_of(option.type, option.choices), &err), VRAMAUTO_OK);
    }
  }
  CHECK(shorts >= 3);
  CHECK_NUMBER(vramauto_option_get(count, &option), VRAMAUTO_E_ARGUMENT);
  vramauto_workload_free(workload);
  vramauto_context_free(ctx);
  CHECK_DONE;
}
