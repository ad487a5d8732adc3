#include "common/rpc/leader_client.h"

#include <algorithm>
#include <optional>

#include "absl/random/random.h"
#include "common/base/backoff.h"
#include "common/base/clock.h"
#include "common/rpc/channel.h"
#include "common/rpc/status.h"

namespace weft::rpc {
namespace {

// How long a call looks for a leader: a take-over, and an answer after it.
constexpr absl::Duration kPatience = absl::Seconds(8);
// For the question who leads.
constexpr absl::Duration kQuestion = absl::Seconds(1);
// Between two rounds over all controllers; longer with each, and not the same for clients that lost
// one leader together, so that they do not press.
constexpr BackoffOptions kPause = {.initial = absl::Milliseconds(75),
                                   .maximum = absl::Milliseconds(600),
                                   .multiplier = 2.0,
                                   .jitter = 0.66};
// What a round that gets an answer takes.
constexpr absl::Duration kRound = absl::Milliseconds(50);

}  // namespace

absl::Status LeaderClient::Once(const Controller& controller, absl::Duration timeout,
                                Attempt attempt) const {
  grpc::ClientContext context;
  SetDeadline(context, timeout);
  const Interrupt::Scope scope(interrupt_, [&context] { context.TryCancel(); });
  return FromGrpc(attempt(controller.channel, &context));
}

LeaderClient::Outcome LeaderClient::Run(absl::Duration timeout, Attempt attempt) const {
  using Verdict = Controllers::Verdict;
  Clock* const clock = RealClock::Get();
  const Deadline deadline = Deadline::After(clock, timeout);
  std::optional<Deadline> patience;
  const int interrupts = interrupt_->count();
  absl::BitGen random;
  Backoff pause(kPause);
  while (true) {
    // Nor is it asked who leads, which takes its time while nobody answers.
    if (interrupt_->raised()) {
      return {absl::CancelledError("interrupted"), &controllers_->all().front(), {}, true};
    }
    std::vector<Said> said;
    bool later = false;
    for (const Controller* controller :
         controllers_->InOrder(std::min(kQuestion, deadline.Remaining() / 2))) {
      const absl::Status status = Once(*controller, deadline.Remaining(), attempt);
      const Verdict verdict =
          controllers_->size() == 1 ? Verdict::kFinal : Controllers::Judge(*controller, status);
      if (verdict == Verdict::kFinal) {
        controllers_->Served(*controller);
        return {status, controller, {}, false};
      }
      controllers_->Left();
      later |= verdict == Verdict::kLater;
      said.push_back({controller, status});
    }
    if (!patience.has_value()) {
      patience = Deadline::After(clock, std::min(kPatience, deadline.Remaining()));
    }
    const absl::Duration rest = pause.Next(absl::Uniform(random, 0.0, 1.0));
    // A round that could not be answered in time would only hide what was said in this one.
    if (!later || patience->Remaining() < rest + kRound) {
      const absl::Status first = said.front().status;
      return {first, nullptr, std::move(said), false};
    }
    if (interrupt_->AwaitBeyond(interrupts, rest)) {
      return {absl::CancelledError("interrupted"), said.front().controller, {}, true};
    }
  }
}

}  // namespace weft::rpc
