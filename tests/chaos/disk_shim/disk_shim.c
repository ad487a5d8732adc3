// A disk that stalls, is slow, full or broken, for one process: preloaded (LD_PRELOAD) into a
// server of the tests. What the process writes into files under one folder is hindered as a control
// file says; sockets, pipes and files elsewhere are not touched.
//
//   WEFT_DISK_UNDER    the folder (a prefix of paths). Without it nothing is hindered.
//   WEFT_DISK_CONTROL  the control file. It is read again at each call, so a mode takes effect at
//                      once, also on calls that wait. One line:
//       ok             (or no such file) as without the shim
//       stall          writes and syncs wait until the mode changes
//       slow MS        each sync takes MS milliseconds longer
//       fsync_error    syncs fail with EIO
//       write_error    writes fail with EIO
//       full           writes that make a file longer fail with ENOSPC
//       record         as ok, and what each write overwrites is remembered
//   WEFT_DISK_UNDO     where `record` remembers it, with the syncs: power.py takes back what no sync
//                      has covered when the process died, as a loss of power does.
//
// Thread-safe. Costs a read of a small file for each write and sync.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum Mode { kOk, kStall, kSlow, kFsyncError, kWriteError, kFull, kRecord };

// What one record of the undo file begins with; `bytes` of old content follow a write.
struct Undo {
  char kind;  // 'w': a write; 's': everything up to record number `offset` is on disk
  char pad[7];
  uint64_t device;
  uint64_t inode;
  uint64_t offset;
  uint64_t old_size;  // of the file
  uint64_t bytes;
};

static const char* under;
static const char* control;
static const char* undo_path;
static int undo = -1;
static uint64_t undone;  // records so far
static pthread_mutex_t undo_mutex = PTHREAD_MUTEX_INITIALIZER;

static ssize_t (*real_write)(int, const void*, size_t);
static ssize_t (*real_pwrite)(int, const void*, size_t, off_t);
static ssize_t (*real_writev)(int, const struct iovec*, int);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_fallocate)(int, int, off_t, off_t);
static int (*real_posix_fallocate)(int, off_t, off_t);
static int (*real_ftruncate)(int, off_t);

// dlsym gives an object pointer: POSIX says that it may be copied into one of a function.
static void Find(void* function, const char* name) {
  void* const found = dlsym(RTLD_NEXT, name);
  memcpy(function, &found, sizeof(found));
}

__attribute__((constructor)) static void Begin(void) {
  if (real_ftruncate != NULL) return;
  Find(&real_write, "write");
  Find(&real_pwrite, "pwrite");
  Find(&real_writev, "writev");
  Find(&real_fsync, "fsync");
  Find(&real_fdatasync, "fdatasync");
  Find(&real_fallocate, "fallocate");
  Find(&real_posix_fallocate, "posix_fallocate");
  Find(&real_ftruncate, "ftruncate");
  under = getenv("WEFT_DISK_UNDER");
  control = getenv("WEFT_DISK_CONTROL");
  undo_path = getenv("WEFT_DISK_UNDO");
}

static enum Mode Read(long* milliseconds) {
  if (under == NULL || control == NULL) return kOk;
  const int saved = errno;
  char text[64] = "";
  const int file = open(control, O_RDONLY | O_CLOEXEC);
  if (file >= 0) {
    const ssize_t length = read(file, text, sizeof(text) - 1);
    text[length > 0 ? length : 0] = '\0';
    close(file);
  }
  errno = saved;
  if (strncmp(text, "stall", 5) == 0) return kStall;
  if (strncmp(text, "fsync_error", 11) == 0) return kFsyncError;
  if (strncmp(text, "write_error", 11) == 0) return kWriteError;
  if (strncmp(text, "full", 4) == 0) return kFull;
  if (strncmp(text, "record", 6) == 0) return kRecord;
  if (strncmp(text, "slow ", 5) != 0) return kOk;
  *milliseconds = strtol(text + 5, NULL, 10);
  return kSlow;
}

// A file under the folder.
static int IsOurs(int file, struct stat* status) {
  if (under == NULL) return 0;
  const int saved = errno;
  char link[64];
  char path[PATH_MAX];
  snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
  const ssize_t length =
      fstat(file, status) == 0 && S_ISREG(status->st_mode) ? readlink(link, path, sizeof(path)) : -1;
  errno = saved;
  return length >= (ssize_t)strlen(under) && strncmp(path, under, strlen(under)) == 0;
}

static void Wait(long milliseconds) {
  const struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
  nanosleep(&time, NULL);
}

// The mode for a call that may go on; waits while the disk stalls.
static enum Mode Await(int file, long* milliseconds) {
  enum Mode mode = Read(milliseconds);
  struct stat status;
  if (mode == kOk || !IsOurs(file, &status)) return kOk;
  while (mode == kStall) {
    Wait(10);
    mode = Read(milliseconds);
  }
  return mode;
}

// 0, or the error of a write that would end at `end` (-1: it goes to the end of the file).
static int WriteError(int file, off_t end) {
  long milliseconds = 0;
  const enum Mode mode = Await(file, &milliseconds);
  if (mode == kWriteError) return EIO;
  struct stat status;
  if (mode == kFull && fstat(file, &status) == 0 && (end < 0 || end > status.st_size)) {
    return ENOSPC;
  }
  return 0;
}

static int Fails(int error) {
  if (error != 0) errno = error;
  return error != 0;
}

