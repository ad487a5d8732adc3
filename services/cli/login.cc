#include "services/cli/login.h"

#include <fstream>
#include <sstream>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"

namespace weft::cli {
namespace {

constexpr char kDefaultController[] = "127.0.0.1:32280";
constexpr char kDefaultUser[] = "admin";

std::string Variable(const Variables& variables, const std::string& name) {
  const auto found = variables.find(name);
  return found == variables.end() ? "" : found->second;
}

std::string FirstOf(const std::string& a, const std::string& b) { return a.empty() ? b : a; }

// The sandbox whose address or login is needed, if one is named and a nearer choice does not make
// it pointless.
absl::StatusOr<std::optional<sandbox::Layout>> FindSandbox(const Options& options,
                                                           const Variables& variables) {
  const bool named = !options.sandbox.empty();
  if (!named && (!options.controller.empty() || !Variable(variables, "WEFT_CONTROLLER").empty())) {
    return std::optional<sandbox::Layout>();
  }
  const std::string folder = SandboxFolder(options, variables);
  if (folder.empty()) return std::optional<sandbox::Layout>();
  WEFT_ASSIGN_OR_RETURN(sandbox::Layout layout, ReadSandbox(folder));
  return std::optional<sandbox::Layout>(std::move(layout));
}

absl::StatusOr<std::string> PasswordFromElsewhere(const std::string& user, bool user_named,
                                                  const Variables& variables, Console* console) {
  const std::string file = Variable(variables, "WEFT_PASSWORD_FILE");
  if (!file.empty()) return rpc::ReadSecretFile(file);
  const std::string password = Variable(variables, "WEFT_PASSWORD");
  if (!password.empty() || !user_named) return password;
  if (console->can_ask()) return console->AskSecret(absl::StrCat("Password of ", user, ": "));
  return Refusal(absl::StatusCode::kUnauthenticated, "PASSWORD_MISSING",
                 absl::StrCat("no password for user ", user),
                 "--password-file FILE, WEFT_PASSWORD_FILE or WEFT_PASSWORD",
                 "none of them, and no terminal to ask on",
                 "put the password into a file that only you may read, and name it");
}

}  // namespace

std::string SandboxFolder(const Options& options, const Variables& variables) {
  return FirstOf(options.sandbox, Variable(variables, "WEFT_SANDBOX"));
}

absl::StatusOr<sandbox::Layout> ReadSandbox(const std::string& dir) {
  const std::string path = absl::StrCat(dir, "/sandbox.json");
  std::ifstream file(path);
  if (!file) {
    return Refusal(absl::StatusCode::kNotFound, "NO_SANDBOX",
                   absl::StrCat("there is no sandbox in ", dir), absl::StrCat("a file ", path),
                   "none that can be read", absl::StrCat("weft sandbox up --dir ", dir));
  }
  std::ostringstream text;
  text << file.rdbuf();
  absl::StatusOr<sandbox::Layout> layout = sandbox::FromJson(text.str());
  if (!layout.ok()) return Annotate(layout.status(), path);
  return layout;
}

absl::StatusOr<rpc::ChannelOptions> LoginOf(const sandbox::Layout& layout) {
  if (!layout.controller.has_value()) {
    return Refusal(absl::StatusCode::kFailedPrecondition, "SANDBOX_WITHOUT_CONTROLLER",
                   absl::StrCat("the sandbox in ", layout.dir, " runs no controller"),
                   "a sandbox with Weft's processes", "MySQL servers alone",
                   "name a controller with --controller HOST:PORT");
  }
  rpc::ChannelOptions login;
  login.address = *layout.controller;
  login.credentials.user = layout.admin.user;
  WEFT_ASSIGN_OR_RETURN(login.credentials.password,
                        rpc::ReadSecretFile(layout.admin.password_file));
  return login;
}

absl::StatusOr<rpc::ChannelOptions> ResolveLogin(const Options& options, const Variables& variables,
                                                 Console* console) {
  WEFT_ASSIGN_OR_RETURN(const std::optional<sandbox::Layout> sandbox,
                        FindSandbox(options, variables));
  rpc::ChannelOptions login;
  const bool other_login = !options.user.empty() || !options.password_file.empty();
  if (sandbox.has_value() && !other_login) {
    if (options.controller.empty()) {
      WEFT_ASSIGN_OR_RETURN(login, LoginOf(*sandbox));
    } else {
      sandbox::Layout elsewhere = *sandbox;
      elsewhere.controller = options.controller;
      WEFT_ASSIGN_OR_RETURN(login, LoginOf(elsewhere));
    }
  } else {
    login.address = options.controller;
    if (login.address.empty() && sandbox.has_value()) {
      login.address = sandbox->controller.value_or("");
    }
    if (login.address.empty()) login.address = Variable(variables, "WEFT_CONTROLLER");
    if (login.address.empty()) login.address = kDefaultController;

    const std::string user = FirstOf(options.user, Variable(variables, "WEFT_USER"));
    login.credentials.user = FirstOf(user, kDefaultUser);
    if (!options.password_file.empty()) {
      WEFT_ASSIGN_OR_RETURN(login.credentials.password, rpc::ReadSecretFile(options.password_file));
    } else {
      WEFT_ASSIGN_OR_RETURN(
          login.credentials.password,
          PasswordFromElsewhere(login.credentials.user, !user.empty(), variables, console));
    }
    if (login.credentials.password.empty()) login.credentials = {};
  }
  login.ca_file = FirstOf(options.tls_ca, Variable(variables, "WEFT_TLS_CA"));
  login.certificate_file = FirstOf(options.tls_cert, Variable(variables, "WEFT_TLS_CERT"));
  login.key_file = FirstOf(options.tls_key, Variable(variables, "WEFT_TLS_KEY"));
  login.tls_server_name = options.tls_server_name;
  login.allow_insecure = options.insecure;
  return login;
}

}  // namespace weft::cli
