#include "serve/engine.hpp"

#include <poll.h>
#include <unistd.h>
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <exception>

#include "client/launch.hpp"
#include "client/library.hpp"
#include "serve/engine_health.hpp"
#include "serve/refusal.hpp"
#include "support/text.hpp"

namespace serve {
namespace {

constexpr int kTick = 50;  // milliseconds between looks at what was asked for
constexpr std::chrono::seconds kBetweenProbes{2};

std::string told(const Ended& end) {
  return end.code ? fmt::format("the engine ended with status {}", *end.code)
                  : fmt::format("the engine was ended by signal {}", *end.signal);
}

bool is_running(EngineState state) {
  return state == EngineState::loading || state == EngineState::ready || state == EngineState::stopping;
}

}  // namespace

const char* name_of(EngineState state) {
  constexpr const char* kNames[] = {"idle", "loading", "ready", "failed", "stopping"};
  return kNames[static_cast<int>(state)];
}

Engine::Engine(EngineSettings settings) : settings_(std::move(settings)), file_(nullptr, std::fclose) {
  if (settings_.log_file.empty()) return;
  file_.reset(std::fopen(settings_.log_file.c_str(), "abe"));
  if (!file_)
    throw client::Failure{client::kError, "--engine-log " + settings_.log_file, "cannot be opened, expected a file to append to"};
}

Engine::~Engine() {
  stop();
  wait();
}

void Engine::become(EngineState state, std::string reason) {
  const std::lock_guard lock(mutex_);
  if (state == status_.state) return;
  status_.state = state;
  status_.since = std::chrono::system_clock::now();
  if (!reason.empty()) status_.reason = std::move(reason);
}

bool Engine::running() const { return is_running(state()); }

void Engine::check_free() const {
  const auto now = state();
  if (closed_) throw Refusal{503, "shutting_down", "", "found a service that is ending, expected one that goes on"};
  if (running())
    throw Refusal{409, "engine_busy", "", fmt::format("found an engine that is {}, expected none: unload it first", name_of(now))};
}

pid_t Engine::start(EngineStart what) {
  const std::unique_lock only(starting_, std::try_to_lock);
  if (!only) throw Refusal{409, "engine_busy", "", "found another load going on, expected none"};
  check_free();
  if (thread_.joinable()) thread_.join();
  stop_ = hurry_ = false;
  {
    const std::lock_guard lock(mutex_);
    status_ = {};
    status_.state = EngineState::loading;
    status_.model = what.model;
    status_.utilization = what.utilization;
    log_ = {};
  }
  std::promise<pid_t> started;
  auto pid = started.get_future();
  try {
    thread_ = std::thread([this, what = std::move(what), started = std::move(started)]() mutable { run(what, started); });
    return pid.get();
  } catch (const client::Failure& failure) {
    throw Refusal{500, "engine_not_started", "--engine-command", failure.where + ": " + failure.message};
  } catch (const std::exception& error) {  // no thread: nobody else would end what is called loading
    ++failures_;
    become(EngineState::failed, std::string("no thread to watch the engine: ") + error.what());
    throw Refusal{503, "engine_not_started", "", std::string("found no thread to watch it, expected one: ") + error.what()};
  }
}

// The whole life of the process, on one thread: the child dies with the thread that started it.
void Engine::run(const EngineStart& what, std::promise<pid_t>& started) {
  std::optional<EngineProcess> process;
  try {
    process.emplace(client::find_program(what.program, std::getenv("PATH")), what.arguments, what.environment);
  } catch (const client::Failure& failure) {
    ++failures_;
    become(EngineState::failed, failure.where + ": " + failure.message);
    return started.set_exception(std::current_exception());
  }
  ++starts_;
  {
    const std::lock_guard lock(mutex_);
    status_.pid = process->pid();
  }
  started.set_value(process->pid());
  try {
    watch(*process, what);
  } catch (const std::exception& error) {  // no memory for its log: an engine that nobody watches does not stay
    process.reset();
    ++failures_;
    {
      const std::lock_guard lock(mutex_);
      status_.pid = 0;
    }
    become(EngineState::failed, std::string("the engine could not be watched, and was ended: ") + error.what());
  }
}

struct Engine::Watch {
  EngineProcess& process;
  const EngineStart& what;
  const Clock::time_point began = Clock::now();
  const bool may_probe = !accepts(what.port);  // whoever answers there already is not this engine
  Clock::time_point next_probe = began + kBetweenProbes;
  std::optional<Clock::time_point> asked_to_end = {};
  bool killed = false, silent = false;  // silent: nobody holds the other end of its pipe
  std::string reason = {};              // for which we ended it
};

void Engine::watch(EngineProcess& process, const EngineStart& what) {
  Watch watch{process, what};
  std::optional<Ended> end;
  while (!(end = process.ended())) {
    pollfd output{watch.silent ? -1 : process.output(), POLLIN, 0};
    ::poll(&output, 1, kTick);
    read_output(watch);
    if (state() == EngineState::loading) look_whether_ready(watch);
    if (stop_) end_it(watch);
  }
  read_output(watch);
  finish(watch, *end);
}

// As much as is there, but for one that never stops saying something.
void Engine::read_output(Watch& watch) {
  char bytes[16384];
  for (int i = 0; i < 64 && !watch.silent; ++i) {
    const auto count = ::read(watch.process.output(), bytes, sizeof bytes);
    if (count < 0) return;  // nothing for now
    watch.silent = count == 0;
    const std::string_view said(bytes, static_cast<std::size_t>(count));
    if (file_ && std::fwrite(said.data(), 1, said.size(), file_.get()) == said.size()) std::fflush(file_.get());
    const std::lock_guard lock(mutex_);
    log_.append(said);
  }
}

void Engine::look_whether_ready(Watch& watch) {
  const auto now = Clock::now();
  bool is_ready;
  {
    const std::lock_guard lock(mutex_);
    is_ready = log_.ready();
  }
  if (!is_ready && watch.may_probe && now >= watch.next_probe) {
    watch.next_probe = now + kBetweenProbes;
    is_ready = answers_healthy(watch.what.port);
  }
  if (is_ready) return become(EngineState::ready);
  if (now - watch.began < settings_.load_timeout) return;
  watch.reason = fmt::format("the engine was not ready after {} seconds (--load-timeout)", settings_.load_timeout.count());
  stop_ = true;
}

// Asked first, then killed: the whole group each time.
void Engine::end_it(Watch& watch) {
  const auto now = Clock::now();
  if (!watch.asked_to_end) {
    become(EngineState::stopping);
    watch.process.signal(SIGTERM);
    watch.asked_to_end = now;
  }
  if (!watch.killed && (hurry_ || now - *watch.asked_to_end > settings_.grace)) {
    watch.process.signal(SIGKILL);
    watch.killed = true;
  }
}

void Engine::finish(const Watch& watch, const Ended& end) {
  const bool wanted = watch.asked_to_end && watch.reason.empty();
  std::string reason = watch.reason;
  {
    const std::lock_guard lock(mutex_);
    log_.end();
    status_.pid = 0;
    status_.exit = end;
    if (reason.empty()) reason = told(end) + (log_.error().empty() ? "" : ": " + log_.error());
  }
  if (wanted) return become(EngineState::idle);
  ++failures_;
  become(EngineState::failed, reason);
}

// Under one lock: between two, a failed engine could have become the next one, which would then be called idle and never ended.
EngineState Engine::stop() {
  const std::lock_guard lock(mutex_);
  const bool runs = is_running(status_.state);
  if (runs) stop_ = true;
  if (status_.state == EngineState::failed) {
    status_.state = EngineState::idle;
    status_.since = std::chrono::system_clock::now();
  }
  return runs ? EngineState::stopping : EngineState::idle;
}

void Engine::stop_for_good() {
  closed_ = true;
  const std::lock_guard only(starting_);  // a start under way is over, the next sees that
  stop();
}

void Engine::wait() {
  const std::lock_guard only(starting_);
  if (thread_.joinable()) thread_.join();
}

EngineState Engine::state() const {
  const std::lock_guard lock(mutex_);
  return status_.state;
}

EngineStatus Engine::status(std::size_t lines) const {
  const std::lock_guard lock(mutex_);
  auto out = status_;
  out.phase = log_.phase();
  out.measured = log_.measured();
  const auto& all = log_.lines();
  out.log.assign(all.end() - static_cast<std::ptrdiff_t>(std::min(lines, all.size())), all.end());
  return out;
}

}  // namespace serve
