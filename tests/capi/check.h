/* Checks that name what they found; a program ends with CHECK_DONE. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "vramauto/vramauto.h"

static int check_failures;

#define CHECK(condition) \
  ((condition) ? (void)0 : (void)(++check_failures, fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition)))
#define CHECK_NUMBER(found, expected)                                                                                 \
  ((double)(found) == (double)(expected)                                                                              \
       ? (void)0                                                                                                      \
       : (void)(++check_failures, fprintf(stderr, "%s:%d: %s is %.17g, expected %.17g\n", __FILE__, __LINE__, #found, \
                                          (double)(found), (double)(expected))))
#define CHECK_TEXT(found, expected)                                                                                                \
  (strcmp((found), (expected)) == 0 ? (void)0                                                                                      \
                                    : (void)(++check_failures, fprintf(stderr, "%s:%d: %s is \"%s\", expected \"%s\"\n", __FILE__, \
                                                                       __LINE__, #found, (found), (expected))))
#define MUST(call, err)                                                                              \
  do {                                                                                               \
    if ((call) != VRAMAUTO_OK) {                                                                     \
      fprintf(stderr, "%s:%d: %s: %s: %s\n", __FILE__, __LINE__, #call, (err).where, (err).message); \
      exit(1);                                                                                       \
    }                                                                                                \
  } while (0)
#define CHECK_DONE return check_failures ? 1 : 0

#endif
