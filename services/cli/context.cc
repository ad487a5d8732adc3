#include "services/cli/context.h"

#include <algorithm>

#include "common/base/error_details.h"
#include "common/base/random.h"
#include "common/base/status_macros.h"

namespace weft::cli {
namespace {

constexpr absl::Duration kCallTimeout = absl::Seconds(30);

// Only what decides where to connect and as whom.
Options LoginOptions(const Options& options) {
  Options login = options;
  login.output = OutputFormat::kTable;
  login.no_color = false;
  login.timeout.reset();
  return login;
}

}  // namespace

absl::StatusOr<Client*> Connector::Get(const Options& options, Service service) {
  if (!(LoginOptions(options) == options_)) clients_.clear();
  std::unique_ptr<Client>& client = clients_[service];
  if (client == nullptr) {
    WEFT_ASSIGN_OR_RETURN(
        const std::vector<rpc::ChannelOptions> processes,
        ResolveLogin(options, surroundings_->variables, surroundings_->console, service));
    WEFT_ASSIGN_OR_RETURN(client, Client::Create(processes, surroundings_->interrupt, service));
    options_ = LoginOptions(options);
  }
  return client.get();
}

Context::Context(const Surroundings& surroundings, Connector* connector, const Arguments& arguments,
                 const Options& options)
    : surroundings_(surroundings),
      connector_(connector),
      arguments_(arguments),
      options_(options),
      deadline_(options.timeout.has_value() ? Deadline::After(surroundings.clock, *options.timeout)
                                            : Deadline()),
      request_id_(arguments.Has("request-id") ? arguments.Text("request-id") : RandomUuid()) {}

Style Context::style() const {
  const Variables& variables = surroundings_.variables;
  const auto no_color = variables.find("NO_COLOR");
  const auto term = variables.find("TERM");
  const bool wanted = !options_.no_color &&
                      (no_color == variables.end() || no_color->second.empty()) &&
                      (term == variables.end() || term->second != "dumb");
  return {.color = wanted && console().out_is_terminal(), .unicode = surroundings_.unicode};
}

absl::Duration Context::CallTimeout() const { return std::min(kCallTimeout, Remaining()); }

absl::Status Context::Confirm(absl::string_view question) {
  if (arguments_.Has("yes")) return absl::OkStatus();
  if (!console().can_ask()) {
    return Refusal(absl::StatusCode::kFailedPrecondition, "CONFIRMATION_MISSING",
                   "this needs a yes, and there is no terminal to ask on", "--yes", "no --yes",
                   "look at what --dry-run shows where the command has it, then add --yes");
  }
  WEFT_ASSIGN_OR_RETURN(const bool yes, console().Confirm(question));
  if (!yes) return absl::CancelledError("nothing was changed: the answer was not yes");
  return absl::OkStatus();
}

}  // namespace weft::cli
