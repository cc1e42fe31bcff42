// SPDX-License-Identifier: Apache-2.0
// ChildProcess: a program that a test runs. It ends with its owner, by SIGKILL, and with the
// thread that started it, however that ends: start it on a thread that lives as long as the test.
// It never touches a process that it did not start.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace palaver::tests::support {

class ChildProcess {
 public:
  // `command` is the program, looked up in the PATH, and its arguments. What it prints is appended
  // to the file `output`. Throws std::system_error when no process can be had; a program that is
  // not there ends with the code 127.
  ChildProcess(const std::vector<std::string>& command, const std::filesystem::path& output);
  ~ChildProcess() { kill(); }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] bool running();
  // The code it ended with, -1 for an end by a signal. Waits for the end.
  int wait();

  // All return when it is done: the process has ended, has stopped, runs again. Without effect on
  // one that has ended.
  void kill();       // SIGKILL: it learns nothing of it
  void terminate();  // SIGTERM: it may finish what it does
  void freeze();     // SIGSTOP: alive to the network, and silent
  void thaw();       // SIGCONT

 private:
  pid_t pid_;
  bool ended_ = false;
  int code_ = -1;
};

// Whether the PATH has a program of this name.
[[nodiscard]] bool is_installed(const std::string& program);

}  // namespace palaver::tests::support
