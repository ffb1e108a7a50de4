// One client's socket as cpp-httplib reads and writes it. Unlike the library's own stream it bounds a request as a whole: so many
// bytes, and so much time from the first to the last, however evenly a slow client spreads them. An answer is sent in one piece.
#pragma once

#include <httplib.h>

#include <chrono>
#include <string>

namespace serve {

class Connection final : public httplib::Stream {
 public:
  enum class Trouble { none, slow, head_too_large, body_too_large, ended, gone };  // ended: it sends no more, but may read

  // `request_time`: from the first byte of a request to its last.
  Connection(int socket, std::chrono::milliseconds request_time);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // The connection whose request this thread is answering.
  static Connection& current();

  bool has_input() const { return at_ < input_.size(); }
  bool wait(std::chrono::milliseconds longest);  // for input; false: none came, or the client is gone
  void begin_request();                          // its clock and its budget begin
  void head_is_read();                           // what follows is the body
  bool flush();                                  // what was written, sent
  void linger();                                 // after a refusal: lets the client read it before the socket is closed

  Trouble trouble() const { return trouble_; }
  void close_after_answer() { closing_ = true; }
  bool closing() const { return closing_ || trouble_ != Trouble::none; }
  std::chrono::steady_clock::time_point began() const { return began_; }

  bool is_readable() const override { return has_input() || trouble_ == Trouble::none; }
  bool is_writable() const override { return trouble_ != Trouble::gone; }
  ssize_t read(char* to, size_t size) override;
  ssize_t write(const char* from, size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  socket_t socket() const override { return socket_; }

 private:
  using Clock = std::chrono::steady_clock;
  bool fill();  // more input; false: trouble
  bool ready(short events, Clock::time_point until) const;
  ssize_t fail(Trouble trouble);

  int socket_;
  std::chrono::milliseconds request_time_;
  std::string input_, output_;
  std::size_t at_ = 0, budget_ = 0;
  Trouble trouble_ = Trouble::none, when_spent_ = Trouble::head_too_large;
  bool closing_ = false;
  Clock::time_point began_;
};

}  // namespace serve
