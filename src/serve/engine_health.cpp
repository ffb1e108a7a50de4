#include "serve/engine_health.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <string_view>

namespace serve {
namespace {

constexpr int kPatience = 250;  // milliseconds
constexpr std::string_view kAsk = "GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n";

bool ready(int socket, short events) {
  pollfd one{socket, events, 0};
  return ::poll(&one, 1, kPatience) == 1;
}

// Connected, or -1.
int connected(int port) {
  const int out = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ::connect(out, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  int error = 1;
  socklen_t size = sizeof error;
  if (out >= 0 && ready(out, POLLOUT) && ::getsockopt(out, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0) return out;
  if (out >= 0) ::close(out);
  return -1;
}

}  // namespace

bool accepts(int port) {
  const int socket = connected(port);
  if (socket >= 0) ::close(socket);
  return socket >= 0;
}

bool answers_healthy(int port) {
  const int socket = connected(port);
  if (socket < 0) return false;
  char answer[12] = "";  // "HTTP/1.1 200"
  const bool asked = ::send(socket, kAsk.data(), kAsk.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(kAsk.size());
  const bool got = asked && ready(socket, POLLIN) && ::recv(socket, answer, sizeof answer, 0) == sizeof answer;
  ::close(socket);
  return got && std::string_view(answer, sizeof answer).substr(8) == " 200";
}

}  // namespace serve
