// The admin client of Weft. Only this file reads the process's arguments, environment and locale.
#include <langinfo.h>

#include <clocale>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/base/clock.h"
#include "common/base/interrupt.h"
#include "common/log/log.h"
#include "services/cli/application.h"
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
  const Nouns nouns = AllNouns();
  Surroundings surroundings;
  surroundings.console = terminal;
  surroundings.interrupt = interrupt;
  surroundings.clock = RealClock::Get();
  surroundings.variables = ReadEnvironment();
  surroundings.unicode = unicode;
  surroundings.nouns = &nouns;
  return Application(std::move(surroundings)).Run(std::vector<std::string>(argv + 1, argv + argc));
}

}  // namespace
}  // namespace weft::cli

int main(int argc, char** argv) { return weft::cli::Main(argc, argv); }
