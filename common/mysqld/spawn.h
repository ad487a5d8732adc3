#pragma once

#include "common/mysqld/child.h"
#include "common/mysqld/process.h"

namespace weft {

// What the child that runs the program of `options` needs. They outlive it.
inline ChildPlan PlanOf(const SpawnOptions& options, int input, int output, int report) {
  return {.argv = Pointers(options.argv),
          .environment = Pointers(options.environment),
          .working_dir = options.working_dir.c_str(),
          .input = input,
          .output = output,
          .report = report,
          .largest_file = options.largest_file};
}

}  // namespace weft
