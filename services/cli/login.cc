#include "services/cli/login.h"

#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"

namespace weft::cli {
namespace {

constexpr char kDefaultUser[] = "admin";

// How the processes of a service are named, and where one is by default.
struct Naming {
  const char* what;
  std::string Options::*option;
  const char* flag;
  const char* variable;
  const char* otherwise;
  std::vector<std::string> sandbox::Layout::*of_sandbox;
};

const Naming& NamingOf(Service service) {
  static constexpr Naming kController = {"controller",      &Options::controller,
                                         "--controller",    "WEFT_CONTROLLER",
                                         "127.0.0.1:32280", &sandbox::Layout::controllers};
  static constexpr Naming kProvisioner = {"provisioner",     &Options::provisioner,
                                          "--provisioner",   "WEFT_PROVISIONER",
                                          "127.0.0.1:32282", &sandbox::Layout::provisioners};
  return service == Service::kController ? kController : kProvisioner;
}

std::string Variable(const Variables& variables, const std::string& name) {
  const auto found = variables.find(name);
  return found == variables.end() ? "" : found->second;
}

std::string FirstOf(const std::string& a, const std::string& b) { return a.empty() ? b : a; }

// The sandbox whose address or login is needed, if one is named and a nearer choice does not make
// it pointless.
absl::StatusOr<std::optional<sandbox::Layout>> FindSandbox(const Options& options,
                                                           const Variables& variables,
                                                           const Naming& naming) {
  const bool named = !options.sandbox.empty();
  if (!named &&
      (!(options.*naming.option).empty() || !Variable(variables, naming.variable).empty())) {
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

bool NamesUser(const Options& options) {
  return !options.user.empty() || !options.password_file.empty();
}

// Who it would be is not for us to guess.
absl::Status CheckOneLogin(const Options& options) {
  if (options.token_file.empty() || !NamesUser(options)) return absl::OkStatus();
  return Refusal(absl::StatusCode::kInvalidArgument, "USAGE", "two logins are given",
                 "--token-file, or --user with --password-file", "both",
                 "leave one of them out: a token says whose it is");
}

absl::StatusOr<rpc::Credentials> ResolveCredentials(const Options& options,
                                                    const Variables& variables, Console* console) {
  WEFT_RETURN_IF_ERROR(CheckOneLogin(options));
  rpc::Credentials credentials;
  const std::string token_file =
      NamesUser(options) ? "" : FirstOf(options.token_file, Variable(variables, "WEFT_TOKEN_FILE"));
  if (!token_file.empty()) {
    WEFT_ASSIGN_OR_RETURN(credentials.token, rpc::ReadSecretFile(token_file));
    return credentials;
  }
  const std::string user = FirstOf(options.user, Variable(variables, "WEFT_USER"));
  credentials.user = FirstOf(user, kDefaultUser);
  if (!options.password_file.empty()) {
    WEFT_ASSIGN_OR_RETURN(credentials.password, rpc::ReadSecretFile(options.password_file));
  } else {
    WEFT_ASSIGN_OR_RETURN(
        credentials.password,
        PasswordFromElsewhere(credentials.user, !user.empty(), variables, console));
  }
  return credentials.password.empty() ? rpc::Credentials() : credentials;
}

// "a:1,b:2" as its parts.
absl::StatusOr<std::vector<std::string>> SplitAddresses(const std::string& text,
                                                        const Naming& naming) {
  std::vector<std::string> addresses;
  for (const absl::string_view part : absl::StrSplit(text, ',', absl::SkipWhitespace())) {
    addresses.emplace_back(absl::StripAsciiWhitespace(part));
  }
  if (!addresses.empty()) return addresses;
  return Refusal(absl::StatusCode::kInvalidArgument, "USAGE",
                 absl::StrCat("no ", naming.what, " is named"),
                 "HOST:PORT, or several with commas between them", absl::StrCat("'", text, "'"),
                 absl::StrCat("name one: ", naming.flag, " ", naming.otherwise));
}

absl::Status CheckRuns(const sandbox::Layout& layout, const Naming& naming) {
  if (!(layout.*naming.of_sandbox).empty()) return absl::OkStatus();
  return Refusal(absl::StatusCode::kFailedPrecondition,
                 absl::StrCat("SANDBOX_WITHOUT_", absl::AsciiStrToUpper(naming.what)),
                 absl::StrCat("the sandbox in ", layout.dir, " runs no ", naming.what),
                 absl::StrCat("a sandbox with a ", naming.what), "none",
                 absl::StrCat("name a ", naming.what, " with ", naming.flag, " HOST:PORT"));
}

absl::StatusOr<std::vector<std::string>> ResolveAddresses(
    const Options& options, const Variables& variables,
    const std::optional<sandbox::Layout>& sandbox, const Naming& naming) {
  const std::string& named = options.*naming.option;
  if (!named.empty()) return SplitAddresses(named, naming);
  if (sandbox.has_value()) {
    WEFT_RETURN_IF_ERROR(CheckRuns(*sandbox, naming));
    return (*sandbox).*naming.of_sandbox;
  }
  return SplitAddresses(FirstOf(Variable(variables, naming.variable), naming.otherwise), naming);
}

// How the sandbox's admin logs in.
absl::StatusOr<rpc::ChannelOptions> AdminOf(const sandbox::Layout& layout) {
  rpc::ChannelOptions login;
  login.credentials.user = layout.admin.user;
  WEFT_ASSIGN_OR_RETURN(login.credentials.password,
                        rpc::ReadSecretFile(layout.admin.password_file));
  return login;
}

std::vector<rpc::ChannelOptions> ForEach(const std::vector<std::string>& addresses,
                                         const rpc::ChannelOptions& login) {
  std::vector<rpc::ChannelOptions> each(addresses.size(), login);
  for (size_t i = 0; i < addresses.size(); ++i) each[i].address = addresses[i];
  return each;
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

absl::StatusOr<std::vector<rpc::ChannelOptions>> LoginOf(const sandbox::Layout& layout) {
  WEFT_RETURN_IF_ERROR(CheckRuns(layout, NamingOf(Service::kController)));
  WEFT_ASSIGN_OR_RETURN(const rpc::ChannelOptions login, AdminOf(layout));
  return ForEach(layout.controllers, login);
}

absl::StatusOr<std::vector<rpc::ChannelOptions>> ResolveLogin(const Options& options,
                                                              const Variables& variables,
                                                              Console* console, Service service) {
  const Naming& naming = NamingOf(service);
  WEFT_ASSIGN_OR_RETURN(const std::optional<sandbox::Layout> sandbox,
                        FindSandbox(options, variables, naming));
  WEFT_ASSIGN_OR_RETURN(const std::vector<std::string> addresses,
                        ResolveAddresses(options, variables, sandbox, naming));
  rpc::ChannelOptions login;
  const bool other_login = NamesUser(options) || !options.token_file.empty();
  if (sandbox.has_value() && !other_login) {
    WEFT_ASSIGN_OR_RETURN(login, AdminOf(*sandbox));
  } else {
    WEFT_ASSIGN_OR_RETURN(login.credentials, ResolveCredentials(options, variables, console));
  }
  login.ca_file = FirstOf(options.tls_ca, Variable(variables, "WEFT_TLS_CA"));
  login.certificate_file = FirstOf(options.tls_cert, Variable(variables, "WEFT_TLS_CERT"));
  login.key_file = FirstOf(options.tls_key, Variable(variables, "WEFT_TLS_KEY"));
  login.tls_server_name = options.tls_server_name;
  login.allow_insecure = options.insecure;
  return ForEach(addresses, login);
}

}  // namespace weft::cli
