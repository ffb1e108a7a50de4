#include "serve/http_server.hpp"

#include <algorithm>
#include <exception>
#include <limits>
#include <new>
#include <optional>

#include "client/library.hpp"
#include "serve/connection.hpp"
#include "serve/limits.hpp"
#include "serve/refusal.hpp"

namespace serve {
namespace {

constexpr const char* kSecurityPolicy = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

// The request that this thread is answering.
struct Exchange {
  const Route* route = nullptr;
  std::optional<Refusal> refusal;
  std::string allowed;  // with 405: the method that there is
  bool answered = false;
};
thread_local Exchange the_exchange;

void write(httplib::Response& response, const Refusal& refusal) {
  response.status = refusal.status;
  response.set_content(refusal.json(), "application/json");
  if (refusal.status == 401) response.set_header("WWW-Authenticate", "Bearer");
  if (refusal.status == 405) response.set_header("Allow", the_exchange.allowed);
}

// What cpp-httplib refused by itself, and why it could not go on reading.
Refusal why(const Connection& connection, int status) {
  switch (connection.trouble()) {
    case Connection::Trouble::slow:
      return {408, "too_slow", "", "found a request that was not whole in time (--request-timeout), expected it sooner"};
    case Connection::Trouble::head_too_large:
      return {431, "too_large", "", "found more than 32 KiB before the body, expected less"};
    case Connection::Trouble::body_too_large:
      return {413, "too_large", "", "found a body of more than 1 MiB, expected at most that"};
    default:
      break;
  }
  if (status == 414) return {414, "too_large", "", "found a URL of more than 8 KiB, expected less"};
  if (status >= 500) return {status, "internal", "", "found an error of the service itself"};
  return {status, "malformed_request", "", "found a request that is not well-formed HTTP, expected HTTP/1.1"};
}

// cpp-httplib says nothing where the request's first line cannot be read.
void refuse_silence(Connection& connection) {
  const auto trouble = connection.trouble();
  if (trouble != Connection::Trouble::slow && trouble != Connection::Trouble::head_too_large) return;
  const auto answer = why(connection, 400).http();
  connection.write(answer.data(), answer.size());
}

Refusal refusal_of(std::exception_ptr error) {
  try {
    std::rethrow_exception(error);
  } catch (const Refusal& refusal) {
    return refusal;
  } catch (const client::Failure& failure) {
    return {400, "invalid_argument", failure.where, failure.message};
  } catch (const std::bad_alloc&) {
    return {503, "out_of_memory", "", "found too little memory for this request"};
  } catch (const std::exception& other) {
    return {500, "internal", "", other.what()};
  }
}

}  // namespace

HttpServer::HttpServer(std::vector<Route> routes, Guard guard, Metrics& metrics, Listener& listener,
                       std::chrono::milliseconds request_time)
    : routes_(std::move(routes)), guard_(std::move(guard)), metrics_(metrics), listener_(listener), request_time_(request_time) {
  set_payload_max_length(kBodyBytes);
  // Before a body is read: requests that have none are answered here, others go on when they may.
  set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
    if (!the_exchange.refusal && the_exchange.route->method == "POST") return HandlerResponse::Unhandled;
    answer(request, response);
    return HandlerResponse::Handled;
  });
  Post(".*", [this](const httplib::Request& request, httplib::Response& response) { answer(request, response); });
  set_expect_100_continue_handler([this](const httplib::Request& request, httplib::Response& response) {
    if (!the_exchange.refusal) return 100;
    answer(request, response);
    return response.status;
  });
  set_error_handler(HandlerWithResponse([](const httplib::Request&, httplib::Response& response) {
    if (response.body.empty()) {
      Connection::current().close_after_answer();
      write(response, why(Connection::current(), response.status));
    }
    return HandlerResponse::Handled;
  }));
  set_post_routing_handler([this](const httplib::Request& request, httplib::Response& response) { finish(request, response); });
  set_logger([this](const httplib::Request&, const httplib::Response& response) { count(response); });
}

std::vector<std::string> HttpServer::names(const std::vector<Route>& routes, const std::string& last) {
  std::vector<std::string> out;
  for (const auto& route : routes) out.push_back(route.path);
  out.push_back(last);
  out.push_back("none");
  return out;
}

