// The same work on many items by a few threads, the caller's among them.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <system_error>
#include <thread>
#include <vector>

namespace vramauto::model {

// Calls make_worker() once per thread, and its result with every index below `count`, each once, in rising order. Work that throws
// ends the process: nothing of ours does.
template <class MakeWorker>
void for_each_index(std::size_t count, std::size_t threads, const MakeWorker& make_worker) {
  std::atomic<std::size_t> next{0};
  const auto run = [&] {
    auto work = make_worker();
    for (std::size_t i = next.fetch_add(1, std::memory_order_relaxed); i < count; i = next.fetch_add(1, std::memory_order_relaxed))
      work(i);
  };
  std::vector<std::thread> others;
  for (std::size_t i = 1; i < std::min(threads, count); ++i) {
    try {
      others.emplace_back(run);
    } catch (const std::system_error&) {
      break;  // no more threads to be had: those there are do the work
    }
  }
  run();
  for (auto& other : others) other.join();
}

}  // namespace vramauto::model
