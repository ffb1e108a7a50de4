#include "model/transfer.hpp"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <thread>

#include "model/flight.hpp"
#include "support/checked.hpp"

namespace vramauto::model {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t kAtOnce = 8;
constexpr std::uint32_t kMostRedirects = 5, kTries = 3;
constexpr std::uint64_t kLongestWait = 30;  // seconds that a server may ask us to wait
constexpr std::chrono::minutes kLongestSession{10};
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 30;  // of a session: all of it is held in memory
constexpr milliseconds kStep{100}, kFirstWait{500};           // between looks at progress; before the second try
constexpr long kSlow = 1000;                                  // bytes a second: less is a halt

// A server that goes away must not end the process: libcurl cannot promise that alone (CURLOPT_NOSIGNAL).
class NoPipeSignal {
 public:
  NoPipeSignal() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    was_pending_ = sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  NoPipeSignal(const NoPipeSignal&) = delete;
  NoPipeSignal& operator=(const NoPipeSignal&) = delete;
  ~NoPipeSignal() {
    const timespec now{};
    if (!was_pending_) sigtimedwait(&pipe_, nullptr, &now);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t pipe_{}, before_{};
  bool was_pending_ = false;
};

bool may_pass(long status) { return status == 429 || status == 500 || (status >= 502 && status <= 504); }
bool may_pass(int code) {
  return code == curl::kPartialFile || code == curl::kGotNothing || code == curl::kSendError || code == curl::kReceiveError ||
         code == curl::kHttp2Stream;
}

bool is_redirect(long status) { return status == 301 || status == 302 || status == 303 || status == 307 || status == 308; }

}  // namespace

std::string origin_of(std::string_view url) {
  const auto colon = std::min(url.find("://"), url.size());
  const auto scheme = text::lower(url.substr(0, colon));
  if (colon == url.size() || (scheme != "http" && scheme != "https")) return {};
  const auto host = url.substr(colon + 3);
  const auto authority = host.substr(0, host.find_first_of("/?#"));
  const auto plain = std::all_of(authority.begin(), authority.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("-._:[]").find(c) != std::string_view::npos;
  });
  return plain && !authority.empty() && authority.front() != '.' ? fmt::format("{}://{}", scheme, text::lower(authority))
                                                                 : std::string();
}

Session::Session(Access access, const curl::Api& api)
    : access_(std::move(access)), curl_(api), multi_(api.multi_init()), deadline_(Clock::now() + kLongestSession) {}

Session::~Session() {
  const NoPipeSignal quiet;  // TLS says goodbye
  if (multi_) curl_.multi_cleanup(multi_);
  curl_.slist_free_all(headers_);
}

Result<std::unique_ptr<Session>> Session::open(Access access) {
  const auto* api = TRY(curl::api());
  std::unique_ptr<Session> out(new Session(std::move(access), *api));
  if (!out->access_.token.empty())
    out->headers_ = api->slist_append(nullptr, ("Authorization: Bearer " + out->access_.token).c_str());
  if (!out->multi_ || (!out->access_.token.empty() && !out->headers_))
    return fail(VRAMAUTO_E_MEMORY, "libcurl.so.4", "out of memory");
  return out;
}

Result<void> Session::run(std::span<Transfer> transfers) {
  const NoPipeSignal quiet;
  std::vector<Flight> flights(transfers.size());
  for (std::size_t i = 0; i < flights.size(); ++i) {
    flights[i].wanted = &transfers[i];
    flights[i].url = transfers[i].url;
    flights[i].begin = transfers[i].body.size();
    done_ -= flights[i].begin;  // counted before, and again with the body
  }
  struct Landing {  // also where something is thrown, as by a caller's progress: libcurl must not keep what points into flights
    Session& session;
    std::span<Flight> flights;
    ~Landing() {
      for (auto& flight : flights) session.drop(flight);
    }
  };
  auto flown = [&] {
    const Landing landing{*this, flights};
    return fly(flights);
  }();
  for (const auto& transfer : transfers) done_ += transfer.body.size();
  return flown;
}

Result<void> Session::fly(std::span<Flight> flights) {
  for (;;) {
    std::size_t running = 0, left = 0;
    for (const auto& flight : flights) {
      running += flight.state == Flight::State::running;
      left += flight.state != Flight::State::done;
    }
    if (left == 0) return report(flights);
    for (auto& flight : flights) {
      if (running == kAtOnce || flight.state != Flight::State::waiting || Clock::now() < flight.not_before) continue;
      TRY(start(flight));
      ++running;
    }
    TRY(report(flights));
    int ready = 0;
    if (curl_.multi_perform(multi_, &ready) != curl::kOk) return fail(VRAMAUTO_E_IO, "libcurl.so.4", "cannot go on");
    if (TRY(receive(flights))) continue;
    if (running != 0) curl_.multi_wait(multi_, nullptr, 0, static_cast<int>(kStep.count()), &ready);
    // Nothing to wait for, or a name is being looked up by a thread of libcurl's own.
    if (ready == 0) std::this_thread::sleep_for(milliseconds(running ? 2 : 50));
  }
}

