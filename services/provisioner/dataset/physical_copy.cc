#include "services/provisioner/dataset/physical_copy.h"

#include <chrono>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/mysqld/files.h"
#include "common/mysqld/instance.h"
#include "services/provisioner/dataset/copy_mark.h"
#include "services/provisioner/dataset/dataset_sql.h"
#include "services/provisioner/dataset/folder_copy.h"
#include "services/provisioner/dataset/folder_swap.h"
#include "services/provisioner/dataset/quiet_source.h"
#include "services/provisioner/dataset/server_facts.h"
#include "services/provisioner/dataset/target_hold.h"
#include "services/provisioner/dataset/target_state.h"

namespace weft::provisioner {
namespace {

namespace fs = std::filesystem;

constexpr int kAttempts = 5;
constexpr absl::Duration kReport = absl::Milliseconds(200);
// A file that was written to more recently is taken for one that is in use.
constexpr absl::Duration kRested = absl::Seconds(10);
// What a source takes for it, mostly: it writes pages once a second.
constexpr absl::Duration kComesToRest = absl::Seconds(1);

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
    WEFT_RETURN_IF_ERROR(swap_->Lock(clock_));
    WEFT_RETURN_IF_ERROR(watch_.MayGoOn());
    absl::Status halted;
    std::thread halting([&] { halted = swap_->Halt(); });  // beside the copy, to save its time
    absl::Status status = CopyFiles();
    // Until here the source alone was asked, besides files of this machine.
    if (absl::IsUnavailable(status)) status = SourceLost(order_.source, status.message());
    halting.join();
    if (status.ok()) status = halted;
    if (status.ok()) status = Replace();
    if (!status.ok()) {
      const absl::Status back = swap_->GoBack();
      return back.ok() ? status : Annotate(status, absl::StrCat("and ", back.message()));
    }
    figures_.took = clock_->MonotonicNow() - start;
    return figures_;
  }

