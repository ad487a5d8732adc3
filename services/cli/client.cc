#include "services/cli/client.h"

#include <algorithm>
#include <optional>
#include <set>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/backoff.h"
#include "common/base/clock.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/rpc/status.h"

namespace weft::cli {
namespace {

constexpr char kHowToLogIn[] =
    "give --user and --password-file (or WEFT_USER with WEFT_PASSWORD_FILE or WEFT_PASSWORD), or "
    "name a sandbox with --sandbox DIR";

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

absl::StatusOr<std::unique_ptr<Client>> Client::Create(
    const std::vector<rpc::ChannelOptions>& options, Interrupt* interrupt) {
  WEFT_ASSIGN_OR_RETURN(std::shared_ptr<Controllers> controllers, Controllers::Create(options));
  return std::unique_ptr<Client>(new Client(std::move(controllers), interrupt));
}

absl::Status Client::Once(const Controller& controller, absl::Duration timeout, Attempt attempt) {
  grpc::ClientContext context;
  rpc::SetDeadline(context, timeout);
  const Interrupt::Scope scope(interrupt_, [&context] { context.TryCancel(); });
  return rpc::FromGrpc(attempt(controller.channel, &context));
}

absl::Status Client::Run(absl::Duration timeout, Attempt attempt) {
  using Verdict = Controllers::Verdict;
  Clock* const clock = RealClock::Get();
  const Deadline deadline = Deadline::After(clock, timeout);
  std::optional<Deadline> patience;
  const int interrupts = interrupt_->count();
  absl::BitGen random;
  Backoff pause(kPause);
  while (true) {
    std::vector<Said> said;
    bool later = false;
    for (const Controller* controller :
         controllers_->InOrder(std::min(kQuestion, deadline.Remaining() / 2))) {
      const absl::Status status = Once(*controller, deadline.Remaining(), attempt);
      const Verdict verdict =
          controllers_->size() == 1 ? Verdict::kFinal : Controllers::Judge(*controller, status);
      if (verdict == Verdict::kFinal) {
        controllers_->Served(*controller);
        return status.ok() ? status : Explain(*controller, status);
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
    if (!later || patience->Remaining() < rest + kRound) return NobodyServes(said);
    if (interrupt_->AwaitBeyond(interrupts, rest)) {
      return Explain(*said.front().controller, absl::CancelledError("interrupted"));
    }
  }
}

absl::Status Client::NobodyServes(const std::vector<Said>& said) const {
  std::vector<std::string> found;
  std::set<std::string> reasons;
  for (const Said& one : said) {
    const std::string reason = ErrorReason(one.status);
    if (!reason.empty()) reasons.insert(reason);
    found.push_back(absl::StrCat(one.controller->address, ": ", reason.empty() ? "no answer: " : "",
                                 one.status.message()));
  }
  const bool answered = !reasons.empty();
  ErrorDetail detail;
  detail.reason = !answered             ? "CONTROLLER_UNREACHABLE"
                  : reasons.size() == 1 ? *reasons.begin()
                                        : "NO_CONTROLLER_SERVES";
  detail.expected = answered ? "one controller that leads, and a state store that answers"
                             : absl::StrCat("a Weft controller at ", controllers_->Addresses());
  detail.found = absl::StrJoin(found, "\n");
  detail.next_step =
      answered ? "start the controllers that do not answer, and look at the state store: weft node "
                 "status --controller HOST:PORT of each"
               : "start a controller, or name another one with --controller HOST:PORT,..., "
                 "WEFT_CONTROLLER or --sandbox DIR";
  detail.metadata["controller"] = controllers_->Addresses();
  return Refusal(
      absl::StatusCode::kUnavailable,
      absl::StrCat(answered ? "no controller could serve this: " : "no controller answers at ",
                   controllers_->Addresses()),
      detail);
}

absl::Status Client::Explain(const Controller& controller, absl::Status error) const {
  if (GetErrorDetail(error).has_value()) return error;
  const std::string& address = controller.address;
  ErrorDetail detail;
  switch (error.code()) {
    case absl::StatusCode::kUnavailable:
      if (!IsUnreachable(controller, error)) return error;
      detail = {.reason = "CONTROLLER_UNREACHABLE",
                .expected = absl::StrCat("a Weft controller at ", address),
                .found = std::string(error.message()),
                .next_step =
                    "start the controller, or name another one with --controller "
                    "HOST:PORT, WEFT_CONTROLLER or --sandbox DIR",
                .metadata = {{"controller", address}}};
      return Refusal(error.code(), absl::StrCat("no controller answers at ", address), detail);
    case absl::StatusCode::kUnauthenticated:
      detail = {.reason = controller.logged_in ? "LOGIN_REJECTED" : "LOGIN_MISSING",
                .expected = "Weft's own user and password",
                .found = controller.logged_in
                             ? "a user or password that the controller does not know"
                             : "no login",
                .next_step = kHowToLogIn,
                .metadata = {{"controller", address}}};
      return Refusal(
          error.code(),
          absl::StrCat("the controller at ", address,
                       controller.logged_in ? " does not accept this login" : " needs a login"),
          detail);
    case absl::StatusCode::kDeadlineExceeded:
      detail = {.reason = "TIMEOUT",
                .expected = absl::StrCat("an answer from ", address, " in time"),
                .found = std::string(error.message()),
                .next_step = "look at `weft node status`; a longer --timeout may help",
                .metadata = {{"controller", address}}};
      return Refusal(error.code(),
                     absl::StrCat("the controller at ", address, " did not answer in time"),
                     detail);
    case absl::StatusCode::kCancelled:
      if (!interrupt_->raised()) return error;
      detail = {.reason = "INTERRUPTED",
                .expected = absl::StrCat("an answer from ", address),
                .found = "an interruption before it came",
                .next_step = "what was asked for may have begun: look at `weft operation list`",
                .metadata = {{"controller", address}}};
      return Refusal(error.code(), "interrupted", detail);
    case absl::StatusCode::kUnimplemented:
      detail = {.reason = "NOT_OFFERED",
                .expected = "a Weft controller of this client's version",
                .found = std::string(error.message()),
                .next_step = "compare `weft version` with `weft node status`",
                .metadata = {{"controller", address}}};
      return Refusal(error.code(), absl::StrCat("what listens at ", address, " cannot do this"),
                     detail);
    default:
      return error;
  }
}

}  // namespace weft::cli
