// What a request gets that is not answered: thrown where it is noticed, written in one form everywhere.
#pragma once

#include <string>

#include "vramauto/vramauto.h"

namespace serve {

struct Refusal {
  int status;             // of HTTP
  std::string code;       // for programs: "unknown_field"
  std::string where;      // "options.max-model-len"; "" when it is the request as a whole
  std::string message;    // "found ..., expected ..."
  std::string plan = {};  // JSON: the plan that says why it does not fit, or ""

  std::string json() const;
  std::string http() const;  // a whole answer, after which the connection is closed
};

// A call of the library that failed. `part`: of the request, which it is blamed on.
Refusal refusal(const vramauto_error& error, const std::string& part);

// call(&out, &err) into a handle; its error becomes a Refusal.
template <class Handle, class Call>
Handle made(const std::string& part, Call&& call) {
  vramauto_error err;
  VRAMAUTO_INIT(err);
  typename Handle::pointer raw = nullptr;
  if (call(&raw, &err) != VRAMAUTO_OK) throw refusal(err, part);
  return Handle(raw);
}

}  // namespace serve
