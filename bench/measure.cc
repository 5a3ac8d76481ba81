// Runs a command once, its output thrown away, and prints what it cost:
//
//   measure COMMAND [ARGUMENT]...      WALL_US CPU_US PEAK_RSS_KIB EXIT_CODE
//
// A program of its own because a child's peak memory begins at that of the process it was forked
// from (getrusage(2), ru_maxrss): from a script it would never be less than the interpreter's.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: measure COMMAND [ARGUMENT]...\n");
    return 64;
  }
  const auto begin = std::chrono::steady_clock::now();
  const pid_t child = fork();
  if (child < 0) {
    std::perror("measure: fork");
    return 70;
  }
  if (child == 0) {
    const int nowhere = open("/dev/null", O_RDWR);
    if (nowhere < 0 || dup2(nowhere, STDIN_FILENO) < 0 || dup2(nowhere, STDOUT_FILENO) < 0 ||
        dup2(nowhere, STDERR_FILENO) < 0) {
      _exit(126);
    }
    execvp(argv[1], argv + 1);
    _exit(127);
  }
  int status = 0;
  rusage used{};
  if (wait4(child, &status, 0, &used) != child) {
    std::perror("measure: wait4");
    return 70;
  }
  const auto end = std::chrono::steady_clock::now();

  const auto micros = [](const timeval& time) { return time.tv_sec * 1000000L + time.tv_usec; };
  const long wall = std::chrono::duration_cast<std::chrono::microseconds>(end - begin).count();
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  std::printf("%ld %ld %ld %d\n", wall, micros(used.ru_utime) + micros(used.ru_stime),
              used.ru_maxrss, code);
  return 0;
}
