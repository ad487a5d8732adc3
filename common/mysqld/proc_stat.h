#pragma once

#include <sys/types.h>

#include <cstdint>

namespace weft {

// What /proc/PID/stat says of a process. Only the C library is used, since the supervisor, which
// must stay small, is built from it too.
struct ProcStat {
  char state = 0;  // 'R', 'S', 'T' (stopped), 'Z' (zombie), ...
  int threads = 0;
  uint64_t start_time = 0;  // Clock ticks since boot.
};

// The process has ended. Not so where its first thread has and others are still there: they hold
// its files, its mounts, its memory.
inline bool HasEnded(const ProcStat& stat) {
  return stat.state == 'X' || (stat.state == 'Z' && stat.threads <= 1);
}

// False: there is no such process, or /proc cannot be read.
bool ReadProcStat(pid_t pid, ProcStat* stat);

}  // namespace weft
