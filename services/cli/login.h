#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/rpc/channel.h"
#include "services/cli/console.h"
#include "services/cli/options.h"
#include "services/cli/sandbox/layout.h"

namespace weft::cli {

// Whom commands ask.
enum class Service { kController, kProvisioner };

// Where the processes of a service are and how to log in, the same at each. What is nearer wins:
//   address   --controller, --sandbox, WEFT_CONTROLLER, WEFT_SANDBOX, 127.0.0.1:32280; of
//             provisioners --provisioner, --sandbox, WEFT_PROVISIONER, WEFT_SANDBOX,
//             127.0.0.1:32282
//   user      --user, the sandbox's, WEFT_USER, "admin"
//   password  --password-file, the sandbox's, WEFT_PASSWORD_FILE, WEFT_PASSWORD; asked for on a
//             terminal when a user was named; none: no login is sent
//   token     in place of user and password: --token-file; WEFT_TOKEN_FILE unless one of the above
//             options or a sandbox says who logs in
//   TLS       --tls-ca and its kin, WEFT_TLS_CA, WEFT_TLS_CERT, WEFT_TLS_KEY
// Several of one Weft are named with commas between them; a sandbox names all it runs.
// --user without a password does not take another one's password from the sandbox. Never empty.
// INVALID_ARGUMENT: commas and no address, or a token beside a user. NOT_FOUND: no such sandbox.
// UNAUTHENTICATED: a user was named, and there is no password and nobody to ask.
absl::StatusOr<std::vector<rpc::ChannelOptions>> ResolveLogin(
    const Options& options, const Variables& variables, Console* console,
    Service service = Service::kController);

// The folder that --sandbox or else WEFT_SANDBOX names; empty: none.
std::string SandboxFolder(const Options& options, const Variables& variables);

// The record of a sandbox: DIR/sandbox.json. NOT_FOUND: `dir` holds none.
absl::StatusOr<sandbox::Layout> ReadSandbox(const std::string& dir);

// The login of a sandbox's admin. FAILED_PRECONDITION: it runs no controller.
absl::StatusOr<std::vector<rpc::ChannelOptions>> LoginOf(const sandbox::Layout& layout);

}  // namespace weft::cli