 private:
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
    // Until it stands still nobody else may be at work on it; a session held would delay that.
    WEFT_ASSIGN_OR_RETURN(const auto restorer, access_.Open(order_.target, Duty::kRestore));
    WEFT_RETURN_IF_ERROR(HoldTarget(*restorer, order_, clock_));
    watch_.TellHold();
    WEFT_ASSIGN_OR_RETURN(const Instance source, Instance::Open(from.folder));
    WEFT_ASSIGN_OR_RETURN(Instance target, Instance::Open(to.folder));
    source_folder_ = source.dir();
    events_ran_ = to.Variable("event_scheduler") == "ON";
    swap_.emplace(std::move(target));
    WEFT_RETURN_IF_ERROR(swap_->Clear());
    options_.from = source.data_dir();
    options_.to = swap_->incoming();
    options_.throttle = &throttle_;
    options_.may_go_on = [this] { return watch_.MayGoOn(); };
    options_.leaves_out = [logs = LogNames(from)](const std::string& name) {
      for (const std::string& log : logs) {
        if (absl::StartsWith(name, log)) return true;
      }
      return IsServersOwn(name) || name == "ibtmp1" || name == "#innodb_temp" ||
             absl::EndsWith(name, ".pid") || absl::EndsWith(name, ".err") ||
             absl::EndsWith(name, ".sock") || absl::EndsWith(name, ".lock");
    };
    return absl::OkStatus();
  }

  // Most files are not written to for long times. They are copied while the source works; it stands
  // still for the others alone, from shortly before those are done.
  absl::Status CopyFiles() {
    FolderCopy folder(options_, clock_);
    std::future<absl::StatusOr<std::unique_ptr<QuietSource>>> coming;
    const auto begin_quiet = [&] {
      if (coming.valid()) return;
      coming = std::async(std::launch::async, [&] {
        return QuietSource::Make(access_, order_.source, source_folder_, watch_, clock_);
      });
    };
    WEFT_RETURN_IF_ERROR(CopyRound(folder, kRested, begin_quiet));
    Report("let the source come to rest");
    begin_quiet();
    WEFT_ASSIGN_OR_RETURN(const auto quiet, coming.get());
    executed_ = quiet->executed();
    // A server may write for itself (statistics of tables): then what it wrote is copied again.
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      if (attempt > 0) WEFT_RETURN_IF_ERROR(quiet->Settle(watch_, clock_));
      WEFT_RETURN_IF_ERROR(CopyRound(folder, absl::ZeroDuration(), {}));
      WEFT_ASSIGN_OR_RETURN(const bool whole, quiet->WasQuiet());
      if (whole) return absl::OkStatus();
    }
    return Refusal(absl::StatusCode::kAborted, "SOURCE_BUSY",
                   absl::StrCat(order_.source.ToString(), " wrote to its files meanwhile"),
                   "files that stand still",
                   absl::StrCat("writes in each of ", kAttempts, " attempts"),
                   "name another source, or another method");
  }

  // Calls `nearly_done`, which may be empty, when it soon will be; of a round that copies all of
  // its bytes anew.
  absl::Status CopyRound(FolderCopy& folder, absl::Duration rested,
                         const std::function<void()>& nearly_done) {
    const absl::Duration began = clock_->MonotonicNow();
    auto round = std::async(std::launch::async, [&] { return folder.Round(rested); });
    absl::Duration reported = -absl::InfiniteDuration();
    while (round.wait_for(std::chrono::milliseconds(10)) != std::future_status::ready) {
      const absl::Duration now = clock_->MonotonicNow();
      Count(folder);
      if (now - reported >= kReport) {
        Report("copy files");
        reported = now;
      }
      if (!nearly_done || bytes_ == 0) continue;
      const double share = static_cast<double>(folder.left()) / static_cast<double>(bytes_);
      if ((now - began) * share < kComesToRest) nearly_done();
    }
    Count(folder);
    return round.get();
  }

  void Count(const FolderCopy& folder) {
    figures_.bytes = folder.size();
    bytes_ = folder.bytes();
  }

  absl::Status Replace() {
    WEFT_RETURN_IF_ERROR(watch_.MayGoOn());
    Report("restart");
    WEFT_RETURN_IF_ERROR(swap_->Swap());
    WEFT_RETURN_IF_ERROR(Settle());
    return swap_->Keep();
  }

  absl::Status Settle() {
    Report("settle");
    WEFT_ASSIGN_OR_RETURN(const auto restorer, access_.Open(order_.target, Duty::kRestore));
    WEFT_RETURN_IF_ERROR(HoldTarget(*restorer, order_, clock_));
    WEFT_ASSIGN_OR_RETURN(const auto manager, access_.Open(order_.target, Duty::kManage));
    WEFT_RETURN_IF_ERROR(Detach(*manager));
    WEFT_RETURN_IF_ERROR(OpenForCopy(*restorer));
    WEFT_RETURN_IF_ERROR(TakeOverGtids(*restorer, executed_));
    WEFT_RETURN_IF_ERROR(restorer->Execute(sql::kNoBinaryLog));
    WEFT_RETURN_IF_ERROR(SettleFailedClone(*restorer));
    WEFT_RETURN_IF_ERROR(DropMark(*restorer));
    WEFT_RETURN_IF_ERROR(Close(*restorer));
    // It was started without.
    return events_ran_ ? restorer->Execute(sql::kEventsOn) : absl::OkStatus();
  }

  void Report(absl::string_view phase) const {
    if (watch_.report) watch_.report({std::string(phase), bytes_, figures_.bytes, 0});
  }

  const FarmAccess& access_;
  const CopyOrder& order_;
  const CopyWatch& watch_;
  Clock* const clock_;
  Throttle throttle_;
  std::string source_folder_;
  bool events_ran_ = false;  // on the target
  std::optional<FolderSwap> swap_;
  FolderCopyOptions options_;
  uint64_t bytes_ = 0;
  GtidSet executed_;
  CopyFigures figures_;
};

}  // namespace

absl::StatusOr<CopyFigures> CopyByFiles(const FarmAccess& access, const CopyOrder& order,
                                        const CopyWatch& watch, Clock* clock) {
  return PhysicalCopy(access, order, watch, clock).Run();
}

}  // namespace weft::provisioner
