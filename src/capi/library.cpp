// Library and context.
#include "capi/guard.hpp"
#include "capi/handles.hpp"

using namespace vramauto;
using namespace vramauto::capi;

#if defined(__clang__)
#define VRAMAUTO_COMPILER "clang " __clang_version__
#else
#define VRAMAUTO_COMPILER "gcc " __VERSION__
#endif
#if defined(NDEBUG)
#define VRAMAUTO_ASSERTS "false"
#else
#define VRAMAUTO_ASSERTS "true"
#endif
#define VRAMAUTO_TEXT_(x) #x
#define VRAMAUTO_TEXT(x) VRAMAUTO_TEXT_(x)

uint32_t vramauto_version(void) { return VRAMAUTO_VERSION_NUMBER; }

const char* vramauto_build_info(void) {
  return "{\"version_number\": " VRAMAUTO_TEXT(
      VRAMAUTO_VERSION_NUMBER) ", \"compiler\": \"" VRAMAUTO_COMPILER
                               "\", \"cxx\": \"" VRAMAUTO_TEXT(__cplusplus) "\", \"assertions\": " VRAMAUTO_ASSERTS
                                                                            ", \"dependencies\": {\"fmt\": " VRAMAUTO_TEXT(
                                                                                FMT_VERSION) "}}";
}

const char* vramauto_status_name(vramauto_status status) {
  switch (status) {
#define VRAMAUTO_NAME(name) \
  case name:                \
    return #name
    VRAMAUTO_NAME(VRAMAUTO_OK);
    VRAMAUTO_NAME(VRAMAUTO_E_ARGUMENT);
    VRAMAUTO_NAME(VRAMAUTO_E_MEMORY);
    VRAMAUTO_NAME(VRAMAUTO_E_UNSUPPORTED);
    VRAMAUTO_NAME(VRAMAUTO_E_NOT_FOUND);
    VRAMAUTO_NAME(VRAMAUTO_E_IO);
    VRAMAUTO_NAME(VRAMAUTO_E_TIMEOUT);
    VRAMAUTO_NAME(VRAMAUTO_E_CANCELLED);
    VRAMAUTO_NAME(VRAMAUTO_E_INTERNAL);
    VRAMAUTO_NAME(VRAMAUTO_E_NO_DRIVER);
    VRAMAUTO_NAME(VRAMAUTO_E_DRIVER);
    VRAMAUTO_NAME(VRAMAUTO_E_FORMAT);
    VRAMAUTO_NAME(VRAMAUTO_E_LIMIT);
    VRAMAUTO_NAME(VRAMAUTO_E_NO_ESTIMATOR);
    VRAMAUTO_NAME(VRAMAUTO_E_PLUGIN);
#undef VRAMAUTO_NAME
    default:
      return "VRAMAUTO_E_UNKNOWN";
  }
}

vramauto_status vramauto_context_new(const vramauto_context_options* options, vramauto_context** out, vramauto_error* err) {
  return vramauto_context_new_with(options, nullptr, 0, out, err);
}

vramauto_status vramauto_context_new_with(const vramauto_context_options* options, const vramauto_plugin_entry* entries,
                                          size_t count, vramauto_context** out, vramauto_error* err) {
  return guard(err, [&]() -> Result<void> {
    TRY(require(out, "out must not be NULL"));
    TRY(require(entries || count == 0, "entries must not be NULL where count is not 0"));
    TRY(require(count <= 1024, "count must be at most 1024"));
    const auto given = TRY(read_struct(options, "vramauto_context_options"));
    constexpr std::uint32_t kKnown =
        VRAMAUTO_CONTEXT_NO_ENV | VRAMAUTO_CONTEXT_NO_PLUGINS | VRAMAUTO_CONTEXT_NETWORK | VRAMAUTO_CONTEXT_REFRESH;
    if (given.flags & ~kKnown)
      return fail(VRAMAUTO_E_UNSUPPORTED, "vramauto_context_options", "flags are {:#x}, expected those of VRAMAUTO_CONTEXT_*",
                  given.flags);
    if ((given.flags & VRAMAUTO_CONTEXT_REFRESH) && !(given.flags & VRAMAUTO_CONTEXT_NETWORK))
      return fail(VRAMAUTO_E_ARGUMENT, "vramauto_context_options",
                  "flags have VRAMAUTO_CONTEXT_REFRESH, expected VRAMAUTO_CONTEXT_NETWORK with it");
    auto core = std::make_shared<Core>(given, Entries(entries, count));
    *out = new vramauto_context{std::move(core)};
    return {};
  });
}

void vramauto_context_free(vramauto_context* ctx) { delete ctx; }