// The file to remember in is open. Once it is it stays so: what follows `record` belongs to it.
static int Records(void) {
  long milliseconds = 0;
  if (undo >= 0) return 1;
  if (undo_path == NULL || Read(&milliseconds) != kRecord) return 0;
  pthread_mutex_lock(&undo_mutex);
  if (undo < 0) undo = open(undo_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  pthread_mutex_unlock(&undo_mutex);
  return undo >= 0;
}

static void Keep(const struct Undo* record, const void* old) {
  real_write(undo, record, sizeof(*record));
  if (record->bytes > 0) real_write(undo, old, record->bytes);
  ++undone;
}

// Remembers what is between `offset` and `offset + length`. REQUIRES: the mutex is held.
static void Remember(int file, off_t offset, size_t length) {
  struct stat status;
  if (!IsOurs(file, &status)) return;
  struct Undo record = {'w', "", status.st_dev, status.st_ino, (uint64_t)offset,
                        (uint64_t)status.st_size, 0};
  char* const old = malloc(length + 1);
  // A file that was opened for writing alone is opened again.
  char link[64];
  snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
  const int again = open(link, O_RDONLY | O_CLOEXEC);
  const ssize_t got = again >= 0 && length > 0 ? pread(again, old, length, offset) : 0;
  if (again >= 0) close(again);
  record.bytes = got > 0 ? (uint64_t)got : 0;
  Keep(&record, old);
  free(old);
}

static off_t Position(int file) {
  const int flags = fcntl(file, F_GETFL);
  return lseek(file, 0, flags >= 0 && (flags & O_APPEND) != 0 ? SEEK_END : SEEK_CUR);
}

ssize_t write(int file, const void* data, size_t length) {
  Begin();
  struct stat status;
  if (under == NULL || !IsOurs(file, &status)) return real_write(file, data, length);
  if (Fails(WriteError(file, Position(file) + (off_t)length))) return -1;
  if (!Records()) return real_write(file, data, length);
  pthread_mutex_lock(&undo_mutex);
  Remember(file, Position(file), length);
  const ssize_t written = real_write(file, data, length);
  pthread_mutex_unlock(&undo_mutex);
  return written;
}

ssize_t writev(int file, const struct iovec* parts, int count) {
  Begin();
  struct stat status;
  if (under == NULL || !IsOurs(file, &status)) return real_writev(file, parts, count);
  if (Fails(WriteError(file, -1))) return -1;
  size_t length = 0;
  for (int i = 0; i < count; ++i) length += parts[i].iov_len;
  if (!Records()) return real_writev(file, parts, count);
  pthread_mutex_lock(&undo_mutex);
  Remember(file, Position(file), length);
  const ssize_t written = real_writev(file, parts, count);
  pthread_mutex_unlock(&undo_mutex);
  return written;
}

ssize_t pwrite(int file, const void* data, size_t length, off_t offset) {
  Begin();
  if (Fails(WriteError(file, offset + (off_t)length))) return -1;
  if (!Records()) return real_pwrite(file, data, length, offset);
  pthread_mutex_lock(&undo_mutex);
  Remember(file, offset, length);
  const ssize_t written = real_pwrite(file, data, length, offset);
  pthread_mutex_unlock(&undo_mutex);
  return written;
}

ssize_t pwrite64(int file, const void* data, size_t length, off_t offset) {
  return pwrite(file, data, length, offset);
}

int fallocate(int file, int mode, off_t offset, off_t length) {
  Begin();
  return Fails(WriteError(file, offset + length)) ? -1
                                                  : real_fallocate(file, mode, offset, length);
}

int fallocate64(int file, int mode, off_t offset, off_t length) {
  return fallocate(file, mode, offset, length);
}

int posix_fallocate(int file, off_t offset, off_t length) {
  Begin();
  const int error = WriteError(file, offset + length);
  return error != 0 ? error : real_posix_fallocate(file, offset, length);
}

int posix_fallocate64(int file, off_t offset, off_t length) {
  return posix_fallocate(file, offset, length);
}

// What is cut off is remembered like what is overwritten.
int ftruncate(int file, off_t length) {
  Begin();
  struct stat status;
  if (!Records() || !IsOurs(file, &status)) return real_ftruncate(file, length);
  pthread_mutex_lock(&undo_mutex);
  Remember(file, length, status.st_size > length ? (size_t)(status.st_size - length) : 0);
  const int done = real_ftruncate(file, length);
  pthread_mutex_unlock(&undo_mutex);
  return done;
}

int ftruncate64(int file, off_t length) { return ftruncate(file, length); }

static int Sync(int file, int (*const* sync)(int)) {
  Begin();
  long milliseconds = 0;
  const enum Mode mode = Await(file, &milliseconds);
  if (mode == kSlow) Wait(milliseconds);
  if (mode == kFsyncError) {
    errno = EIO;
    return -1;
  }
  pthread_mutex_lock(&undo_mutex);
  const uint64_t before = undone;
  pthread_mutex_unlock(&undo_mutex);
  const int done = (*sync)(file);
  struct stat status;
  if (done == 0 && undo >= 0 && IsOurs(file, &status)) {
    const struct Undo record = {'s', "", status.st_dev, status.st_ino, before, 0, 0};
    pthread_mutex_lock(&undo_mutex);
    Keep(&record, NULL);
    pthread_mutex_unlock(&undo_mutex);
  }
  return done;
}

int fsync(int file) { return Sync(file, &real_fsync); }
int fdatasync(int file) { return Sync(file, &real_fdatasync); }