// What is thrown while a head is read (memory, cpp-httplib's own pattern for ranges) ends the connection, not the service.
void HttpServer::serve(int socket, std::size_t place) try {
  Connection connection(socket, request_time_);
  for (bool more = true; more;) {
    if (!connection.has_input()) {
      if (!connection.flush()) break;
      listener_.idle(place);
      const bool came = connection.wait(kIdleTime);
      if (!listener_.busy(place) || !came) break;
    }
    connection.begin_request();
    the_exchange = {};
    bool closed = false;
    more = process_request(connection, false, closed, [this](httplib::Request& request) { admit(request); });
    if (!the_exchange.answered) refuse_silence(connection);
    more = more && !closed && !connection.closing();
  }
  if (connection.flush() && connection.closing()) connection.linger();
} catch (const std::exception&) {
}

const Route& HttpServer::find(const httplib::Request& request) const {
  const auto method = request.method == "HEAD" ? "GET" : request.method;
  const Route* other = nullptr;
  if (request.target.size() <= kPathBytes) {
    for (const auto& route : routes_) {
      if (route.path != request.path) continue;
      if (route.method == method) return route;
      other = &route;
    }
  }
  if (other) the_exchange.allowed = other->method;
  if (other) throw Refusal{405, "method_not_allowed", "", "found " + request.method + ", expected " + other->method};
  throw Refusal{404, "not_found", "", "found nothing at this path; /openapi.json lists what is there"};
}

// The head has been read and nothing done yet. Whatever may be followed by a body that nobody will read ends the connection.
void HttpServer::admit(httplib::Request& request) const {
  auto& connection = Connection::current();
  connection.head_is_read();
  request.ranges.clear();
  request.headers.erase("Accept-Encoding");  // a plan takes less time than its compression
  try {
    guard_.check_host(request);
    Guard::check_body(request);
    the_exchange.route = &find(request);
    if (!the_exchange.route->open) guard_.check_token(request);
    if (request.method == "POST") {
      Guard::check_is_json(request);
      if (!request.has_header("Transfer-Encoding") && !request.has_header("Content-Length"))
        request.set_header("Content-Length", "0");
    } else if (has_body(request)) {
      throw Refusal{400, "unexpected_body", "", "found a body, expected none for " + request.method};
    }
  } catch (const Refusal& refusal) {
    the_exchange.refusal = refusal;
    if (request.method == "POST" || has_body(request)) connection.close_after_answer();
  }
}

void HttpServer::answer(const httplib::Request& request, httplib::Response& response) const try {
  if (the_exchange.refusal) return write(response, *the_exchange.refusal);
  auto found = the_exchange.route->answer(request);
  if (!found.etag.empty()) {
    response.set_header("ETag", found.etag);
    response.set_header("Cache-Control", "no-cache");
    if (request.get_header_value("If-None-Match") == found.etag) {
      response.status = 304;
      return;
    }
  }
  response.status = found.status;
  response.body = std::move(found.body);
  response.set_header("Content-Type", found.type);
} catch (...) {
  write(response, refusal_of(std::current_exception()));
}

void HttpServer::finish(const httplib::Request&, httplib::Response& response) const {
  response.headers.erase("Keep-Alive");
  response.headers.erase("Accept-Ranges");
  if (Connection::current().closing() && !response.has_header("Connection")) response.set_header("Connection", "close");
  if (!response.has_header("Cache-Control")) response.set_header("Cache-Control", "no-store");
  response.set_header("X-Content-Type-Options", "nosniff");
  response.set_header("Content-Security-Policy", kSecurityPolicy);
  response.set_header("Referrer-Policy", "no-referrer");
}

void HttpServer::count(const httplib::Response& response) const {
  the_exchange.answered = true;
  const auto took = std::chrono::steady_clock::now() - Connection::current().began();
  const auto route = the_exchange.route ? static_cast<std::size_t>(the_exchange.route - routes_.data()) : routes_.size();
  metrics_.answered(route, response.status, took);
}

}  // namespace serve
