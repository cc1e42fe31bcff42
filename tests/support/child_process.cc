// SPDX-License-Identifier: Apache-2.0
#include "tests/support/child_process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ranges>
#include <string_view>
#include <system_error>

#include "tests/support/until.h"

namespace palaver::tests::support {
namespace {

constexpr int kNoProgram = 127;

// Between fork() and exec(): only calls that are safe after the fork of a program with threads.
[[noreturn]] void become(char* const* arguments, pid_t parent, const char* output) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(kNoProgram);  // it had gone before that
  const int log = ::open(output, O_WRONLY | O_CREAT | O_APPEND, 0600);
  const int nothing = ::open("/dev/null", O_RDONLY);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  ::close_range(STDERR_FILENO + 1, ~0U, 0);
  ::execvp(arguments[0], arguments);
  ::_exit(kNoProgram);
}

void wait_for_state(pid_t pid, int state) {
  siginfo_t info{};
  while (::waitid(P_PID, static_cast<id_t>(pid), &info, state | WEXITED | WNOWAIT) < 0 &&
         errno == EINTR) {
  }
}

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& command,
                           const std::filesystem::path& output) {
  std::vector<std::string> words = command;
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (pid_ == 0) become(arguments.data(), parent, output.c_str());
}

bool ChildProcess::running() {
  if (ended_) return false;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) == 0) return true;
  ended_ = true;
  code_ = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return false;
}

int ChildProcess::wait() {
  until([this] { return !running(); }, "a process to end");
  return code_;
}

void ChildProcess::kill() {
  if (!running()) return;
  ::kill(pid_, SIGKILL);
  wait_for_state(pid_, 0);
  wait();
}

void ChildProcess::terminate() {
  if (!running()) return;
  ::kill(pid_, SIGTERM);
  ::kill(pid_, SIGCONT);  // a frozen one could not hear it
  wait();
}

void ChildProcess::freeze() {
  if (!running()) return;
  ::kill(pid_, SIGSTOP);
  wait_for_state(pid_, WSTOPPED);
}

void ChildProcess::thaw() {
  if (running()) ::kill(pid_, SIGCONT);
}

bool is_installed(const std::string& program) {
  const char* path = std::getenv("PATH");
  if (path == nullptr) return false;
  for (const auto folder : std::views::split(std::string_view(path), ':')) {
    const std::filesystem::path file =
        std::filesystem::path(std::string_view(folder.begin(), folder.end())) / program;
    if (::access(file.c_str(), X_OK) == 0) return true;
  }
  return false;
}

}  // namespace palaver::tests::support
