/* The library loaded at run time, as a language's binding or a program that can do without it does: asked for its version first, used,
 * and unloaded again. */
#include <dlfcn.h>
#include "check.h"

/* The functions that are used here, each with the type that the header declares. */
#define EACH(f)                                                                                                      \
  f(version) f(context_new) f(context_free) f(devices_parse) f(devices_free) f(model_open) f(model_free)            \
      f(plan_calculate) f(plan_get) f(plan_free)
#define MEMBER(name) __typeof__(&vramauto_##name) name;
#define LOAD(name) *(void**)&out->name = dlsym(library, "vramauto_" #name);
#define MISSING(name) \
  if (!out->name) return "vramauto_" #name;

typedef struct calls {
  EACH(MEMBER)
} calls;

/* Fills the table; the name of a function that this library does not have, else NULL. */
static const char* load(void* library, calls* out) {
  EACH(LOAD)
  EACH(MISSING)
  return NULL;
}

static void use(const calls* vramauto, const char* path) {
  vramauto_context* ctx;
  vramauto_devices* gpus;
  vramauto_model* model;
  vramauto_plan* plan;
  vramauto_plan_info info;
  vramauto_error err;
  VRAMAUTO_INIT(err);
  VRAMAUTO_INIT(info);
  MUST(vramauto->context_new(NULL, &ctx, &err), err);
  MUST(vramauto->devices_parse(ctx, "RTX 4090", &gpus, &err), err);
  MUST(vramauto->model_open(ctx, path, &model, &err), err);
  MUST(vramauto->plan_calculate(ctx, gpus, model, NULL, &plan, &err), err);
  CHECK_NUMBER(vramauto->plan_get(plan, &info), VRAMAUTO_OK);
  CHECK_NUMBER(info.fits, 1);
  printf("--gpu-memory-utilization %.4f\n", info.gpu_memory_utilization);
  vramauto->plan_free(plan);
  vramauto->model_free(model);
  vramauto->devices_free(gpus);
  vramauto->context_free(ctx);
}

int main(int argc, char** argv) {
  void* library;
  const char* missing;
  calls vramauto;
  if (argc < 2) return 2;
  library = dlopen(argc > 2 ? argv[2] : "libvramauto.so.0", RTLD_NOW | RTLD_LOCAL);
  if (!library) return fprintf(stderr, "%s\n", dlerror()), 1;
  if ((missing = load(library, &vramauto)) != NULL) return fprintf(stderr, "this libvramauto has no %s\n", missing), 1;
  if (vramauto.version() < VRAMAUTO_VERSION_NUMBER)
    return fprintf(stderr, "libvramauto is version %u, at least %u is needed\n", vramauto.version(), VRAMAUTO_VERSION_NUMBER), 1;
  use(&vramauto, argv[1]);
  CHECK(dlsym(library, "_ZN8vramauto4text5lowerESt17basic_string_viewIcSt11char_traitsIcEE") == NULL); /* nothing else is exported */
  CHECK_NUMBER(dlclose(library), 0);
  CHECK_DONE;
}
