#include "serve/listener.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "client/library.hpp"
#include "serve/refusal.hpp"

namespace serve {
namespace {

constexpr int kBacklog = 512;
const std::string& full() {
  static const auto answer =
      Refusal{503, "too_many_connections", "", "found every connection busy, expected one to be free: try again"}.http();
  return answer;
}

bool is_loopback(const sockaddr* address) {
  if (address->sa_family == AF_INET) return ntohl(reinterpret_cast<const sockaddr_in*>(address)->sin_addr.s_addr) >> 24 == 127;
  return address->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr);
}

using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

Addresses resolve(const std::string& host, int port) {
  addrinfo wanted{};
  wanted.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &found))
    throw client::Failure{client::kError, "--host " + host,
                          std::string(gai_strerror(error)) + ", expected an address of this machine"};
  return {found, freeaddrinfo};
}

int bound(const addrinfo& address) {
  const int out = ::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (out < 0) return -1;
  const int on = 1;
  ::setsockopt(out, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(out, address.ai_addr, address.ai_addrlen) == 0 && ::listen(out, kBacklog) == 0) return out;
  const int error = errno;
  ::close(out);
  errno = error;
  return -1;
}

}  // namespace

Listener::Listener(const std::string& host, int port) {
  const auto addresses = resolve(host, port);
  socket_ = bound(*addresses);
  if (socket_ < 0)
    throw client::Failure{client::kError, host + ":" + std::to_string(port),
                          std::string(std::strerror(errno)) + ", expected an address and a port to listen on (--host, --port)"};
  loopback_ = is_loopback(addresses->ai_addr);
  say_where();
}

Listener::~Listener() {
  stop();
  ::close(socket_);
}

void Listener::say_where() {
  sockaddr_storage bound_to{};
  socklen_t size = sizeof bound_to;
  ::getsockname(socket_, reinterpret_cast<sockaddr*>(&bound_to), &size);
  char name[NI_MAXHOST], service[NI_MAXSERV];
  ::getnameinfo(reinterpret_cast<sockaddr*>(&bound_to), size, name, sizeof name, service, sizeof service,
                NI_NUMERICHOST | NI_NUMERICSERV);
  url_ = bound_to.ss_family == AF_INET6 ? "http://[" + std::string(name) + "]:" + service
                                        : "http://" + std::string(name) + ":" + service;
}

void Listener::start(std::size_t threads, Serve serve) {
  places_.resize(threads);
  free_ = threads;
  for (std::size_t place = 0; place < threads; ++place) threads_.emplace_back([this, place, serve] { work(place, serve); });
}

void Listener::work(std::size_t place, const Serve& serve) {
  std::unique_lock lock(mutex_);
  for (;;) {
    came_.wait(lock, [&] { return stopping_ || !accepted_.empty(); });
    if (stopping_) return;
    const int socket = accepted_.front();
    accepted_.pop_front();
    places_[place] = {socket, true, false, std::chrono::steady_clock::now()};  // idle until something comes
    lock.unlock();
    serve(socket, place);
    lock.lock();
    const bool made_room = places_[place].closed;  // then this thread was counted as free before
    places_[place] = {};
    ::close(socket);  // under the lock: make_room() and stop() never see a number that was given away again
    if (!made_room) ++free_;
  }
}

void Listener::idle(std::size_t place) {
  const std::lock_guard lock(mutex_);
  places_[place].idle = true;
  places_[place].since = std::chrono::steady_clock::now();
}

bool Listener::busy(std::size_t place) {
  const std::lock_guard lock(mutex_);
  places_[place].idle = false;
  return !places_[place].closed;
}

bool Listener::make_room() {
  const auto longest = std::min_element(
      places_.begin(), places_.end(), [](const Place& a, const Place& b) { return a.idle != b.idle ? a.idle : a.since < b.since; });
  if (longest == places_.end() || !longest->idle) return false;
  longest->idle = false;
  longest->closed = true;
  ::shutdown(longest->socket, SHUT_RDWR);
  ++free_;
  return true;
}

void Listener::take(int socket) {
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const std::lock_guard lock(mutex_);
  if (free_ == 0 && !make_room()) {
    ++refused_;
    char away[4096];  // what has come already: unread, it would take the answer back
    (void)!::recv(socket, away, sizeof away, MSG_DONTWAIT);
    (void)!::send(socket, full().data(), full().size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    ::close(socket);
    return;
  }
  --free_;
  accepted_.push_back(socket);
  came_.notify_one();
}

void Listener::accept_until(int stop_descriptor) {
  pollfd both[2] = {{socket_, POLLIN, 0}, {stop_descriptor, POLLIN, 0}};
  for (;;) {
    if (::poll(both, 2, -1) < 0 && errno != EINTR) return;
    if (both[1].revents) return;
    // Whatever a failed accept says of one client (gone again, no descriptor left), the next may succeed.
    const int socket = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (socket >= 0)
      take(socket);
    else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

void Listener::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (auto& place : places_) {
      if (place.socket >= 0) ::shutdown(place.socket, SHUT_RD);  // what is being answered still is
    }
    for (const int socket : accepted_) ::close(socket);
    accepted_.clear();
  }
  came_.notify_all();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

std::size_t Listener::open_connections() {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(std::count_if(places_.begin(), places_.end(), [](const Place& one) { return one.socket >= 0; }));
}

}  // namespace serve
