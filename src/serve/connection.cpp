#include "serve/connection.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "serve/limits.hpp"

namespace serve {
namespace {

thread_local Connection* the_current = nullptr;

constexpr std::size_t kPiece = 16 * 1024;    // read at once
constexpr std::size_t kUnsent = 256 * 1024;  // written and not yet sent, at most

}  // namespace

Connection::Connection(int socket, std::chrono::milliseconds request_time) : socket_(socket), request_time_(request_time) {
  the_current = this;
}

Connection& Connection::current() { return *the_current; }

bool Connection::ready(short events, Clock::time_point until) const {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
    pollfd one{socket_, events, 0};
    const int found = ::poll(&one, 1, static_cast<int>(std::max<long>(left, 0)));
    if (found > 0) return true;
    if (found == 0 || errno != EINTR) return false;
  }
}

bool Connection::wait(std::chrono::milliseconds longest) { return ready(POLLIN, Clock::now() + longest); }

void Connection::begin_request() {
  began_ = Clock::now();
  budget_ = kHeadBytes;
  when_spent_ = Trouble::head_too_large;
}

void Connection::head_is_read() {
  budget_ = kBodyBytes;
  when_spent_ = Trouble::body_too_large;
}

ssize_t Connection::fail(Trouble trouble) {
  if (trouble_ == Trouble::none) trouble_ = trouble;
  return -1;
}

bool Connection::fill() {
  if (!flush()) return false;  // "100 Continue" among others: the client waits for it
  input_.resize(kPiece);
  at_ = 0;
  for (;;) {
    const auto got = ::recv(socket_, input_.data(), kPiece, MSG_DONTWAIT);
    input_.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    if (got > 0) return true;
    const bool later = got < 0 && (errno == EAGAIN || errno == EINTR);
    if (!later) return fail(got == 0 ? Trouble::ended : Trouble::gone), false;
    if (!ready(POLLIN, began_ + request_time_)) return fail(Trouble::slow), false;
    input_.resize(kPiece);
  }
}

ssize_t Connection::read(char* to, size_t size) {
  if (trouble_ != Trouble::none) return -1;
  if (budget_ == 0) return fail(when_spent_);
  if (!has_input() && Clock::now() - began_ > request_time_) return fail(Trouble::slow);
  if (!has_input() && !fill()) return trouble_ == Trouble::ended ? 0 : -1;
  const auto count = std::min({size, input_.size() - at_, budget_});
  input_.copy(to, count, at_);
  at_ += count;
  budget_ -= count;
  return static_cast<ssize_t>(count);
}

ssize_t Connection::write(const char* from, size_t size) {
  if (trouble_ == Trouble::gone) return -1;
  output_.append(from, size);
  if (output_.size() > kUnsent && !flush()) return -1;
  return static_cast<ssize_t>(size);
}

bool Connection::flush() {
  const auto until = Clock::now() + kAnswerTime;
  std::size_t sent = 0;
  while (sent < output_.size()) {
    const auto count = ::send(socket_, output_.data() + sent, output_.size() - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count >= 0) {
      sent += static_cast<std::size_t>(count);
    } else if (errno != EINTR && (errno != EAGAIN || !ready(POLLOUT, until))) {
      output_.clear();
      return fail(Trouble::gone), false;
    }
  }
  output_.clear();
  return true;
}

void Connection::linger() {
  ::shutdown(socket_, SHUT_WR);
  char away[4096];
  for (const auto until = Clock::now() + kLingerTime; ready(POLLIN, until) && ::recv(socket_, away, sizeof away, MSG_DONTWAIT) > 0;)
    if (Clock::now() > until) break;
}

// Nobody here asks who the client is: cpp-httplib would put it among the headers of each request.
void Connection::get_remote_ip_and_port(std::string&, int&) const {}
void Connection::get_local_ip_and_port(std::string&, int&) const {}

}  // namespace serve
