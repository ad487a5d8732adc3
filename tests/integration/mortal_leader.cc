#include "tests/integration/mortal_leader.h"

#include <grpc/support/time.h>

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "common/base/clock.h"

namespace weft::controller {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(60);

Controller::Options QuickOptions() {
  Controller::Options options;
  options.reconciler.worker.first_rest = absl::Milliseconds(5);
  options.reconciler.worker.period = absl::Milliseconds(200);
  options.reconciler.leadership.period = absl::Milliseconds(20);
  // Progress is a matter of time: it would be a step now and then.
  options.reconciler.board.write_delay = absl::Hours(1);
  options.membership.poll = absl::Milliseconds(20);
  return options;
}

}  // namespace

Leader::Leader(std::shared_ptr<MemoryDatabase> database, const FarmOptions& options)
    : store_(std::move(database)),
      farm_(options, &life_),
      controller_(QuickOptions(), {&farm_, &store_, &metrics_, RealClock::Get()}) {
  store_.SetFaults([this](absl::string_view call, bool is_write) {
    if (absl::StrContains(call, "Lease") || call == "AppendEvent") return StoreFault::kNone;
    const bool alive = is_write ? life_.Step() : !life_.dead();
    return alive ? StoreFault::kNone : StoreFault::kUnavailable;
  });
  grpc::ServerBuilder builder;
  for (grpc::Service* service : controller_.services()) builder.RegisterService(service);
  server_ = builder.BuildAndStart();
  channel_ = server_->InProcessChannel({});
  controller_.Start();
  controller_.reconciler().AwaitLeader(kPatience);
}

Leader::~Leader() {
  controller_.EndStreams();
  server_->Shutdown(gpr_now(GPR_CLOCK_REALTIME));
  controller_.Stop();
}

}  // namespace weft::controller