Result<void> Session::start(Flight& flight) {
  flight.forget_answer();
  flight.easy = curl_.easy_init();
  if (!flight.easy) return fail(VRAMAUTO_E_MEMORY, shown_url(flight.url), "out of memory");
  auto* const easy = flight.easy;
  bool good = true;
  const auto set = [&](curl::Option option, auto value) { good = curl_.easy_setopt(easy, option, value) == curl::kOk && good; };
  set(curl::kUrl, flight.url.c_str());
  set(curl::kProtocols, curl::kHttp | curl::kHttps);
  set(curl::kUserAgent, "vramauto");
  set(curl::kNoSignal, 1L);
  set(curl::kConnectTimeout, access_.patience_s);
  set(curl::kLowSpeedLimit, kSlow);
  set(curl::kLowSpeedTime, access_.patience_s);
  set(curl::kPipeWait, 1L);
  set(curl::kErrorBuffer, flight.words);
  set(curl::kHeaderFunction, &on_header);
  set(curl::kHeaderData, static_cast<void*>(&flight));
  set(curl::kWriteFunction, &on_body);
  set(curl::kWriteData, static_cast<void*>(&flight));
  if (!access_.proxies) set(curl::kProxy, "");
  if (!access_.certificates.empty()) set(curl::kCaInfo, access_.certificates.c_str());
  if (!flight.wanted->whole) set(curl::kRange, fmt::format("{}-{}", flight.begin, flight.wanted->until - 1).c_str());
  if (headers_ && origin_of(flight.url) == access_.origin) set(curl::kHttpHeader, headers_);
  if (!good) return fail(VRAMAUTO_E_UNSUPPORTED, "libcurl.so.4", "does not know an option that is needed, expected 7.55 or newer");
  if (curl_.multi_add_handle(multi_, easy) != curl::kOk) return fail(VRAMAUTO_E_MEMORY, "libcurl.so.4", "out of memory");
  flight.state = Flight::State::running;
  return {};
}

void Session::drop(Flight& flight) {
  if (!flight.easy) return;
  curl_.multi_remove_handle(multi_, flight.easy);
  curl_.easy_cleanup(flight.easy);
  flight.easy = nullptr;
}

// Whether something has ended.
Result<bool> Session::receive(std::span<Flight> flights) {
  int left = 0;
  bool some = false;
  while (const auto* message = curl_.multi_info_read(multi_, &left)) {
    if (message->what != curl::kDone) continue;
    const auto found = std::find_if(flights.begin(), flights.end(), [&](const auto& one) { return one.easy == message->easy; });
    if (found == flights.end()) continue;
    const auto code = message->data.result;
    const char* next = nullptr;
    curl_.easy_getinfo(found->easy, curl::kRedirectUrl, &next);
    next_url_ = next ? next : "";
    drop(*found);
    found->state = Flight::State::done;
    some = true;
    TRY(judge(*found, code));
  }
  return some;
}

Result<void> Session::judge(Flight& flight, int code) {
  if (is_redirect(flight.status)) return redirect(flight);
  const auto ended = code == curl::kOk || flight.enough || flight.too_much;
  if (flight.status >= 300 || (ended && flight.status != 200 && flight.status != 206)) {
    auto error = refusal(flight, headers_ && origin_of(flight.url) == access_.origin);
    if (may_pass(flight.status)) return retry(flight, std::move(error));
    return Unexpected{std::move(error)};
  }
  if (!ended) {
    auto error = broken(flight, code, curl_.easy_strerror(code), access_.patience_s);
    if (may_pass(code)) return retry(flight, std::move(error));
    return Unexpected{std::move(error)};
  }
  TRY(flight.check_sizes());
  const auto& wanted = *flight.wanted;
  const auto end = wanted.whole ? wanted.size : std::min(wanted.size, wanted.until);
  if (wanted.body.size() == end) return {};
  return retry(flight, error_of(flight, VRAMAUTO_E_IO, "ends at byte {}, expected {}", wanted.body.size(), end));
}

Result<void> Session::redirect(Flight& flight) {
  const auto to = origin_of(next_url_);
  const auto shown = next_url_.empty() ? "nowhere" : shown_url(next_url_);
  if (to.empty() || (to.starts_with("http:") && origin_of(flight.url).starts_with("https:")))
    return Unexpected{error_of(flight, VRAMAUTO_E_IO, "leads to {}, expected an address that is as safe", shown)};
  if (++flight.redirects > kMostRedirects)
    return Unexpected{error_of(flight, VRAMAUTO_E_IO, "is the {}th redirect in a row, at most {} are followed", flight.redirects,
                               kMostRedirects)};
  flight.url = std::move(next_url_);
  flight.state = Flight::State::waiting;
  return {};
}

Result<void> Session::retry(Flight& flight, Error why) {
  const auto asked = flight.retry_after;
  if (++flight.tries == kTries || (asked != VRAMAUTO_UNKNOWN && asked > kLongestWait)) return Unexpected{std::move(why)};
  const milliseconds wait = asked == VRAMAUTO_UNKNOWN ? kFirstWait * (1 << (flight.tries - 1)) : std::chrono::seconds(asked);
  flight.not_before = Clock::now() + wait;
  flight.url = flight.wanted->url;  // a signed address may have had its time
  flight.redirects = 0;
  flight.state = Flight::State::waiting;
  return {};
}

Result<void> Session::report(std::span<const Flight> flights) {
  if (Clock::now() > deadline_)
    return fail(VRAMAUTO_E_TIMEOUT, access_.origin, "takes longer than {} minutes in all", kLongestSession.count());
  auto done = done_, total = done_;
  for (const auto& flight : flights) {
    const auto& wanted = *flight.wanted;
    done += wanted.body.size();
    total = saturating_add(total, wanted.whole ? wanted.size : std::min(wanted.until, wanted.size));
  }
  if (done > kMostBytes)
    return fail(VRAMAUTO_E_LIMIT, access_.origin,
                "has more than {} bytes of texts and headers for one model, which are read at most", kMostBytes);
  if (!access_.progress) return {};
  if (access_.progress(access_.user, done, total) != 0) return fail(VRAMAUTO_E_CANCELLED, access_.origin, "was cancelled");
  return {};
}

}  // namespace vramauto::model
