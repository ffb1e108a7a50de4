#include "serve/engine_process.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "client/launch.hpp"
#include "client/library.hpp"

namespace serve {
namespace {

struct Pipe {
  int read = -1, write = -1;

  Pipe() {
    int both[2];
    if (::pipe2(both, O_CLOEXEC)) throw client::Failure{client::kError, "pipe", std::strerror(errno)};
    read = both[0];
    write = both[1];
  }
  ~Pipe() {
    if (read >= 0) ::close(read);
    if (write >= 0) ::close(write);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  void close_write() { ::close(write), write = -1; }
  int take_read() { return std::exchange(read, -1); }
};

struct Child {
  const char* program;
  char *const *arguments, *const *environment;
  int output, failure, nothing;
  pid_t parent;
};

// In the child, between fork and exec: system calls only.
[[noreturn]] void become(const Child& child) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != child.parent) ::_exit(127);  // it died before that was said
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  ::dup2(child.nothing, STDIN_FILENO);
  ::dup2(child.output, STDOUT_FILENO);
  ::dup2(child.output, STDERR_FILENO);
  ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);  // whatever libraries opened without that flag
  ::execve(child.program, child.arguments, child.environment);
  const int error = errno;
  (void)!::write(child.failure, &error, sizeof error);
  ::_exit(127);
}

}  // namespace

EngineProcess::EngineProcess(const std::string& program, std::vector<std::string> arguments, std::vector<std::string> environment) {
  const auto words = client::null_terminated(arguments), settings = client::null_terminated(environment);
  Pipe output, failure;
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const Child child{program.c_str(), words.data(), settings.data(), output.write, failure.write, nothing, ::getpid()};
  pid_ = ::fork();
  if (pid_ == 0) become(child);
  const int error = errno;
  if (nothing >= 0) ::close(nothing);
  if (pid_ < 0) throw client::Failure{client::kError, program, std::strerror(error)};
  ::setpgid(pid_, pid_);  // here too: whoever comes first
  output.close_write();
  failure.close_write();
  int why = 0;
  if (::read(failure.read, &why, sizeof why) == sizeof why) {
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
    throw client::Failure{client::kError, program, std::strerror(why)};
  }
  ::fcntl(output.read, F_SETFL, O_NONBLOCK);
  output_ = output.take_read();
}

EngineProcess::~EngineProcess() {
  if (pid_ > 0 && !ended_) {
    ::kill(-pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  if (output_ >= 0) ::close(output_);
}

void EngineProcess::signal(int number) const {
  if (!ended_) ::kill(-pid_, number);
}

std::optional<Ended> EngineProcess::ended() {
  if (ended_) return ended_;
  siginfo_t info{};
  if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) || info.si_pid == 0) return std::nullopt;
  ::kill(-pid_, SIGKILL);  // as long as the child is not reaped, its group's number is nobody else's
  int status = 0;
  ::waitpid(pid_, &status, 0);
  ended_ = WIFEXITED(status) ? Ended{WEXITSTATUS(status), {}} : Ended{{}, WTERMSIG(status)};
  return ended_;
}

}  // namespace serve
