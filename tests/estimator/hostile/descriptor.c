/* Descriptors: one that is right, and the same with one thing wrong, chosen by the name it is built under. */
#include "vramauto/vramauto_plugin.h"

#if defined(LONG_ID)
#define ID "a-plugin-whose-name-is-longer-than-the-sixty-three-bytes-that-it-may-have"
#elif defined(BAD_ID)
#define ID "Bad Id"
#elif defined(NULL_ID)
#define ID NULL
#elif defined(TAKEN_PLUGIN)
#define ID "good"
#else
#define ID HOSTILE_ID
#endif

static int32_t match(const vramauto_host *host, vramauto_call *call) { return (void)host, (void)call, 0; }
static vramauto_status describe(const vramauto_host *host, vramauto_call *call) { return (void)host, (void)call, VRAMAUTO_E_UNSUPPORTED; }

static const vramauto_estimator estimator = {
#if defined(SHORT_ESTIMATOR)
    16,
#else
    sizeof(vramauto_estimator),
#endif
#if defined(BAD_FLAGS)
    1,
#else
    0,
#endif
#if defined(BAD_ESTIMATOR_ID)
    "an/estimator",
#elif defined(TAKEN_ESTIMATOR)
    "decoder",
#else
    HOSTILE_ID,
#endif
#if defined(NULL_MATCH)
    NULL,
#else
    match,
#endif
#if defined(NULL_DESCRIBE)
    NULL};
#else
    describe};
#endif

static const vramauto_estimator *const estimators[] = {
#if defined(NULL_ESTIMATOR)
    NULL,
#else
    &estimator,
#endif
    &estimator};

static const vramauto_plugin plugin = {
#if defined(SHORT_STRUCT)
    16,
#elif defined(HUGE_STRUCT)
    UINT32_MAX,
#else
    sizeof(vramauto_plugin),
#endif
#if defined(NO_ESTIMATORS)
    0,
#elif defined(TOO_MANY_ESTIMATORS)
    UINT32_MAX,
#elif defined(SAME_TWICE)
    2,
#else
    1,
#endif
    ID,
#if defined(NULL_VERSION)
    NULL,
#else
    "1.0",
#endif
    "Apache-2.0",
#if defined(NULL_ESTIMATORS)
    NULL};
#else
    estimators};
#endif

VRAMAUTO_PLUGIN(hostile) {
  (void)host;
  (void)describe;
  (void)match;
  (void)estimators;
#if defined(NULL_DESCRIPTOR)
  (void)plugin;
  return NULL;
#elif defined(UNALIGNED)
  return (const vramauto_plugin *)((const char *)&plugin + 1);
#else
  return &plugin;
#endif
}
