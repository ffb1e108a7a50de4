// The listening socket, and a fixed number of threads that each serve one connection. No queue grows: when every thread is taken,
// the connection that has been idle longest makes room, and where none is idle the newcomer is told so and closed.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace serve {

class Listener {
 public:
  // Throws client::Failure when the address cannot be had. Port 0: any.
  Listener(const std::string& host, int port);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  const std::string& url() const { return url_; }
  bool loopback() const { return loopback_; }

  // Tells the connection's place among the threads, for idle() and busy().
  using Serve = std::function<void(int socket, std::size_t place)>;
  void start(std::size_t threads, Serve serve);
  void accept_until(int stop_descriptor);  // returns when that can be read
  void stop();                             // ends all connections and threads

  void idle(std::size_t place);  // between two requests: may be closed for another
  bool busy(std::size_t place);  // a request came; false: it is being closed
  std::size_t open_connections();
  std::uint64_t refused() const { return refused_; }  // for want of room

 private:
  struct Place {
    int socket = -1;
    bool idle = false, closed = false;
    std::chrono::steady_clock::time_point since;
  };
  void work(std::size_t place, const Serve& serve);
  void take(int socket);
  bool make_room();
  void say_where();

  int socket_ = -1;
  std::string url_;
  bool loopback_ = false, stopping_ = false;
  std::atomic<std::uint64_t> refused_ = 0;
  std::mutex mutex_;
  std::condition_variable came_;
  std::deque<int> accepted_;  // at most as many as threads are free or about to be
  std::size_t free_ = 0;      // threads without a connection, and those whose connection is being closed for another
  std::vector<Place> places_;
  std::vector<std::thread> threads_;
};

}  // namespace serve
