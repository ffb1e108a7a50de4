// Requests read and answers written by cpp-httplib; which of them, how long and by whom is decided here. Its own accept loop,
// thread pool, streams, file serving, compression and ranges are not used: they know no bounds (0.11).
#pragma once

#include <httplib.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "serve/guard.hpp"
#include "serve/listener.hpp"
#include "serve/metrics.hpp"

namespace serve {

struct Answer {
  int status = 200;
  std::string body;
  std::string type = "application/json";
  std::string etag = {};  // "" for none: then nobody keeps it
};

struct Route {
  std::string method, path;
  bool open;  // to those without the token, too
  std::function<Answer(const httplib::Request&)> answer;
};

class HttpServer : private httplib::Server {
 public:
  HttpServer(std::vector<Route> routes, Guard guard, Metrics& metrics, Listener& listener, std::chrono::milliseconds request_time);

  // One connection, from its first request to its last.
  void serve(int socket, std::size_t place);

  // Of the routes and of one more that is yet to come, for Metrics.
  static std::vector<std::string> names(const std::vector<Route>& routes, const std::string& last);

 private:
  void admit(httplib::Request& request) const;  // throws Refusal
  const Route& find(const httplib::Request& request) const;
  void answer(const httplib::Request& request, httplib::Response& response) const;
  void finish(const httplib::Request& request, httplib::Response& response) const;
  void count(const httplib::Response& response) const;

  std::vector<Route> routes_;
  Guard guard_;
  Metrics& metrics_;
  Listener& listener_;
  std::chrono::milliseconds request_time_;
};

}  // namespace serve
