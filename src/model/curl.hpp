// libcurl, loaded when something is first wanted from a network: nobody else pays for it, and nothing links to it.
#pragma once

#include "support/result.hpp"

namespace vramauto::model::curl {

// The part of curl/curl.h that is used here; its numbers never change (curl, docs/libcurl/ABI.md). Where that header is there,
// tests/hub/declarations.cpp compares them while it is compiled.
enum Option {
  kWriteData = 10001,
  kUrl = 10002,
  kProxy = 10004,
  kRange = 10007,
  kErrorBuffer = 10010,
  kUserAgent = 10018,
  kLowSpeedLimit = 19,
  kLowSpeedTime = 20,
  kHttpHeader = 10023,
  kHeaderData = 10029,
  kCaInfo = 10065,
  kConnectTimeout = 78,
  kNoSignal = 99,
  kProtocols = 181,
  kPipeWait = 237,
  kWriteFunction = 20011,
  kHeaderFunction = 20079,
};
enum Info { kRedirectUrl = 0x100000 + 31 };
enum Code {
  kOk = 0,
  kNoProxy = 5,
  kNoHost = 6,
  kNoConnection = 7,
  kPartialFile = 18,
  kOutOfMemory = 27,
  kTimedOut = 28,
  kGotNothing = 52,
  kSendError = 55,
  kReceiveError = 56,
  kUntrusted = 60,
  kBadCertificates = 77,
  kHttp2Stream = 92,
};
constexpr long kGlobalAll = 3;         // CURL_GLOBAL_ALL
constexpr long kHttp = 1, kHttps = 2;  // CURLPROTO_*
constexpr int kDone = 1;               // CURLMSG_DONE
constexpr std::size_t kErrorSize = 256;

struct Message {
  int what;
  void* easy;
  union {
    void* whatever;
    int result;
  } data;
};

struct Api {
  int (*global_init)(long flags);
  const char* (*easy_strerror)(int code);
  void* (*easy_init)();
  void (*easy_cleanup)(void* easy);
  int (*easy_setopt)(void* easy, int option, ...);
  int (*easy_getinfo)(void* easy, int info, ...);
  void* (*slist_append)(void* list, const char* text);
  void (*slist_free_all)(void* list);
  void* (*multi_init)();
  int (*multi_cleanup)(void* multi);
  int (*multi_add_handle)(void* multi, void* easy);
  int (*multi_remove_handle)(void* multi, void* easy);
  int (*multi_perform)(void* multi, int* running);
  int (*multi_wait)(void* multi, void* more, unsigned count, int milliseconds, int* ready);
  Message* (*multi_info_read)(void* multi, int* left);
};

// E_UNSUPPORTED where it is not installed. Never unloaded: its TLS library leaves handlers behind.
Result<const Api*> api();

}  // namespace vramauto::model::curl
