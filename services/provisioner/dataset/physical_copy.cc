#include "services/provisioner/dataset/physical_copy.h"

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/mysql/dialect.h"
#include "common/mysqld/files.h"
#include "common/mysqld/instance.h"
#include "services/provisioner/dataset/direct_copy.h"
#include "services/provisioner/dataset/quiet_source.h"
#include "services/provisioner/dataset/server_facts.h"
#include "services/provisioner/dataset/target_state.h"

namespace weft::provisioner {
namespace {

namespace fs = std::filesystem;

constexpr int kAttempts = 3;
constexpr absl::Duration kReport = absl::Milliseconds(200);
constexpr absl::Duration kStart = absl::Minutes(5);

// A server's own: who it is, how it is set up, its keys, and what it notes for itself.
bool IsOwn(const std::string& name) {
  return name == "auto.cnf" || name == "mysqld-auto.cnf" || absl::EndsWith(name, ".pem");
}

// The names of log files, by the variables that say where they are.
std::vector<std::string> LogNames(const ServerFacts& facts) {
  std::vector<std::string> names;
  for (const char* variable : {"log_bin_basename", "relay_log_basename"}) {
    const std::string name = fs::path(facts.Variable(variable)).filename().string();
    if (!name.empty()) names.push_back(name + ".");
  }
  return names;
}

class PhysicalCopy {
 public:
  PhysicalCopy(const FarmAccess& access, const CopyOrder& order, const CopyWatch& watch,
               Clock* clock)
      : access_(access),
        order_(order),
        watch_(watch),
        clock_(clock),
        throttle_(order.bytes_per_second, clock) {}

  absl::StatusOr<CopyFigures> Run() {
    const absl::Duration start = clock_->MonotonicNow();
    WEFT_RETURN_IF_ERROR(FindFolders());
    WEFT_RETURN_IF_ERROR(RemoveTree(Incoming()));
    absl::Status status = CopyFiles();
    if (status.ok()) status = Swap();
    if (!status.ok()) {
      RemoveTree(Incoming()).IgnoreError();
      return status;
    }
    WEFT_RETURN_IF_ERROR(Settle());
    figures_.took = clock_->MonotonicNow() - start;
    return figures_;
  }

 private:
  std::string Data() const { return target_->data_dir(); }
  std::string Incoming() const { return Data() + ".incoming"; }
  std::string Outgoing() const { return Data() + ".outgoing"; }

  absl::Status FindFolders() {
    Report("prepare");
    WEFT_ASSIGN_OR_RETURN(const ServerFacts from,
                          GatherFacts(access_, order_.source, Duty::kBackup));
    WEFT_ASSIGN_OR_RETURN(const ServerFacts to,
                          GatherFacts(access_, order_.target, Duty::kRestore));
    if (from.folder.empty() || to.folder.empty()) {
      return Refusal(absl::StatusCode::kFailedPrecondition, "METHOD_UNAVAILABLE",
                     "files can be copied on the provisioner's machine alone",
                     "two servers of this machine",
                     from.folder.empty() ? order_.source.ToString() : order_.target.ToString(),
                     "clone by another method");
    }
    modern_ = to.version.AtLeast(8, 0, 26);
    WEFT_ASSIGN_OR_RETURN(const Instance source, Instance::Open(from.folder));
    WEFT_ASSIGN_OR_RETURN(Instance target, Instance::Open(to.folder));
    target_ = std::make_unique<Instance>(std::move(target));
    copy_.from = source.data_dir();
    copy_.to = Incoming();
    copy_.throttle = &throttle_;
    copy_.bytes = &bytes_;
    copy_.may_go_on = [this] { return watch_.MayGoOn(); };
    copy_.leaves_out = [logs = LogNames(from)](const std::string& name) {
      for (const std::string& log : logs) {
        if (absl::StartsWith(name, log)) return true;
      }
      return IsOwn(name) || name == "ibtmp1" || name == "#innodb_temp" ||
             absl::EndsWith(name, ".pid") || absl::EndsWith(name, ".err") ||
             absl::EndsWith(name, ".sock") || absl::EndsWith(name, ".lock");
    };
    return absl::OkStatus();
  }

