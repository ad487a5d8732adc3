#pragma once

#include <string>
#include <vector>

#include "services/cli/context.h"
#include "services/cli/parser.h"

namespace weft::cli {

// The client: reads command lines, runs them, prints answers and errors. Data go to stdout, all
// else to stderr; with -o json or yaml an error is also data: one object {"error": ...}.
// Not thread-safe.
class Application {
 public:
  // `surroundings.run_line` is set here.
  explicit Application(Surroundings surroundings);

  // One command line without the program's name. Returns the exit code.
  int Run(const std::vector<std::string>& line, const Options& defaults = {});

 private:
  int RunCommand(const Invocation& invocation);
  // Once, or again and again with --watch.
  int RunOnce(const Invocation& invocation);
  int Watch(const Invocation& invocation);
  int Help(const Invocation& invocation);
  int CompleteWords(const std::vector<std::string>& line);
  // Prints an error and returns its exit code.
  int Fail(const absl::Status& status, OutputFormat format);
  absl::Status Print(const Answer& answer, OutputFormat format);

  Surroundings surroundings_;
  Connector connector_;
};

}  // namespace weft::cli
