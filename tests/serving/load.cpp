// Asks a running service for plans, over many connections that stay open, and checks every answer.
//
//   load PORT PID CONNECTIONS REQUESTS [RATE]
//
// One thread, which waits for all sockets at once; a connection has one request under way. RATE: requests a second, evenly; without
// it as many as are answered. First the service's answer to GET /healthz is timed in the same way: no plan can be faster. Prints
// requests a second, latencies and the service's memory. Status 1: an answer was wrong.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fstream>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void stop(const std::string& why) {
  std::fprintf(stderr, "load: %s\n", why.c_str());
  std::exit(1);
}

struct Question {
  std::string request;
  std::string answer;  // the first that came: every other must be the same
};

std::string post(const std::string& body) {
  return "POST /api/v1/plan HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

// As a page's sliders ask: a few models and GPUs, every length another.
std::vector<Question> plans() {
  std::vector<Question> out;
  for (const char* model : {"Qwen/Qwen3-8B", "Qwen/Qwen3-14B", "meta-llama/Llama-3.1-8B"})
    for (const char* gpus : {"RTX 4090", "2x A100 40GB", "H100 80GB"})
      for (int length = 2048; length <= 32768; length += 2048)
        out.push_back({post("{\"model\": \"" + std::string(model) + "\", \"gpus\": \"" + gpus +
                            "\", \"options\": {\"max-model-len\": " + std::to_string(length) + "}}"),
                       ""});
  return out;
}

struct Connection {
  int socket = -1;
  std::string got;
  Question* asked = nullptr;
  Clock::time_point since;
};

int connected(int port) {
  const int out = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(out, reinterpret_cast<const sockaddr*>(&address), sizeof address)) stop("cannot connect");
  const int on = 1;
  ::setsockopt(out, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return out;
}

// The whole answer is there.
bool whole(const std::string& got, std::size_t& head) {
  const auto end = got.find("\r\n\r\n");
  if (end == got.npos) return false;
  const auto at = got.find("Content-Length: ");
  if (at > end) stop("an answer without a length: " + got.substr(0, end));
  head = end + 4;
  return got.size() >= head + std::strtoull(got.c_str() + at + 16, nullptr, 10);
}

class Run {
 public:
  Run(int port, std::size_t connections, double rate) : rate_(rate), connections_(connections) {
    epoll_ = ::epoll_create1(0);
    for (auto& one : connections_) {
      one.socket = connected(port);
      epoll_event event{EPOLLIN, {&one}};
      ::epoll_ctl(epoll_, EPOLL_CTL_ADD, one.socket, &event);
      free_.push_back(&one);
    }
  }
  ~Run() {
    for (auto& one : connections_) ::close(one.socket);
    ::close(epoll_);
  }

  // Requests a second; the latencies of all, in milliseconds and sorted, are left in `latencies`.
  double ask(std::vector<Question>& questions, std::size_t count) {
    latencies.clear();
    const auto began = Clock::now();
    for (std::size_t sent = 0; latencies.size() < count;) {
      while (sent < count && !free_.empty() && Clock::now() >= due(began, sent))
        send(questions[sent % questions.size()], due(began, sent)), ++sent;
      epoll_event events[64];
      const int found = ::epoll_wait(epoll_, events, 64, rate_ > 0 && sent < count ? 1 : 1000);
      for (int i = 0; i < found; ++i) receive(*static_cast<Connection*>(events[i].data.ptr));
    }
    const std::chrono::duration<double> took = Clock::now() - began;
    std::sort(latencies.begin(), latencies.end());
    return static_cast<double>(count) / took.count();
  }

  double quantile(double q) const {
    return latencies[std::min(latencies.size() - 1, static_cast<std::size_t>(q * static_cast<double>(latencies.size())))];
  }

  std::vector<double> latencies;

 private:
  // With a rate a request is late from when it should have been sent, not from when there was a connection for it.
  Clock::time_point due(Clock::time_point began, std::size_t number) const {
    return rate_ > 0
               ? began +
                     std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(static_cast<double>(number) / rate_))
               : began;
  }

  void send(Question& question, Clock::time_point since) {
    auto& one = *free_.front();
    free_.pop_front();
    one.asked = &question;
    one.since = rate_ > 0 ? since : Clock::now();
    if (::send(one.socket, question.request.data(), question.request.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(question.request.size()))
      stop("a connection was closed");
  }

  void receive(Connection& one) {
    char bytes[65536];
    const auto count = ::recv(one.socket, bytes, sizeof bytes, 0);
    if (count <= 0 || !one.asked) stop("a connection was closed");
    one.got.append(bytes, static_cast<std::size_t>(count));
    std::size_t head = 0;
    if (!whole(one.got, head)) return;
    latencies.push_back(std::chrono::duration<double, std::milli>(Clock::now() - one.since).count());
    if (one.got.compare(0, 15, "HTTP/1.1 200 OK")) stop("found " + one.got.substr(0, 600));
    const auto body = one.got.substr(head);
    if (one.asked->answer.empty()) one.asked->answer = body;
    if (one.asked->answer != body) stop("the same question got another answer");
    one.got.clear();
    one.asked = nullptr;
    free_.push_back(&one);
  }

  double rate_;
  std::vector<Connection> connections_;
  std::deque<Connection*> free_;
  int epoll_ = -1;
};

double resident_mib(const std::string& pid) {
  std::ifstream status("/proc/" + pid + "/status");
  for (std::string word; status >> word;) {
    double kib = 0;
    if (word == "VmRSS:" && status >> kib) return kib / 1024;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) stop("expected PORT PID CONNECTIONS REQUESTS [RATE]");
  const int port = std::atoi(argv[1]);
  const std::size_t connections = std::strtoull(argv[3], nullptr, 10), requests = std::strtoull(argv[4], nullptr, 10);
  std::vector<Question> health = {{"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", ""}};
  double limit = 0;
  {
    Run run(port, connections, 0);
    limit = run.ask(health, std::max<std::size_t>(requests / 10, 1000));
    std::printf("healthz  %8.0f requests/s  p50 %.2f ms  p99 %.2f ms\n", limit, run.quantile(.5), run.quantile(.99));
  }
  auto questions = plans();
  Run run(port, connections, argc > 5 ? std::atof(argv[5]) : 0);
  run.ask(questions, questions.size() * 4);  // what is kept is there from now on
  const auto before = resident_mib(argv[2]);
  const auto rate = run.ask(questions, requests);
  std::printf("plan     %8.0f requests/s  p50 %.2f ms  p99 %.2f ms  p99.9 %.2f ms  max %.2f ms  %.2f of healthz\n", rate,
              run.quantile(.5), run.quantile(.99), run.quantile(.999), run.quantile(1), rate / limit);
  for (const auto& question : questions)
    if (question.answer.find("\"schema\": \"vramauto.plan/1\"") == question.answer.npos)
      stop("found no plan: " + question.answer.substr(0, 300));
  std::printf("memory   %.1f MiB before, %.1f MiB after %zu requests\n", before, resident_mib(argv[2]), requests);
}
