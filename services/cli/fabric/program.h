#pragma once
// `mysqlfabric`: the command line of MySQL Fabric, spoken to Weft.
#include <string>
#include <vector>

#include "common/base/interrupt.h"
#include "services/cli/fabric/person.h"

namespace weft::cli::mysqlfabric {

// The name by which the program must be called.
inline constexpr char kProgramName[] = "mysqlfabric";

struct Surroundings {
  Person* person = nullptr;
  Interrupt* interrupt = nullptr;
  // Its absolute path: where fabric.cfg is looked for, and Weft's other programs.
  std::string path;
};

// One command line without the program's name. Returns the exit code: 0 success, 1 an error of
// Fabric's, of the connection or of the configuration, 2 a command line that is wrong or asks for
// help, 130 interrupted.
int Run(const Surroundings& surroundings, const std::vector<std::string>& words);

}  // namespace weft::cli::mysqlfabric
