// Compiled where libcurl's header is there: what model/curl.hpp declares is what it says.
#include "model/curl.hpp"

#include <curl/curl.h>

#include <type_traits>

namespace {

namespace ours = vramauto::model::curl;

#define SAME(a, b) static_assert(static_cast<long>(ours::a) == static_cast<long>(b))
SAME(kWriteData, CURLOPT_WRITEDATA);
SAME(kUrl, CURLOPT_URL);
SAME(kProxy, CURLOPT_PROXY);
SAME(kRange, CURLOPT_RANGE);
SAME(kErrorBuffer, CURLOPT_ERRORBUFFER);
SAME(kUserAgent, CURLOPT_USERAGENT);
SAME(kLowSpeedLimit, CURLOPT_LOW_SPEED_LIMIT);
SAME(kLowSpeedTime, CURLOPT_LOW_SPEED_TIME);
SAME(kHttpHeader, CURLOPT_HTTPHEADER);
SAME(kHeaderData, CURLOPT_HEADERDATA);
SAME(kCaInfo, CURLOPT_CAINFO);
SAME(kConnectTimeout, CURLOPT_CONNECTTIMEOUT);
SAME(kNoSignal, CURLOPT_NOSIGNAL);
SAME(kProtocols, 181);  // CURLOPT_PROTOCOLS: newer headers warn that it has a successor
SAME(kPipeWait, CURLOPT_PIPEWAIT);
SAME(kWriteFunction, CURLOPT_WRITEFUNCTION);
SAME(kHeaderFunction, CURLOPT_HEADERFUNCTION);
SAME(kRedirectUrl, CURLINFO_REDIRECT_URL);
SAME(kNoProxy, CURLE_COULDNT_RESOLVE_PROXY);
SAME(kNoHost, CURLE_COULDNT_RESOLVE_HOST);
SAME(kNoConnection, CURLE_COULDNT_CONNECT);
SAME(kPartialFile, CURLE_PARTIAL_FILE);
SAME(kOutOfMemory, CURLE_OUT_OF_MEMORY);
SAME(kTimedOut, CURLE_OPERATION_TIMEDOUT);
SAME(kGotNothing, CURLE_GOT_NOTHING);
SAME(kSendError, CURLE_SEND_ERROR);
SAME(kReceiveError, CURLE_RECV_ERROR);
SAME(kUntrusted, CURLE_PEER_FAILED_VERIFICATION);
SAME(kBadCertificates, CURLE_SSL_CACERT_BADFILE);
SAME(kHttp2Stream, CURLE_HTTP2_STREAM);
SAME(kGlobalAll, CURL_GLOBAL_ALL);
SAME(kHttp, CURLPROTO_HTTP);
SAME(kHttps, CURLPROTO_HTTPS);
SAME(kDone, CURLMSG_DONE);
SAME(kErrorSize, CURL_ERROR_SIZE);

static_assert(sizeof(ours::Message) == sizeof(CURLMsg));
static_assert(offsetof(ours::Message, easy) == offsetof(CURLMsg, easy_handle));
static_assert(offsetof(ours::Message, data) == offsetof(CURLMsg, data));
static_assert(sizeof(CURLcode) == sizeof(int) && sizeof(CURLMcode) == sizeof(int) && sizeof(CURLoption) == sizeof(int));

}  // namespace
