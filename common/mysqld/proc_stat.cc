#include "common/mysqld/proc_stat.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace weft {
namespace {

constexpr int kStateField = 3;  // As proc(5) counts.
constexpr int kThreadsField = 20;
constexpr int kStartTimeField = 22;

}  // namespace

bool ReadProcStat(pid_t pid, ProcStat* stat) {
  char path[64];
  std::snprintf(path, sizeof(path), "/proc/%d/stat", static_cast<int>(pid));
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  char text[1024];
  const ssize_t length = read(fd, text, sizeof(text) - 1);
  close(fd);
  if (length <= 0) return false;
  text[length] = '\0';
  // Field 2, the name in parentheses, may itself hold spaces and parentheses.
  const char* at = std::strrchr(text, ')');
  if (at == nullptr || at[1] != ' ') return false;
  at += 2;
  stat->state = *at;
  for (int field = kStateField; field < kStartTimeField; ++field) {
    at = std::strchr(at, ' ');
    if (at == nullptr) return false;
    ++at;
    if (field + 1 == kThreadsField) stat->threads = static_cast<int>(std::strtol(at, nullptr, 10));
  }
  stat->start_time = std::strtoull(at, nullptr, 10);
  return true;
}

}  // namespace weft
