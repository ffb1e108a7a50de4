/* The library loaded at run time, and unloaded again. */
#include <dlfcn.h>
#include "check.h"

int main(int argc, char** argv) {
  void* library;
  uint32_t (*version)(void);
  double (*size)(const char*);
  if (argc < 2) return 2;
  library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (!library) return fprintf(stderr, "%s\n", dlerror()), 1;
  *(void**)&version = dlsym(library, "vramauto_version");
  *(void**)&size = dlsym(library, "vramauto_model_size_gib");
  CHECK(version && version() == VRAMAUTO_VERSION_NUMBER);
  CHECK(size && size("x/y-13B") == 26.0);
  CHECK(dlsym(library, "_ZN8vramauto4text5lowerESt17basic_string_viewIcSt11char_traitsIcEE") == NULL);
  CHECK_NUMBER(dlclose(library), 0);
  CHECK_DONE;
}
