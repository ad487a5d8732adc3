#include "services/cli/fabric/program.h"

#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/mysqld/files.h"
#include "common/version/version.h"
#include "services/cli/client.h"
#include "services/cli/exit_code.h"
#include "services/cli/fabric/config.h"
#include "services/cli/fabric/grammar.h"
#include "services/cli/fabric/help.h"
#include "services/cli/fabric/manage.h"
#include "services/cli/fabric/option_rules.h"
#include "services/cli/fabric/settings.h"
#include "services/cli/fabric/tables.h"
#include "services/cli/fabric/transport.h"
#include "services/cli/fabric/users.h"

namespace weft::cli::mysqlfabric {
namespace {

class Program {
 public:
  explicit Program(const Surroundings& surroundings) : surroundings_(surroundings) {}

  int Run(const std::vector<std::string>& words) {
    const absl::StatusOr<Line> line = ParseLine(words, kProgramName);
    if (!line.ok()) {
      console()->Err(line.status().message());
      return kExitUsage;
    }
    switch (line->verb) {
      case Line::Verb::kVersion:
        return Print(VersionText(kProgramName, Version()), kExitOk);
      case Line::Verb::kUsage:
        return Print(UsageText(kProgramName, Version()),
                     line->asked_for_usage ? kExitOk : kExitUsage);
      case Line::Verb::kHelp:
        // 2, as the original: nothing was carried out.
        return Print(HelpText(line->words, kProgramName, Version()), kExitUsage);
      case Line::Verb::kExplain:
        return Print(CommandHelp(*line->command), kExitOk);
      case Line::Verb::kRun:
        break;
    }
    return RunCommand(*line);
  }

 private:
  Console* console() const { return surroundings_.person->console(); }

  int Print(absl::string_view text, int exit_code) {
    const absl::Status written = console()->Out(text);
    return written.ok() ? exit_code : Fail(written);
  }

  int Fail(const absl::Status& status) {
    if (absl::IsCancelled(status) && surroundings_.interrupt->raised()) return kExitInterrupted;
    // What stands for itself: the original's words to those who are not let in.
    if (absl::IsPermissionDenied(status)) return Tell(status);
    console()->Err(absl::StrCat(kProgramName, ": error: ", DescribeError(status), "\n"));
    return kExitFailed;
  }

  int Tell(const absl::Status& status) {
    if (GetErrorDetail(status).has_value()) {
      console()->Err(absl::StrCat(DescribeError(status), "\n"));
    } else {
      console()->Err(absl::StrCat(status.message(), "\n"));
    }
    return kExitFailed;
  }

  void Warn(absl::string_view text) {
    console()->Err(absl::StrCat(kProgramName, ": warning: ", text, "\n"));
  }

  int RunCommand(const Line& line) {
    absl::StatusOr<Config> config = LoadConfig(line);
    if (!config.ok()) return Fail(config.status());
    for (const std::string& parameter : line.globals.parameters) {
      const absl::Status overridden = config->Override(parameter);
      if (!overridden.ok()) {
        Fail(overridden);
        return kExitUsage;
      }
      WarnOfSecret(parameter);
    }
    const bool local = line.command->kind == fabric::CommandKind::kLocal;
    const bool node = local && line.command->group == "manage";
    for (const std::string& useless : UselessOptions(*config, node)) Warn(useless);
    const absl::StatusOr<Settings> settings = ReadSettings(*config, folder_);
    if (!settings.ok()) return Fail(settings.status());
    if (!local) return CallRemote(line, *settings);
    if (!node) return RunUsers(line, *settings);
    const absl::Status managed = RunManage(line, *settings,
                                           {.person = surroundings_.person,
                                            .interrupt = surroundings_.interrupt,
                                            .program = surroundings_.path});
    return managed.ok() ? kExitOk : Fail(managed);
  }

  // A file that --config names must be there.
  absl::StatusOr<Config> LoadConfig(const Line& line) {
    const bool given = !line.globals.config.empty();
    const std::string path =
        AbsolutePath(given ? line.globals.config : DefaultConfigPath(surroundings_.path));
    folder_ = path.substr(0, path.rfind('/'));
    absl::StatusOr<Config> config = ReadConfig(path);
    if (!given && absl::IsNotFound(config.status())) return Config();
    return config;
  }

  void WarnOfSecret(absl::string_view parameter) {
    const std::string name(parameter.substr(0, parameter.find('=')));
    if (!absl::EndsWithIgnoreCase(name, "password") || name.size() + 1 >= parameter.size()) return;
    Warn(absl::StrCat("--param=", name,
                      "=... shows the password to everybody on this machine; put it into the "
                      "configuration file"));
  }

  // Whom to log in as; nullopt: nobody asks.
  absl::StatusOr<std::optional<Account>> Login(const Line& line, const Settings& settings) {
    if (!settings.xmlrpc.authenticates) return std::nullopt;
    Account account = settings.xmlrpc.account;
    if (line.user.has_value()) account = {*line.user, ""};
    if (account.password.empty()) {
      WEFT_ASSIGN_OR_RETURN(account.password, surroundings_.person->AskSecret(absl::StrCat(
                                                  "Password for ", account.user, ": ")));
    }
    return account;
  }

  int CallRemote(const Line& line, const Settings& settings) {
    const absl::StatusOr<std::optional<Account>> account = Login(line, settings);
    if (!account.ok()) return Fail(account.status());
    const Endpoint endpoint = {settings.xmlrpc.address, settings.xmlrpc.ssl_ca,
                               settings.verify_host};
    const absl::StatusOr<Result> result =
        CallNode(endpoint, *account,
                 {.method = line.command->method(), .arguments = line.arguments, .named = {}},
                 surroundings_.interrupt);
    if (!result.ok()) return Fail(result.status());
    const std::string text =
        line.globals.output == Output::kJson ? RenderJson(*result) : RenderTables(*result);
    return Print(text, result->answer.error.empty() ? kExitOk : kExitFailed);
  }

  int RunUsers(const Line& line, const Settings& settings) {
    const absl::StatusOr<std::optional<Account>> account = Login(line, settings);
    if (!account.ok()) return Fail(account.status());
    const absl::StatusOr<std::unique_ptr<Client>> client =
        ConnectControllers(settings.controllers, *account, surroundings_.interrupt);
    if (!client.ok()) return Fail(client.status());
    const absl::Status done = RunUserCommand(line, client->get(), surroundings_.person);
    if (done.ok()) return kExitOk;
    return surroundings_.interrupt->raised() ? Fail(done) : Tell(done);
  }

  const Surroundings& surroundings_;
  std::string folder_;
};

}  // namespace

int Run(const Surroundings& surroundings, const std::vector<std::string>& words) {
  return Program(surroundings).Run(words);
}

}  // namespace weft::cli::mysqlfabric
