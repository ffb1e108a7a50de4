// A child process in a group of its own: started without a shell, its output in one pipe, ended as a group.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace serve {

struct Ended {
  std::optional<int> code, signal;
};

class EngineProcess {
 public:
  // Throws client::Failure that says why it does not run. The child ends (SIGTERM) when the calling thread does.
  EngineProcess(const std::string& program, std::vector<std::string> arguments, std::vector<std::string> environment);
  ~EngineProcess();  // kills what is left
  EngineProcess(const EngineProcess&) = delete;
  EngineProcess& operator=(const EngineProcess&) = delete;

  pid_t pid() const { return pid_; }
  int output() const { return output_; }  // not blocking
  void signal(int number) const;          // to the group

  // Once the child has ended: what is left of its group is killed, and nothing of it remains. Later calls give the same.
  std::optional<Ended> ended();

 private:
  pid_t pid_ = -1;
  int output_ = -1;
  std::optional<Ended> ended_;
};

}  // namespace serve
