#include "services/cli/client.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"

namespace weft::cli {
namespace {

constexpr char kHowToLogIn[] =
    "give --user and --password-file (or WEFT_USER with WEFT_PASSWORD_FILE or WEFT_PASSWORD), or "
    "--token-file (WEFT_TOKEN_FILE), or name a sandbox with --sandbox DIR";

}  // namespace

absl::StatusOr<std::unique_ptr<Client>> Client::Create(
    const std::vector<rpc::ChannelOptions>& options, Interrupt* interrupt) {
  WEFT_ASSIGN_OR_RETURN(std::shared_ptr<rpc::Controllers> controllers,
                        rpc::Controllers::Create(options));
  return std::unique_ptr<Client>(new Client(rpc::LeaderClient(std::move(controllers), interrupt)));
}

absl::Status Client::Run(absl::Duration timeout, Attempt attempt) {
  const rpc::LeaderClient::Outcome outcome = leader_.Run(timeout, attempt);
  if (outcome.status.ok()) return outcome.status;
  return outcome.controller == nullptr ? NobodyServes(outcome.said)
                                       : Explain(*outcome.controller, outcome.status);
}

absl::Status Client::NobodyServes(const std::vector<rpc::LeaderClient::Said>& said) const {
  std::vector<std::string> found;
  std::set<std::string> reasons;
  for (const rpc::LeaderClient::Said& one : said) {
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
  detail.expected = answered
                        ? "one controller that leads, and a state store that answers"
                        : absl::StrCat("a Weft controller at ", leader_.controllers()->Addresses());
  detail.found = absl::StrJoin(found, "\n");
  detail.next_step =
      answered ? "start the controllers that do not answer, and look at the state store: weft node "
                 "status --controller HOST:PORT of each"
               : "start a controller, or name another one with --controller HOST:PORT,..., "
                 "WEFT_CONTROLLER or --sandbox DIR";
  detail.metadata["controller"] = leader_.controllers()->Addresses();
  return Refusal(
      absl::StatusCode::kUnavailable,
      absl::StrCat(answered ? "no controller could serve this: " : "no controller answers at ",
                   leader_.controllers()->Addresses()),
      detail);
}

absl::Status Client::Explain(const Controller& controller, absl::Status error) const {
  if (GetErrorDetail(error).has_value()) return error;
  const std::string& address = controller.address;
  ErrorDetail detail;
  switch (error.code()) {
    case absl::StatusCode::kUnavailable:
      if (!rpc::IsUnreachable(controller, error)) return error;
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
      if (!leader_.interrupt()->raised()) return error;
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
