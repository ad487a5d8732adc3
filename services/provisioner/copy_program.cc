#include "services/provisioner/copy_program.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/error_details.h"
#include "common/base/mutex.h"
#include "common/base/random.h"
#include "common/base/status_macros.h"
#include "services/provisioner/dataset/copy_rules.h"
#include "services/provisioner/dataset/copy_run.h"
#include "services/provisioner/dataset/event_zones.h"
#include "services/provisioner/dataset/server_facts.h"
#include "services/provisioner/dataset/target_state.h"

namespace weft::provisioner {
namespace {

using Json = nlohmann::ordered_json;

constexpr absl::Duration kBetweenNews = absl::Milliseconds(250);

std::string Line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

// Says each phase, and how far it is, in lines that are not too many.
class News {
 public:
  News(std::ostream* out, Clock* clock)
      : out_(*out), clock_(clock), start_(clock->MonotonicNow()), last_(start_) {}

  void Tell(const CopyProgress& progress) {
    const absl::Duration now = clock_->MonotonicNow();
    MutexLock lock(&mutex_);
    if (progress.phase == phase_ && now - last_ < kBetweenNews) return;
    const std::string text = ProgressText(progress, now - start_);
    if (text == text_) return;
    last_ = now;
    phase_ = progress.phase;
    text_ = text;
    out_ << Line({{"text", text}}) << std::flush;
  }

 private:
  std::ostream& out_;
  Clock* const clock_;
  const absl::Duration start_;
  Mutex mutex_;
  absl::Duration last_ ABSL_GUARDED_BY(mutex_);
  std::string phase_ ABSL_GUARDED_BY(mutex_);
  std::string text_ ABSL_GUARDED_BY(mutex_);
};

absl::StatusOr<Json> Run(const CopyProgram& program, const FarmAccess& access,
                         const CopyWatch& watch, Clock* clock) {
  WEFT_ASSIGN_OR_RETURN(const ServerFacts to, GatherFacts(access, program.onto, Duty::kRestore));
  WEFT_ASSIGN_OR_RETURN(const ServerFacts from, GatherFacts(access, program.from, Duty::kBackup));
  CopyWish wish;
  wish.method = program.method;
  // Nobody here knows; who might be a primary is treated like one.
  wish.source_is_primary = true;
  WEFT_ASSIGN_OR_RETURN(const MethodChoice choice, JudgeCopy(from, to, wish));
  if (choice.method == CopyMethod::kLogical) {
    WEFT_RETURN_IF_ERROR(CheckEventZones(access, program.from, program.onto));
  }
  CopyOrder order;
  order.source = program.from;
  order.target = program.onto;
  order.job = RandomUuid();
  order.bytes_per_second = program.bytes_per_second;
  order.streams = program.streams;
  WEFT_ASSIGN_OR_RETURN(const CopyFigures figures,
                        RunCopy(access, choice.method, order, watch, {}, clock));
  if (program.opens) {
    WEFT_ASSIGN_OR_RETURN(const auto restorer, access.Open(program.onto, Duty::kRestore));
    WEFT_RETURN_IF_ERROR(Open(*restorer));
  }
  return Json{{"method", std::string(ToString(choice.method))},
              {"reason", choice.reason},
              {"bytes", figures.bytes},
              {"rows", figures.rows},
              {"seconds", absl::ToDoubleSeconds(figures.took)}};
}

Json ErrorOf(const absl::Status& status) {
  const ErrorDetail detail = GetErrorDetail(status).value_or(ErrorDetail{});
  return {{"message", std::string(status.message())},
          {"reason", detail.reason},
          {"expected", detail.expected},
          {"found", detail.found},
          {"next_step", detail.next_step}};
}

}  // namespace

absl::Status RunCopyProgram(const CopyProgram& program, const FarmAccess& access,
                            const std::function<bool()>& cancelled, std::ostream& out,
                            Clock* clock) {
  News news(&out, clock);
  CopyWatch watch;
  watch.cancelled = cancelled;
  watch.report = [&news](const CopyProgress& progress) { news.Tell(progress); };
  const absl::StatusOr<Json> done = Run(program, access, watch, clock);
  if (done.ok()) {
    out << Line({{"done", *done}}) << std::flush;
  } else {
    out << Line({{"error", ErrorOf(done.status())}}) << std::flush;
  }
  return done.status();
}

}  // namespace weft::provisioner
