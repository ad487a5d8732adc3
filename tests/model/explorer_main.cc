// Explores the model: see tests/model/run.
//   explorer [--faults K] [--scope NAME] [--seconds S]   explores; exit code 1 where a rule breaks
//   explorer --touched N [--scope NAME]                  which of the guards 1 to N matter there
//   explorer --replay SCOPE < TRACE                      makes the moves, one a line
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "tests/model/explorer.h"

namespace weft::model {
namespace {

bool Report(const Scope& scope) {
  const Outcome outcome = Explore(scope);
  std::cout << scope.name << ": " << outcome.states << " states, " << outcome.moves
            << " moves, depth " << outcome.depth << ", " << outcome.decisions << " looks, "
            << scope.bounds.faults << " faults, " << scope.bounds.requests << " requests, "
            << scope.bounds.transactions << " writes, "
            << (outcome.exhausted ? "exhausted" : "NOT exhausted") << "\n";
  for (const std::string& move : outcome.trace) std::cout << "  " << move << "\n";
  if (!outcome.broken.empty()) std::cout << outcome.broken << "\n";
  std::cout << std::flush;
  return outcome.broken.empty();
}

int ReplayLines(const std::string& name) {
  std::vector<std::string> trace;
  for (std::string line; std::getline(std::cin, line);) {
    if (line.starts_with("  ")) trace.push_back(line.substr(2));
  }
  for (const Scope& scope : Scopes(-1)) {
    if (scope.name != name) continue;
    const Replayed replayed = Replay(scope, trace);
    std::cout << (replayed.broken.empty() ? "holds" : replayed.broken)
              << (replayed.held_at.empty() ? "" : "; ") << replayed.held_at << "\n";
    return replayed.broken.empty() ? 0 : 1;
  }
  std::cerr << "no scope " << name << "\n";
  return 2;
}

int Run(const std::vector<std::string>& words) {
  int faults = -1;
  double seconds = 3600;
  int most = 0;
  std::string only;
  for (size_t i = 0; i + 1 < words.size(); i += 2) {
    if (words[i] == "--replay") return ReplayLines(words[i + 1]);
    if (words[i] == "--touched") most = std::atoi(words[i + 1].c_str());
    if (words[i] == "--faults") faults = std::atoi(words[i + 1].c_str());
    if (words[i] == "--seconds") seconds = std::atof(words[i + 1].c_str());
    if (words[i] == "--scope") only = words[i + 1];
  }
  bool good = true;
  for (Scope scope : Scopes(faults)) {
    scope.seconds = seconds;
    if (!only.empty() && only != scope.name) continue;
    if (most == 0) good = Report(scope) && good;
    for (const int touched : most == 0 ? std::vector<int>() : Touched(scope, most)) {
      std::cout << scope.name << " " << touched << std::endl;
    }
  }
  return good ? 0 : 1;
}

}  // namespace
}  // namespace weft::model

int main(int argc, char** argv) {
  return weft::model::Run(std::vector<std::string>(argv + 1, argv + argc));
}
