// What a request's head must be before anything is done for it.
#pragma once

#include <httplib.h>

#include <string>

namespace serve {

// Text compared in a time that does not depend on where it differs.
bool same_secret(const std::string& a, const std::string& b);

class Guard {
 public:
  // `token`: "" for none. `loopback`: only this machine can connect, so browsers are the way in for others.
  Guard(std::string token, bool loopback) : token_(std::move(token)), loopback_(loopback) {}

  // All throw Refusal.
  void check_host(const httplib::Request& request) const;  // DNS rebinding, and other sites' pages
  void check_token(const httplib::Request& request) const;
  static void check_body(const httplib::Request& request);  // how long, in which form; requests without one pass
  static void check_is_json(const httplib::Request& request);

 private:
  std::string token_;
  bool loopback_;
};

bool has_body(const httplib::Request& request);

}  // namespace serve
