// One match or describe in progress: what the host table's functions work on.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "estimator/blueprint.hpp"
#include "model/model.hpp"
#include "support/result.hpp"

struct vramauto_call {
  using Clock = std::chrono::steady_clock;

  const vramauto::model::Model* model = nullptr;
  const vramauto::json::Value* config = nullptr;        // root of the pointers
  vramauto::estimator::Blueprint* blueprint = nullptr;  // nullptr while matching: nothing may be added
  Clock::time_point deadline = Clock::time_point::max();

  vramauto::Error error{VRAMAUTO_OK, {}, {}, VRAMAUTO_UNKNOWN};  // the last failure reported, by the host or by fail()
  bool broken = false;                                           // a bad answer: VRAMAUTO_E_PLUGIN whatever follows
  bool has_traits = false;
  std::uint64_t answers = 0;
  std::uint64_t elements = 0;  // of all weights added, checked

  vramauto_status report(vramauto_status status, std::string text);
  vramauto_status reject(std::string text);  // a bad answer
  void* scratch(std::size_t bytes);

 private:
  struct alignas(16) ScratchUnit { std::uint64_t words[2]; };  // no padding: all of it is zeroed
  std::vector<std::unique_ptr<ScratchUnit[]>> scratch_;
  std::size_t scratch_bytes_ = 0;
};

namespace vramauto::estimator {

inline constexpr std::uint64_t kMaxAnswers = 65536;
inline constexpr std::uint32_t kMaxLayers = 8192;

const vramauto_host& host();               // the one table
void fill_answers(vramauto_host& host);    // answers.cpp: set_traits and add_*
void fill_questions(vramauto_host& host);  // questions.cpp: model, tensors, configuration

}  // namespace vramauto::estimator
