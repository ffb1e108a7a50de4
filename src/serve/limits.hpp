// What one request, one client and all of them together may cost.
#pragma once

#include <chrono>
#include <cstddef>

namespace serve {

constexpr std::size_t kHeadBytes = 32 * 1024;    // request line and headers
constexpr std::size_t kBodyBytes = 1024 * 1024;  // of a request, as it is sent: chunk sizes count
constexpr std::size_t kPathBytes = 1024;         // of a URL, before it is compared with the routes
constexpr std::chrono::seconds kAnswerTime{10};  // for a client to take the answer
constexpr std::chrono::seconds kIdleTime{60};    // between two requests
constexpr std::chrono::seconds kLingerTime{1};   // for what a refused client is still sending
constexpr std::size_t kCachedModels = 256;
constexpr std::size_t kCachedModelBytes = 256 * 1024 * 1024;
constexpr std::size_t kCachedDevices = 256;
constexpr std::size_t kCachedDeviceBytes = 16 * 1024 * 1024;
constexpr std::size_t kLogLines = 200;  // of the engine, the last ones
constexpr std::size_t kLogLineBytes = 2000;

}  // namespace serve
