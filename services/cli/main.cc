// The admin client of Weft, and by the name `mysqlfabric` the command line of MySQL Fabric. Only
// this file reads the process's arguments, environment and locale.
#include <langinfo.h>

#include <clocale>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <string>
#include <system_error>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/base/clock.h"
#include "common/base/interrupt.h"
#include "common/log/log.h"
#include "services/cli/application.h"
#include "services/cli/fabric/manage.h"
#include "services/cli/fabric/person.h"
#include "services/cli/fabric/program.h"
#include "services/cli/nouns/nouns.h"
#include "services/cli/terminal.h"

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX leaves it to programs

namespace weft::cli {
namespace {

Variables ReadEnvironment() {
  Variables variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const char* equals = strchr(*entry, '=');
    if (equals != nullptr) variables[std::string(*entry, equals - *entry)] = equals + 1;
  }
  return variables;
}

absl::StatusOr<std::string> ReadLine() {
  std::string line;
  if (std::getline(std::cin, line)) return line;
  return absl::CancelledError("the input ended before an answer was given");
}

std::string ExecutablePath() {
  std::error_code code;
  return std::filesystem::read_symlink("/proc/self/exe", code).string();
}

bool IsCalled(const char* program, const char* name) {
  const char* const slash = strrchr(program, '/');
  return strcmp(slash == nullptr ? program : slash + 1, name) == 0;
}

int RunFabric(const std::vector<std::string>& words, Terminal* terminal, Interrupt* interrupt) {
  mysqlfabric::Person person(terminal, ReadLine);
  const std::string path = ExecutablePath();
  if (words.size() == 2 && words[0] == mysqlfabric::kRunPlan) {
    return mysqlfabric::RunPlannedNode(
        words[1], {.person = &person, .interrupt = interrupt, .program = path});
  }
  return mysqlfabric::Run({.person = &person, .interrupt = interrupt, .path = path}, words);
}

int Main(int argc, char** argv) {
  // Libraries' own chatter is not for the terminal of an operator.
  log::Initialize({.level = log::Level::kError});
  // No other thread runs yet.
  setenv("GRPC_VERBOSITY", "NONE", 0);  // NOLINT(concurrency-mt-unsafe)
  setlocale(LC_ALL, "");                // NOLINT(concurrency-mt-unsafe)
  // NOLINTNEXTLINE(concurrency-mt-unsafe)
  const bool unicode = absl::string_view(nl_langinfo(CODESET)) == "UTF-8";
  // They live as long as the process: a thread handles signals until the end.
  auto* const interrupt = new Interrupt;
  Interrupt::Install(interrupt);
  auto* const terminal = new Terminal(interrupt);
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (IsCalled(argv[0], mysqlfabric::kProgramName) ||
      (!words.empty() && words[0] == mysqlfabric::kRunPlan)) {
    return RunFabric(words, terminal, interrupt);
  }
  const Nouns nouns = AllNouns();
  Surroundings surroundings;
  surroundings.console = terminal;
  surroundings.interrupt = interrupt;
  surroundings.clock = RealClock::Get();
  surroundings.variables = ReadEnvironment();
  surroundings.unicode = unicode;
  surroundings.nouns = &nouns;
  return Application(std::move(surroundings)).Run(words);
}

}  // namespace
}  // namespace weft::cli

int main(int argc, char** argv) { return weft::cli::Main(argc, argv); }
