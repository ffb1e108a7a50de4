// An estimator's view of its host, in C++: values or a status, nothing thrown. Depends on the plugin header and the standard
// library only, so that a plugin can use it too.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "vramauto/vramauto_plugin.h"

namespace vramauto::estimator {

template <class T>
struct Answer {
  T value{};
  vramauto_status status = VRAMAUTO_OK;
};

// VRAMAUTO_READ(f()) is f()'s value, or returns its status; VRAMAUTO_TAKE does so where an Answer is returned; VRAMAUTO_DO is for a
// bare status. Whole statements or initialisers only.
#define VRAMAUTO_TAKE(...)                                                          \
  ({                                                                                \
    auto vramauto_answer = (__VA_ARGS__);                                           \
    if (vramauto_answer.status != VRAMAUTO_OK) return {{}, vramauto_answer.status}; \
    std::move(vramauto_answer.value);                                               \
  })
#define VRAMAUTO_READ(...)                                                    \
  ({                                                                          \
    auto vramauto_answer = (__VA_ARGS__);                                     \
    if (vramauto_answer.status != VRAMAUTO_OK) return vramauto_answer.status; \
    std::move(vramauto_answer.value);                                         \
  })
#define VRAMAUTO_DO(...)                                    \
  do {                                                      \
    const vramauto_status vramauto_done = (__VA_ARGS__);    \
    if (vramauto_done != VRAMAUTO_OK) return vramauto_done; \
  } while (0)

// Whether a list of words separated by spaces, as tables of architectures are written, has this one.
inline bool has_word(std::string_view words, std::string_view wanted) {
  while (!words.empty()) {
    const auto end = words.find(' ');
    if (words.substr(0, end) == wanted) return true;
    words = end == std::string_view::npos ? std::string_view() : words.substr(end + 1);
  }
  return false;
}

// One group of equal tensors, built up and then added.
struct Tensors : vramauto_weights {
  Tensors(const char* pattern, vramauto_role kind, vramauto_layers range, std::uint64_t output, std::uint64_t input)
      : vramauto_weights{} {
    struct_size = sizeof(vramauto_weights);
    role = kind;
    layers = range;
    rows = output;
    cols = input;
    copies = 1;
    name = pattern;
  }
  Tensors& by(vramauto_split how) { return split = how, *this; }
  Tensors& heads(std::uint32_t count, vramauto_uneven otherwise) {
    split = VRAMAUTO_SPLIT_UNITS;
    units = count;
    uneven = otherwise;
    return *this;
  }
  Tensors& part_of(std::uint32_t number) { return parameter = number, *this; }
  Tensors& with(std::uint32_t more) { return flags |= more, *this; }
  Tensors& of(vramauto_dtype type) { return dtype = type, *this; }
};

class Description {
 public:
  Description(const vramauto_host* host, vramauto_call* call) : host_(host), call_(call) {}
  // The same call, with `flags` on every answer: VRAMAUTO_DRAFT for layers that speculation adds.
  Description(const Description& other, std::uint32_t flags) : host_(other.host_), call_(other.call_), flags_(flags) {}

  const vramauto_host* host() const { return host_; }
  vramauto_call* call() const { return call_; }

  vramauto_status fail(vramauto_status status, std::string_view text) const {
    return host_->fail(call_, status, text.data(), text.size());
  }

  // Configuration. `at` is an RFC 6901 pointer.
  vramauto_json type(const char* at) const { return host_->json_type(call_, at); }
  bool has(const char* at) const { return type(at) > VRAMAUTO_JSON_NULL; }  // there and not null
  Answer<std::uint64_t> length(const char* at) const {
    Answer<std::uint64_t> out;
    out.status = host_->json_length(call_, at, &out.value);
    return out;
  }
  Answer<std::int64_t> integer(const char* at) const {
    Answer<std::int64_t> out;
    out.status = host_->json_int(call_, at, &out.value);
    return out;
  }
  Answer<double> real(const char* at) const {
    Answer<double> out;
    out.status = host_->json_real(call_, at, &out.value);
    return out;
  }
  Answer<bool> boolean(const char* at) const {
    std::uint32_t read = 0;
    const auto status = host_->json_bool(call_, at, &read);
    return {read != 0, status};
  }
  Answer<std::string_view> text(const char* at) const {
    const char* data = nullptr;
    std::size_t size = 0;
    const auto status = host_->json_string(call_, at, &data, &size);
    return {status == VRAMAUTO_OK ? std::string_view(data, size) : std::string_view(), status};
  }

  // The first of `keys` ("hidden_size|n_embd") that is there and not null, as a pointer; "" when none is.
  std::string first(std::string_view keys, std::string_view below = {}) const {
    while (!keys.empty()) {
      const auto end = keys.find('|');
      auto pointer = std::string(below).append("/").append(keys.substr(0, end));
      if (has(pointer.c_str())) return pointer;
      keys = end == std::string_view::npos ? std::string_view() : keys.substr(end + 1);
    }
    return {};
  }

  // A positive integer of at most `most` under the first of `keys`, else `otherwise`; 0 otherwise: it must be there.
  Answer<std::uint64_t> positive(std::string_view keys, std::uint64_t most, std::uint64_t otherwise = 0,
                                 std::string_view below = {}) const {
    const auto at = first(keys, below);
    if (at.empty()) {
      if (otherwise) return {otherwise, VRAMAUTO_OK};
      const auto name = std::string(below).append("/").append(keys.substr(0, keys.find('|')));
      return {0,
              fail(VRAMAUTO_E_FORMAT, name + (type(name.c_str()) ? " is null" : " is missing") + ", expected a positive integer")};
    }
    const auto read = integer(at.c_str());
    if (read.status != VRAMAUTO_OK) return {0, read.status};
    if (read.value <= 0)
      return {0, fail(VRAMAUTO_E_FORMAT, at + " is " + std::to_string(read.value) + ", expected a positive integer")};
    const auto value = static_cast<std::uint64_t>(read.value);
    if (value > most)
      return {0, fail(VRAMAUTO_E_LIMIT, at + " is " + std::to_string(value) + ", expected at most " + std::to_string(most))};
    return {value, VRAMAUTO_OK};
  }

  // The answer.
  vramauto_status traits(const vramauto_traits& traits) const { return host_->set_traits(call_, &traits); }
  vramauto_status add(Tensors tensors) const { return host_->add_weights(call_, &flagged(tensors)); }
  vramauto_status add(vramauto_cache cache) const { return host_->add_cache(call_, &flagged(cache)); }
  vramauto_status add(vramauto_forward forward) const { return host_->add_forward(call_, &flagged(forward)); }
  vramauto_status note(std::string_view text) const { return host_->add_note(call_, text.data(), text.size()); }

 private:
  template <class Given>
  Given& flagged(Given& given) const {
    given.flags |= flags_;
    return given;
  }

  const vramauto_host* host_;
  vramauto_call* call_;
  std::uint32_t flags_ = 0;
};

}  // namespace vramauto::estimator