  absl::Status CopyFiles() {
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      Report("let the source come to rest");
      WEFT_ASSIGN_OR_RETURN(const auto quiet,
                            QuietSource::Make(access_, order_.source, watch_, clock_));
      WEFT_ASSIGN_OR_RETURN(figures_.bytes, SizeOf(copy_));
      bytes_ = 0;
      WEFT_RETURN_IF_ERROR(CopyOnce());
      executed_ = quiet->executed();
      WEFT_ASSIGN_OR_RETURN(const bool whole, quiet->WasQuiet());
      if (whole) return absl::OkStatus();
    }
    return Refusal(absl::StatusCode::kAborted, "SOURCE_BUSY",
                   absl::StrCat(order_.source.ToString(), " wrote to its files meanwhile"),
                   "files that stand still", "writes in each of three attempts",
                   "name another source, or another method");
  }

  absl::Status CopyOnce() {
    absl::Status status;
    std::atomic<bool> done = false;
    std::thread thread([&] {
      status = CopyDirect(copy_);
      done = true;
    });
    const absl::Duration step = absl::Milliseconds(10);
    for (absl::Duration since = kReport; !done; since += step) {
      if (since >= kReport) {
        Report("copy files");
        since = absl::ZeroDuration();
      }
      clock_->Sleep(step);
    }
    thread.join();
    return status;
  }

  absl::Status Rename(const std::string& from, const std::string& to) {
    if (std::rename(from.c_str(), to.c_str()) == 0) return absl::OkStatus();
    return FileError(errno, "renaming", from);
  }

  // What is the target's own goes along; then the folders change places.
  absl::Status Swap() {
    WEFT_RETURN_IF_ERROR(watch_.MayGoOn());
    Report("restart");
    WEFT_RETURN_IF_ERROR(target_->Stop());
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(Data(), error)) {
      const std::string name = entry.path().filename().string();
      if (!IsOwn(name)) continue;
      fs::copy_file(entry.path(), fs::path(Incoming()) / name, error);
      if (error) return FileError(error.value(), "copying", name);
    }
    WEFT_RETURN_IF_ERROR(RemoveTree(Outgoing()));
    WEFT_RETURN_IF_ERROR(Rename(Data(), Outgoing()));
    absl::Status status = Rename(Incoming(), Data());
    if (status.ok()) status = StartWithoutReplication();
    if (status.ok()) return RemoveTree(Outgoing());
    // As it was.
    target_->Stop().IgnoreError();
    RemoveTree(Data()).IgnoreError();
    Rename(Outgoing(), Data()).IgnoreError();
    target_->Start(kStart).IgnoreError();
    return status;
  }

  // The source's own channel came along with its data: it must not start.
  absl::Status StartWithoutReplication() {
    const std::string path = absl::StrCat(target_->dir(), "/my.cnf");
    const std::string line = modern_ ? "skip-replica-start=ON\n" : "skip-slave-start=ON\n";
    WEFT_ASSIGN_OR_RETURN(const std::string found, ReadFile(path));
    const std::string own = absl::StrReplaceAll(found, {{line, ""}});
    WEFT_RETURN_IF_ERROR(WriteFileAtomically(path, own + line, 0640));
    const absl::Status started = target_->Start(kStart);
    const absl::Status again = WriteFileAtomically(path, own, 0640);
    return started.ok() ? again : started;
  }

  absl::Status Settle() {
    Report("settle");
    WEFT_ASSIGN_OR_RETURN(const auto manager, access_.Open(order_.target, Duty::kManage));
    WEFT_RETURN_IF_ERROR(Detach(*manager));
    WEFT_ASSIGN_OR_RETURN(const auto restorer, access_.Open(order_.target, Duty::kRestore));
    WEFT_RETURN_IF_ERROR(Open(*restorer));
    WEFT_RETURN_IF_ERROR(TakeOverGtids(*restorer, executed_));
    return Close(*restorer);
  }

  void Report(absl::string_view phase) const {
    if (watch_.report) watch_.report({std::string(phase), bytes_, figures_.bytes, 0});
  }

  const FarmAccess& access_;
  const CopyOrder& order_;
  const CopyWatch& watch_;
  Clock* const clock_;
  Throttle throttle_;
  std::unique_ptr<Instance> target_;
  DirectCopy copy_;
  std::atomic<uint64_t> bytes_ = 0;
  GtidSet executed_;
  bool modern_ = false;
  CopyFigures figures_;
};

}  // namespace

absl::StatusOr<CopyFigures> CopyByFiles(const FarmAccess& access, const CopyOrder& order,
                                        const CopyWatch& watch, Clock* clock) {
  return PhysicalCopy(access, order, watch, clock).Run();
}

}  // namespace weft::provisioner
