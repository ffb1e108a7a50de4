// One match or describe in progress: what the host table's functions work on.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "estimator/blueprint.hpp"
#include "model/model.hpp"
#include "support/result.hpp"

namespace vramauto::estimator {

class Chooser;

// A part of a model, as the estimator sees it to which it was delegated.
struct Part {
  std::string prefix;  // of its tensors' names in the whole model
  std::string at;      // a pointer to its configuration
  std::string architecture, model_type;
  std::vector<model::Tensor> tensors;  // named as in a model of their own
  std::deque<std::string> names;       // of those whose name is more than what follows the prefix
  std::uint64_t elements = 0;
  Bytes bytes = 0;
};

// How the whole model names a tensor that its part knows as `name`.
std::string name_in_whole(std::string_view prefix, std::string_view name);

}  // namespace vramauto::estimator

struct vramauto_call {
  using Clock = std::chrono::steady_clock;

  const vramauto::model::Model* model = nullptr;
  const vramauto::json::Value* config = nullptr;        // root of the pointers
  vramauto::estimator::Blueprint* blueprint = nullptr;  // nullptr while matching: nothing may be added
  Clock::time_point deadline = Clock::time_point::max();
  const vramauto::estimator::Chooser* chooser = nullptr;
  const vramauto_estimator* estimator = nullptr;    // who is asked
  const vramauto::estimator::Part* part = nullptr;  // nullptr: the whole model
  std::uint32_t depth = 0;                          // of delegation

  vramauto::Error error{VRAMAUTO_OK, {}, {}, VRAMAUTO_UNKNOWN};  // the last failure reported, by the host or by fail()
  bool broken = false;                                           // a bad answer: VRAMAUTO_E_PLUGIN whatever follows
  bool has_traits = false;
  bool lent_traits = false;  // they came by delegate(): the estimator's own may take their place
  bool timed_out = false;
  std::uint32_t questions = 0;  // calls of the host, all but a few of which look at the clock
  std::uint64_t answers = 0;
  std::uint64_t elements = 0;  // of all weights added, checked

  vramauto_status report(vramauto_status status, std::string text);
  vramauto_status reject(std::string text);  // a bad answer
  void* scratch(std::size_t bytes);
  bool is_late();
  bool is_late_now_and_then();  // the same without asking the clock each time

 private:
  struct alignas(16) ScratchUnit {
    std::uint64_t words[2];
  };  // no padding: all of it is zeroed
  std::vector<std::unique_ptr<ScratchUnit[]>> scratch_;
  std::size_t scratch_bytes_ = 0;
};

namespace vramauto::estimator {

inline constexpr std::uint64_t kMaxAnswers = 65536;
inline constexpr std::uint32_t kMaxLayers = 8192;

// How plugins enter the host: without a call they get nothing, past the deadline they only get to give up, and no exception of
// ours meets their frames, which may be C.
template <auto Function, bool kAlways = false>
struct Door;
template <class Out, class... In, Out (*Function)(vramauto_call*, In...), bool kAlways>
struct Door<Function, kAlways> {
  static Out open(vramauto_call* call, In... in) noexcept {
    if (!call) return no<Out>(VRAMAUTO_E_ARGUMENT);
    if (!kAlways && call->is_late_now_and_then()) return no<Out>(VRAMAUTO_E_TIMEOUT);
    try {
      return Function(call, in...);
    } catch (...) {
      return no<Out>(VRAMAUTO_E_MEMORY);
    }
  }

 private:
  template <class T>
  static T no([[maybe_unused]] vramauto_status status) {
    if constexpr (std::is_same_v<T, vramauto_status>)
      return status;
    else
      return T();
  }
};

const vramauto_host& host();               // the one table
void fill_answers(vramauto_host& host);    // answers.cpp: set_traits and add_*
void fill_questions(vramauto_host& host);  // questions.cpp: model, tensors, configuration

}  // namespace vramauto::estimator
