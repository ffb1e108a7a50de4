// Messages to the caller's sink.
#pragma once

#include <string>
#include <string_view>

#include "vramauto/vramauto.h"

namespace vramauto::capi {

class Log {
 public:
  Log(vramauto_log_fn sink, void* user, vramauto_level level)
      : sink_(sink), user_(user), level_(level ? level : VRAMAUTO_LOG_WARN) {}

  void write(vramauto_level level, const std::string& source, const std::string& message) const {
    if (sink_ && level <= level_) sink_(user_, level, source.c_str(), message.c_str());
  }
  template <class Warnings>
  void warn(const Warnings& warnings) const {
    for (const auto& warning : warnings) write(VRAMAUTO_LOG_WARN, warning.code, warning.message);
  }

 private:
  vramauto_log_fn sink_;
  void* user_;
  vramauto_level level_;
};

}  // namespace vramauto::capi
