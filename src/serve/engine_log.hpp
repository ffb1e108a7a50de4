// What an engine says while it loads: the last lines, and what they mean. vLLM's words, 0.6 to 0.33.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace serve {

struct Measured {  // as the log says
  std::optional<double> model_loading_gib, kv_cache_gib;
  std::optional<std::uint64_t> kv_cache_tokens;
};

// For one thread at a time.
class EngineLog {
 public:
  void append(std::string_view bytes);
  void end();  // what has no line's end yet is one

  const std::deque<std::string>& lines() const { return lines_; }
  const std::string& phase() const { return phase_; }  // "" before anything was recognised
  const std::string& error() const { return error_; }  // the last that looked like one
  const Measured& measured() const { return measured_; }
  bool ready() const { return ready_; }

 private:
  void take(std::string_view line, bool overwritten);
  void recognise(std::string_view line);

  std::deque<std::string> lines_;
  std::string partial_, phase_, error_;
  bool cut_ = false;          // of the partial line, the rest is dropped
  bool replaceable_ = false;  // the last line is a progress bar's, which the next overwrites
  bool ready_ = false;
  Measured measured_;
};

}  // namespace serve
