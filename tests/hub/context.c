/* What a program sees of the hub: the context's flags and its progress. context.c MODE MODEL; says what came, one "name value" a
 * line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pthread.h>

#include "vramauto/vramauto.h"

typedef struct Seen {
  uint64_t calls, last, total, cancel_at;
  int fell, above; /* done went down; done was more than the total */
} Seen;

static int32_t on_progress(void* user, uint64_t done, uint64_t total) {
  Seen* seen = user;
  seen->fell |= done < seen->last;
  seen->above |= total != VRAMAUTO_UNKNOWN && done > total;
  seen->last = done;
  seen->total = total;
  return ++seen->calls == seen->cancel_at;
}

typedef struct Opening {
  const vramauto_context* context;
  const char* name;
  uint64_t tensors;
} Opening;

static void* open_model(void* argument) {
  Opening* opening = argument;
  vramauto_model* model = NULL;
  vramauto_model_info info;
  VRAMAUTO_INIT(info);
  if (!vramauto_model_open(opening->context, opening->name, &model, NULL) && !vramauto_model_get(model, &info))
    opening->tensors = info.tensor_count;
  vramauto_model_free(model);
  return NULL;
}

/* One context, many threads. */
static int open_by_threads(const char* name) {
  enum { kThreads = 6 };
  vramauto_context_options options;
  VRAMAUTO_INIT(options);
  options.flags = VRAMAUTO_CONTEXT_NETWORK;
  vramauto_context* context = NULL;
  if (vramauto_context_new(&options, &context, NULL)) return 1;
  pthread_t threads[kThreads];
  Opening openings[kThreads];
  for (int i = 0; i < kThreads; ++i) {
    openings[i] = (Opening){context, name, 0};
    if (pthread_create(&threads[i], NULL, open_model, &openings[i])) return 1;
  }
  for (int i = 0; i < kThreads; ++i) {
    pthread_join(threads[i], NULL);
    printf("thread%d %llu\n", i, (unsigned long long)openings[i].tensors);
  }
  vramauto_context_free(context);
  return 0;
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  if (!strcmp(argv[1], "threads")) return open_by_threads(argv[2]);
  Seen seen;
  memset(&seen, 0, sizeof seen);
  vramauto_context_options options;
  VRAMAUTO_INIT(options);
  options.progress = on_progress;
  options.user = &seen;
  if (strcmp(argv[1], "none")) options.flags = VRAMAUTO_CONTEXT_NETWORK;
  if (!strcmp(argv[1], "refresh")) options.flags |= VRAMAUTO_CONTEXT_REFRESH;
  if (!strcmp(argv[1], "refresh_alone")) options.flags = VRAMAUTO_CONTEXT_REFRESH;
  if (!strncmp(argv[1], "cancel", 6)) seen.cancel_at = strtoull(argv[1] + 6, NULL, 10);
  vramauto_error err;
  VRAMAUTO_INIT(err);
  vramauto_context* context = NULL;
  vramauto_model* model = NULL;
  vramauto_status status = vramauto_context_new(&options, &context, &err);
  if (!status) status = vramauto_model_open(context, argv[2], &model, &err);
  printf("status %s\n", vramauto_status_name(status));
  printf("message %s: %s\n", err.where, err.message);
  if (!status) {
    vramauto_model_info info;
    VRAMAUTO_INIT(info);
    if (vramauto_model_get(model, &info)) return 1;
    printf("source %u\nid %s\npath %s\ntensors %llu\n", info.source, info.id, info.path, (unsigned long long)info.tensor_count);
  }
  printf("calls %llu\ndone %llu\ntotal %llu\nfell %d\nabove %d\n", (unsigned long long)seen.calls, (unsigned long long)seen.last,
         (unsigned long long)seen.total, seen.fell, seen.above);
  vramauto_model_free(model);
  vramauto_context_free(context);
  return 0;
}
