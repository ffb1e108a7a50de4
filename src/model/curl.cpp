#include "model/curl.hpp"

#include <dlfcn.h>

#include <mutex>

namespace vramauto::model::curl {

namespace {

// Debian has a second build beside the usual one, of the same ABI.
void* opened() {
  for (const auto* name : {"libcurl.so.4", "libcurl-gnutls.so.4"})
    if (auto* handle = dlopen(name, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE)) return handle;
  return nullptr;
}

template <class Function>
bool take(void* handle, const char* name, Function*& to) {
  to = reinterpret_cast<Function*>(dlsym(handle, name));
  return to != nullptr;
}

bool take_all(void* handle, Api& to) {
  return take(handle, "curl_global_init", to.global_init) && take(handle, "curl_easy_strerror", to.easy_strerror) &&
         take(handle, "curl_easy_init", to.easy_init) && take(handle, "curl_easy_cleanup", to.easy_cleanup) &&
         take(handle, "curl_easy_setopt", to.easy_setopt) && take(handle, "curl_easy_getinfo", to.easy_getinfo) &&
         take(handle, "curl_slist_append", to.slist_append) && take(handle, "curl_slist_free_all", to.slist_free_all) &&
         take(handle, "curl_multi_init", to.multi_init) && take(handle, "curl_multi_cleanup", to.multi_cleanup) &&
         take(handle, "curl_multi_add_handle", to.multi_add_handle) &&
         take(handle, "curl_multi_remove_handle", to.multi_remove_handle) && take(handle, "curl_multi_perform", to.multi_perform) &&
         take(handle, "curl_multi_wait", to.multi_wait) && take(handle, "curl_multi_info_read", to.multi_info_read);
}

Result<void> load(Api& to) {
  constexpr auto where = "libcurl.so.4";
  auto* handle = opened();
  if (!handle) {
    const auto* words = dlerror();
    return fail(VRAMAUTO_E_UNSUPPORTED, where,
                "is needed to ask the hub and cannot be loaded ({}): install it (Debian: libcurl4), or give a local folder",
                text::shown(words ? words : "no reason", 100));
  }
  if (!take_all(handle, to)) return fail(VRAMAUTO_E_UNSUPPORTED, where, "is older than 7.55, the first that can be used");
  if (to.global_init(kGlobalAll) != kOk) return fail(VRAMAUTO_E_UNSUPPORTED, where, "cannot be initialised");
  return {};
}

}  // namespace

Result<const Api*> api() {
  // One for the process: curl_global_init must not run twice at a time. What failed is tried again by the next call.
  static std::mutex one_at_a_time;
  static Api loaded;
  static bool ready = false;
  const std::lock_guard lock(one_at_a_time);
  if (!ready) TRY(load(loaded));
  ready = true;
  return &loaded;
}

}  // namespace vramauto::model::curl
