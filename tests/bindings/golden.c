/* What the C ABI answers to each case of golden.tsv, for bindings to be held against byte by byte.
 *
 *   golden golden.tsv FOLDER     writes FOLDER/NAME.json and NAME.txt, the plan; or NAME.error: status, offset, where and message,
 *                                a line each, of the first call that failed
 *
 * A case asks as its line says, in this order: devices (none where the text is empty), model, workload and its options, plan. The
 * context ignores the environment. Fails where a status is not the one that the case expects. */
#include <stdlib.h>
#include "../capi/check.h"

enum { MAX_FIELDS = 16, MAX_LINE = 4096 };

typedef struct answer {
  vramauto_devices* devices;
  vramauto_model* model;
  vramauto_workload* workload;
  vramauto_plan* plan;
  vramauto_error err;
} answer;

static void write_file(const char* folder, const char* name, const char* ending, const char* text) {
  char path[MAX_LINE];
  const int length = snprintf(path, sizeof path, "%s/%s.%s", folder, name, ending);
  FILE* file = length > 0 && (size_t)length < sizeof path ? fopen(path, "wb") : NULL;
  if (!file || fputs(text, file) < 0 || fclose(file) != 0) {
    perror(path);
    exit(2);
  }
}

static int split(char* line, char* fields[MAX_FIELDS]) {
  int count = 0;
  line[strcspn(line, "\n")] = '\0';
  while (line && count < MAX_FIELDS) {
    char* tab = strchr(line, '\t');
    fields[count++] = line;
    if (tab) *tab++ = '\0';
    line = tab;
  }
  return count;
}

static vramauto_status set_options(vramauto_workload* workload, char** options, int count, vramauto_error* err) {
  int i;
  for (i = 0; i < count; ++i) {
    char* value = strchr(options[i], '=');
    vramauto_status status;
    if (!value) return fprintf(stderr, "%s: expected option=value\n", options[i]), VRAMAUTO_E_INTERNAL;
    *value++ = '\0';
    status = vramauto_workload_set(workload, options[i], value, err);
    if (status) return status;
  }
  return VRAMAUTO_OK;
}

static vramauto_status ask(const vramauto_context* ctx, const char* gpus, const char* id, char** options, int count, answer* out) {
  vramauto_status status = *gpus ? vramauto_devices_parse(ctx, gpus, &out->devices, &out->err) : VRAMAUTO_OK;
  if (!status) status = vramauto_model_open(ctx, id, &out->model, &out->err);
  if (!status) status = vramauto_workload_new(ctx, &out->workload, &out->err);
  if (!status) status = set_options(out->workload, options, count, &out->err);
  if (!status) status = vramauto_plan_calculate(ctx, out->devices, out->model, out->workload, &out->plan, &out->err);
  return status;
}

static void write_answer(const char* folder, const char* name, const answer* given) {
  static char text[1 << 20];
  if (given->plan) {
    CHECK(vramauto_plan_json(given->plan, text, sizeof text) < sizeof text);
    write_file(folder, name, "json", text);
    CHECK(vramauto_plan_text(given->plan, text, sizeof text) < sizeof text);
    write_file(folder, name, "txt", text);
  } else {
    snprintf(text, sizeof text, "%d\n%llu\n%s\n%s\n", (int)given->err.status, (unsigned long long)given->err.offset, given->err.where,
             given->err.message);
    write_file(folder, name, "error", text);
  }
}

static void one_case(const vramauto_context* ctx, char* line, const char* folder) {
  char* fields[MAX_FIELDS];
  const int count = split(line, fields);
  answer given = {0};
  vramauto_status status;
  if (count < 4) {
    fprintf(stderr, "%s: expected name, status, GPUs and model\n", line);
    exit(2);
  }
  VRAMAUTO_INIT(given.err);
  status = ask(ctx, fields[2], fields[3], fields + 4, count - 4, &given);
  if (strcmp(vramauto_status_name(status), fields[1]) != 0) {
    fprintf(stderr, "%s: %s: %s: %s\n", fields[0], vramauto_status_name(status), given.err.where, given.err.message);
    ++check_failures;
  }
  write_answer(folder, fields[0], &given);
  vramauto_plan_free(given.plan);
  vramauto_workload_free(given.workload);
  vramauto_model_free(given.model);
  vramauto_devices_free(given.devices);
}

int main(int argc, char** argv) {
  vramauto_context_options options;
  vramauto_context* ctx;
  vramauto_error err;
  char line[MAX_LINE];
  FILE* cases = argc == 3 ? fopen(argv[1], "r") : NULL;
  if (!cases) return fprintf(stderr, "usage: golden golden.tsv FOLDER\n"), 2;
  VRAMAUTO_INIT(err);
  VRAMAUTO_INIT(options);
  options.flags = VRAMAUTO_CONTEXT_NO_ENV;
  MUST(vramauto_context_new(&options, &ctx, &err), err);
  while (fgets(line, sizeof line, cases))
    if (line[0] != '#') one_case(ctx, line, argv[2]);
  fclose(cases);
  vramauto_context_free(ctx);
  CHECK_DONE;
}
