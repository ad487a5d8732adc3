#include "services/cli/client.h"

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/rpc/status.h"

namespace weft::cli {
namespace {

constexpr char kHowToLogIn[] =
    "give --user and --password-file (or WEFT_USER with WEFT_PASSWORD_FILE or WEFT_PASSWORD), or "
    "name a sandbox with --sandbox DIR";

}  // namespace

absl::StatusOr<std::unique_ptr<Client>> Client::Create(const rpc::ChannelOptions& options,
                                                       Interrupt* interrupt) {
  WEFT_ASSIGN_OR_RETURN(std::shared_ptr<grpc::Channel> channel, rpc::Connect(options));
  return std::unique_ptr<Client>(
      new Client(std::move(channel), options.address, !options.credentials.empty(), interrupt));
}

absl::Status Client::Explain(const grpc::Status& status) const {
  absl::Status error = rpc::FromGrpc(status);
  if (GetErrorDetail(error).has_value()) return error;
  ErrorDetail detail;
  switch (error.code()) {
    case absl::StatusCode::kUnavailable:
      // Over a standing connection it was the controller that said so, of something else.
      if (channel_->GetState(/*try_to_connect=*/false) == GRPC_CHANNEL_READY) return error;
      detail = {.reason = "CONTROLLER_UNREACHABLE",
                .expected = absl::StrCat("a Weft controller at ", address_),
                .found = std::string(error.message()),
                .next_step =
                    "start the controller, or name another one with --controller "
                    "HOST:PORT, WEFT_CONTROLLER or --sandbox DIR",
                .metadata = {{"controller", address_}}};
      return Refusal(error.code(), absl::StrCat("no controller answers at ", address_), detail);
    case absl::StatusCode::kUnauthenticated:
      detail = {
          .reason = logged_in_ ? "LOGIN_REJECTED" : "LOGIN_MISSING",
          .expected = "Weft's own user and password",
          .found = logged_in_ ? "a user or password that the controller does not know" : "no login",
          .next_step = kHowToLogIn,
          .metadata = {{"controller", address_}}};
      return Refusal(error.code(),
                     absl::StrCat("the controller at ", address_,
                                  logged_in_ ? " does not accept this login" : " needs a login"),
                     detail);
    case absl::StatusCode::kDeadlineExceeded:
      detail = {.reason = "TIMEOUT",
                .expected = absl::StrCat("an answer from ", address_, " in time"),
                .found = std::string(error.message()),
                .next_step = "look at `weft node status`; a longer --timeout may help",
                .metadata = {{"controller", address_}}};
      return Refusal(error.code(),
                     absl::StrCat("the controller at ", address_, " did not answer in time"),
                     detail);
    case absl::StatusCode::kCancelled:
      if (!interrupt_->raised()) return error;
      detail = {.reason = "INTERRUPTED",
                .expected = absl::StrCat("an answer from ", address_),
                .found = "an interruption before it came",
                .next_step = "what was asked for may have begun: look at `weft operation list`",
                .metadata = {{"controller", address_}}};
      return Refusal(error.code(), "interrupted", detail);
    case absl::StatusCode::kUnimplemented:
      detail = {.reason = "NOT_OFFERED",
                .expected = "a Weft controller of this client's version",
                .found = std::string(error.message()),
                .next_step = "compare `weft version` with `weft node status`",
                .metadata = {{"controller", address_}}};
      return Refusal(error.code(), absl::StrCat("what listens at ", address_, " cannot do this"),
                     detail);
    default:
      return error;
  }
}

}  // namespace weft::cli
