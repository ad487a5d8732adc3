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

// The words that differ by whom commands ask.
struct Words {
  const char* what;
  const char* unreachable;  // reason
  const char* name_another;
};

Words WordsOf(Service service) {
  if (service == Service::kProvisioner) {
    return {"provisioner", "PROVISIONER_UNREACHABLE",
            "start a provisioner, or name another one with --provisioner HOST:PORT,..., "
            "WEFT_PROVISIONER or --sandbox DIR"};
  }
  return {"controller", "CONTROLLER_UNREACHABLE",
          "start a controller, or name another one with --controller HOST:PORT,..., "
          "WEFT_CONTROLLER or --sandbox DIR"};
}

}  // namespace

absl::StatusOr<std::unique_ptr<Client>> Client::Create(
    const std::vector<rpc::ChannelOptions>& options, Interrupt* interrupt, Service service) {
  WEFT_ASSIGN_OR_RETURN(std::shared_ptr<rpc::Controllers> controllers,
                        rpc::Controllers::Create(options));
  return std::unique_ptr<Client>(
      new Client(rpc::LeaderClient(std::move(controllers), interrupt), service));
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
  const Words words = WordsOf(service_);
  detail.reason = !answered             ? words.unreachable
                  : reasons.size() == 1 ? *reasons.begin()
                                        : "NO_CONTROLLER_SERVES";
  detail.expected =
      answered ? "one controller that leads, and a state store that answers"
               : absl::StrCat("a Weft ", words.what, " at ", leader_.controllers()->Addresses());
  detail.found = absl::StrJoin(found, "\n");
  detail.next_step =
      answered ? "start the controllers that do not answer, and look at the state store: weft node "
                 "status --controller HOST:PORT of each"
               : words.name_another;
  detail.metadata["controller"] = leader_.controllers()->Addresses();
  return Refusal(absl::StatusCode::kUnavailable,
                 absl::StrCat("no ", words.what, answered ? " could serve this: " : " answers at ",
                              leader_.controllers()->Addresses()),
                 detail);
}

absl::Status Client::Explain(const Controller& controller, absl::Status error) const {
  if (GetErrorDetail(error).has_value()) return error;
  const std::string& address = controller.address;
  const Words words = WordsOf(service_);
  ErrorDetail detail;
  switch (error.code()) {
    case absl::StatusCode::kUnavailable:
      if (!rpc::IsUnreachable(controller, error)) return error;
      detail = {.reason = words.unreachable,
                .expected = absl::StrCat("a Weft ", words.what, " at ", address),
                .found = std::string(error.message()),
                .next_step = words.name_another,
                .metadata = {{words.what, address}}};
      return Refusal(error.code(), absl::StrCat("no ", words.what, " answers at ", address),
                     detail);
    case absl::StatusCode::kUnauthenticated:
      detail = {.reason = controller.logged_in ? "LOGIN_REJECTED" : "LOGIN_MISSING",
                .expected = "Weft's own user and password",
                .found = controller.logged_in ? absl::StrCat("a user or password that the ",
                                                             words.what, " does not know")
                                              : std::string("no login"),
                .next_step = kHowToLogIn,
                .metadata = {{words.what, address}}};
      return Refusal(
          error.code(),
          absl::StrCat("the ", words.what, " at ", address,
                       controller.logged_in ? " does not accept this login" : " needs a login"),
          detail);
    case absl::StatusCode::kDeadlineExceeded:
      detail = {.reason = "TIMEOUT",
                .expected = absl::StrCat("an answer from ", address, " in time"),
                .found = std::string(error.message()),
                .next_step = "look at `weft node status`; a longer --timeout may help",
                .metadata = {{words.what, address}}};
      return Refusal(error.code(),
                     absl::StrCat("the ", words.what, " at ", address, " did not answer in time"),
                     detail);
    case absl::StatusCode::kCancelled:
      if (!leader_.interrupt()->raised()) return error;
      detail = {.reason = "INTERRUPTED",
                .expected = absl::StrCat("an answer from ", address),
                .found = "an interruption before it came",
                .next_step = "what was asked for may have begun: look at `weft operation list`",
                .metadata = {{words.what, address}}};
      return Refusal(error.code(), "interrupted", detail);
    case absl::StatusCode::kUnimplemented:
      detail = {.reason = "NOT_OFFERED",
                .expected = absl::StrCat("a Weft ", words.what, " of this client's version"),
                .found = std::string(error.message()),
                .next_step = "compare `weft version` with `weft node status`",
                .metadata = {{words.what, address}}};
      return Refusal(error.code(), absl::StrCat("what listens at ", address, " cannot do this"),
                     detail);
    default:
      return error;
  }
}

}  // namespace weft::cli
