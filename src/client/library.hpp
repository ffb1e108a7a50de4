// The library's handles as C++ values. What goes wrong is thrown as Failure and told by the program that called.
#pragma once

#include <memory>
#include <string>

#include "vramauto/vramauto.h"

namespace client {

enum Exit { kFits = 0, kError = 1, kUsage = 2, kDoesNotFit = 3 };

struct Failure {
  Exit exit;
  std::string where, message;
};

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* handle) const {
    Free(handle);
  }
};
using Context = std::unique_ptr<vramauto_context, Freed<vramauto_context_free>>;
using Devices = std::unique_ptr<vramauto_devices, Freed<vramauto_devices_free>>;
using Model = std::unique_ptr<vramauto_model, Freed<vramauto_model_free>>;
using Workload = std::unique_ptr<vramauto_workload, Freed<vramauto_workload_free>>;
using Plan = std::unique_ptr<vramauto_plan, Freed<vramauto_plan_free>>;

// call(&out, &err) into a handle; its error becomes a Failure that exits with `exit`.
template <class Handle, class Call>
Handle make(Exit exit, Call&& call) {
  vramauto_error err;
  VRAMAUTO_INIT(err);
  typename Handle::pointer raw = nullptr;
  if (call(&raw, &err) != VRAMAUTO_OK) {
    std::string where = err.where;
    if (err.offset != VRAMAUTO_UNKNOWN) where += " (byte " + std::to_string(err.offset) + ")";
    throw Failure{exit, where, err.message};
  }
  return Handle(raw);
}

// The text that call(buffer, size) writes, whatever its length.
template <class Call>
std::string text_of(Call&& call) {
  std::string out(16384, '\0');
  auto size = call(out.data(), out.size());
  if (size >= out.size()) {
    out.resize(size + 1);
    size = call(out.data(), out.size());
  }
  out.resize(size);
  return out;
}

}  // namespace client
