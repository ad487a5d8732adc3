#pragma once
// What happens between fork and exec, for the functions of process.h that start programs.

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"

namespace weft {

// Null-terminated, as exec wants it. The words outlive it.
std::vector<char*> Pointers(const std::vector<std::string>& words);

// Everything the child needs, made before the fork: between fork and exec of a process that may
// have threads only async-signal-safe calls are allowed.
struct ChildPlan {
  std::vector<char*> argv;
  std::vector<char*> environment;
  const char* working_dir;
  int input;                  // Becomes stdin.
  int output;                 // Becomes stdout and stderr.
  int report;                 // errno of a failed exec is written here; closed by a successful one.
  pid_t parent = 0;           // Other than 0: the child ends with it.
  uint64_t largest_file = 0;  // In bytes; 0: no bound.
};

// Becomes the program, with no other descriptor than the three, and all signals as by default.
[[noreturn]] void ExecChild(const ChildPlan& plan);
// For the errno that the child reported. NOT_FOUND: no such program.
absl::Status ExecError(int error, const std::string& program);

// The descriptors a child starts with. -1: could not be opened, and errno says why.
struct Descriptors {
  int input = -1;
  int output = -1;
  ~Descriptors();
};

// To read `text` from; where it is empty the file, and where that is empty, too, /dev/null.
int OpenInput(const std::string& file, const std::string& text);
// To append to; empty: /dev/null.
int OpenOutput(const std::string& file);

struct Pipe {
  int read_end = -1;
  int write_end = -1;
  Pipe() = default;
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe();
  // False: errno says why.
  bool Open();
  void CloseRead();
  void CloseWrite();
};

// Bytes until the end of file or until `size` are there.
size_t ReadFully(int fd, void* to, size_t size);

}  // namespace weft
