// The one engine: started, watched from its log until it is ready, ended. A thread of its own does that; everyone may ask.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdio>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "serve/engine_log.hpp"
#include "serve/engine_process.hpp"

namespace serve {

enum class EngineState { idle, loading, ready, failed, stopping };
const char* name_of(EngineState state);

struct EngineSettings {
  std::chrono::duration<double> load_timeout, grace;
  std::string log_file;  // "" for none
};

struct EngineStart {
  std::string program, model;
  std::vector<std::string> arguments, environment;
  double utilization = 0;
  int port = 8000;  // where it will answer
};

struct EngineStatus {
  EngineState state = EngineState::idle;
  std::chrono::system_clock::time_point since = std::chrono::system_clock::now();
  std::string model, phase, reason;  // reason: of a failure
  double utilization = 0;
  pid_t pid = 0;  // 0: none
  std::vector<std::string> log;
  std::optional<Ended> exit;
  Measured measured;
};

class Engine {
 public:
  explicit Engine(EngineSettings settings);
  ~Engine();  // ends it
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Its process's number. Throws Refusal when one is there already, or it cannot be started.
  pid_t start(EngineStart what);
  void check_free() const;  // throws what start() would
  EngineState stop();       // asks it to end; what it is then
  void stop_for_good();     // and refuses every other start
  void kill_soon() { hurry_ = true; }
  void wait();  // until it has ended
  bool running() const;

  EngineStatus status(std::size_t lines) const;
  EngineState state() const;
  std::uint64_t starts() const { return starts_; }
  std::uint64_t failures() const { return failures_; }

 private:
  using Clock = std::chrono::steady_clock;
  struct Watch;
  void run(const EngineStart& what, std::promise<pid_t>& started);
  void watch(EngineProcess& process, const EngineStart& what);
  void read_output(Watch& watch);
  void look_whether_ready(Watch& watch);
  void end_it(Watch& watch);
  void finish(const Watch& watch, const Ended& end);
  void become(EngineState state, std::string reason = "");

  EngineSettings settings_;
  std::unique_ptr<FILE, int (*)(FILE*)> file_;
  std::thread thread_;
  std::mutex starting_;       // one start at a time
  mutable std::mutex mutex_;  // of what follows
  EngineStatus status_;
  EngineLog log_;
  std::atomic<bool> stop_ = false, hurry_ = false, closed_ = false;
  std::atomic<std::uint64_t> starts_ = 0, failures_ = 0;
};

}  // namespace serve
