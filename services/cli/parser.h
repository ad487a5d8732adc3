#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/cli/command.h"
#include "services/cli/options.h"

namespace weft::cli {

// What a command line asks for.
struct Invocation {
  enum class What { kRun, kHelp, kVersion };
  What what = What::kRun;
  // Of kRun, both. Of kHelp: what the help is about, null for all of it.
  const Noun* noun = nullptr;
  const Command* command = nullptr;
  Arguments arguments;
  Options options;
};

// Reads a command line (without the program's name) by the grammar. Options may stand anywhere.
// `defaults` are the options that hold where the line says nothing. INVALID_ARGUMENT (reason USAGE)
// says what was expected and found, with the nearest word for an unknown one. Pure.
absl::StatusOr<Invocation> Parse(const std::vector<std::string>& line, const Nouns& nouns,
                                 const Options& defaults = {});

// Takes one of GlobalOptions() over into `options`. REQUIRES: CheckValue found `value` good.
void ApplyGlobal(const std::string& name, const std::string& value, Options& options);

// The output format of a line that may be wrong elsewhere: how to print the error.
OutputFormat FormatOf(const std::vector<std::string>& line, OutputFormat otherwise);

// The candidate that `word` was probably meant to be; empty when nothing is near.
std::string Nearest(absl::string_view word, const std::vector<std::string>& candidates);

}  // namespace weft::cli
