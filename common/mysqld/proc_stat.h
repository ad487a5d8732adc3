#pragma once

#include <sys/types.h>

#include <cstdint>

namespace weft {

// What /proc/PID/stat says of a process. Only the C library is used, since the supervisor, which
// must stay small, is built from it too.
struct ProcStat {
  char state = 0;           // 'R', 'S', 'T' (stopped), 'Z' (zombie), ...
  uint64_t start_time = 0;  // Clock ticks since boot.
};

// False: there is no such process, or /proc cannot be read.
bool ReadProcStat(pid_t pid, ProcStat* stat);

}  // namespace weft
