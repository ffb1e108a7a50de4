#include "serve/engine_log.hpp"

#include <algorithm>
#include <charconv>

#include "serve/limits.hpp"
#include "support/text.hpp"

namespace serve {
namespace {

constexpr auto npos = std::string_view::npos;

// What comes last in a start stands last. Sources: vLLM 0.6 to 0.33, v1/worker/gpu_model_runner.py, gpu_worker.py, engine/core.py,
// compilation/backends.py, entrypoints/openai/api_server.py; uvicorn for the last.
struct Phase {
  std::string_view words, name;
};
constexpr Phase kPhases[] = {
    {"Starting to load model", "loading the model"},
    {"Loading weights took", "weights loaded"},
    {"Model loading took", "model loaded"},
    {"Loading model weights took", "model loaded"},
    {"Dynamo bytecode transform", "compiling"},
    {"Compiling a graph", "compiling"},
    {"torch.compile took", "compiled"},
    {"torch.compile takes", "compiled"},
    {"Available KV cache memory", "KV cache sized"},
    {"GPU KV cache size", "KV cache allocated"},
    {"Capturing CUDA graphs", "capturing CUDA graphs"},
    {"Graph capturing finished", "CUDA graphs captured"},
    {"init engine (profile", "engine initialised"},
    {"Starting vLLM", "starting its API server"},
    {"Application startup complete", "serving"},
};

// The number right after `words`, thousands grouped or not: "GPU KV cache size: 31,200 tokens".
std::optional<double> number_after(std::string_view line, std::string_view words) {
  const auto at = line.find(words);
  if (at == npos) return std::nullopt;
  std::string digits;
  for (const char c : line.substr(at + words.size())) {
    if (c != ',' && !(c >= '0' && c <= '9') && c != '.' && c != '-') break;
    if (c != ',') digits += c;
  }
  double out = 0;
  return std::from_chars(digits.data(), digits.data() + digits.size(), out).ec == std::errc() ? std::optional(out) : std::nullopt;
}

void keep_largest(std::optional<double>& kept, std::optional<double> found) {
  if (found && (!kept || *found > *kept)) kept = found;
}

void keep_smallest(std::optional<double>& kept, std::optional<double> found) {
  if (found && (!kept || *found < *kept)) kept = found;
}

// The end of a Python traceback, without the process and time that vLLM's logger puts before it.
std::string_view error_in(std::string_view line) {
  for (const std::string_view kind :
       {"ValueError: ", "RuntimeError: ", "OutOfMemoryError: ", "OSError: ", "ImportError: ", "ModuleNotFoundError: ",
        "AssertionError: ", "KeyError: ", "NotImplementedError: ", "error: "}) {
    const auto at = line.find(kind);
    if (at == npos) continue;
    const auto begin = line.find_last_of(" ]", at);
    return line.substr(begin == npos ? 0 : begin + 1);
  }
  return "";
}

}  // namespace

void EngineLog::append(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto end = bytes.find_first_of("\n\r");
    const auto piece = bytes.substr(0, end);
    const auto room = kLogLineBytes - std::min(partial_.size(), kLogLineBytes);
    partial_ += piece.substr(0, room);
    cut_ = cut_ || piece.size() > room;
    if (end == npos) return;
    take(partial_, bytes[end] == '\r');
    bytes.remove_prefix(end + 1);
  }
}

void EngineLog::end() { take(partial_, false); }

void EngineLog::take(std::string_view line, bool overwritten) {
  if (!line.empty()) {
    recognise(line);
    if (replaceable_ && !lines_.empty()) lines_.pop_back();
    lines_.push_back(vramauto::text::shown(line, kLogLineBytes) + (cut_ ? "..." : ""));
    if (lines_.size() > kLogLines) lines_.pop_front();
    replaceable_ = overwritten;
  }
  partial_.clear();
  cut_ = false;
}

// Ranks say the same each: the fullest counts.
void EngineLog::recognise(std::string_view line) {
  for (const auto& phase : kPhases)
    if (line.find(phase.words) != npos) phase_ = phase.name;
  ready_ = ready_ || line.find("Application startup complete") != npos;
  keep_largest(measured_.model_loading_gib, number_after(line, "Model loading took "));
  keep_largest(measured_.model_loading_gib, number_after(line, "Loading model weights took "));
  keep_smallest(measured_.kv_cache_gib, number_after(line, "Available KV cache memory: "));
  if (const auto tokens = number_after(line, "GPU KV cache size: "))
    measured_.kv_cache_tokens = static_cast<std::uint64_t>(std::max(*tokens, 0.0));
  // The engine's core says why, its parent only that the core failed.
  const auto error = error_in(line);
  if (!error.empty() && error.find("Engine core initialization failed") == npos)
    error_ = vramauto::text::shown(error, kLogLineBytes);
}

}  // namespace serve
