/* The library loaded at run time, as a language's binding or a program that can do without it does: asked for its version first, used,
 * and unloaded again. */
#include <dlfcn.h>
#include "check.h"

/* The functions that are used here, each with the type that the header declares. */
#define EACH(f)                                                                                                            \
  f(vramauto_version) f(vramauto_context_new) f(vramauto_context_free) f(vramauto_devices_parse) f(vramauto_devices_free)  \
      f(vramauto_model_open) f(vramauto_model_free) f(vramauto_plan_calculate) f(vramauto_plan_get) f(vramauto_plan_free)
#define MEMBER(name) __typeof__(&name) name;
#define LOAD(name) *(void**)&out->name = dlsym(library, #name);
#define MISSING(name) \
  if (!out->name) return #name;

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
  MUST(vramauto->vramauto_context_new(NULL, &ctx, &err), err);
  MUST(vramauto->vramauto_devices_parse(ctx, "RTX 4090", &gpus, &err), err);
  MUST(vramauto->vramauto_model_open(ctx, path, &model, &err), err);
  MUST(vramauto->vramauto_plan_calculate(ctx, gpus, model, NULL, &plan, &err), err);
  CHECK_NUMBER(vramauto->vramauto_plan_get(plan, &info), VRAMAUTO_OK);
  CHECK_NUMBER(info.fits, 1);
  printf("--gpu-memory-utilization %.4f\n", info.gpu_memory_utilization);
  vramauto->vramauto_plan_free(plan);
  vramauto->vramauto_model_free(model);
  vramauto->vramauto_devices_free(gpus);
  vramauto->vramauto_context_free(ctx);
}

int main(int argc, char** argv) {
  void* library;
  const char* missing;
  calls vramauto;
  if (argc < 2) return 2;
  library = dlopen(argc > 2 ? argv[2] : "libvramauto.so.0", RTLD_NOW | RTLD_LOCAL);
  if (!library) return fprintf(stderr, "%s\n", dlerror()), 1;
  if ((missing = load(library, &vramauto)) != NULL) return fprintf(stderr, "this libvramauto has no %s\n", missing), 1;
  if (vramauto.vramauto_version() < VRAMAUTO_VERSION_NUMBER)
    return fprintf(stderr, "libvramauto is version %u, at least %u is needed\n", vramauto.vramauto_version(), VRAMAUTO_VERSION_NUMBER), 1;
  use(&vramauto, argv[1]);
  CHECK(dlsym(library, "_ZN8vramauto4text5lowerESt17basic_string_viewIcSt11char_traitsIcEE") == NULL); /* nothing else is exported */
  CHECK_NUMBER(dlclose(library), 0);
  CHECK_DONE;
}
