/* Built against the installed package by tests/install/installed.py, once through CMake and once through pkg-config. */
#include <stdio.h>
#include <vramauto/vramauto.h>

int main(void) {
  if (vramauto_version() != VRAMAUTO_VERSION_NUMBER) return 1;
  printf("%.2f\n", vramauto_model_size_gib("somebody/Model-3B"));
  return 0;
}
