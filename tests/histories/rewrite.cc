// Plays every history and writes down how it goes now: bazel run //tests/histories:rewrite
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>

#include "tests/histories/history.h"

int main() {
  const char* workspace = std::getenv("BUILD_WORKSPACE_DIRECTORY");  // set by `bazel run`
  const std::string folder =
      std::string(workspace == nullptr ? "." : workspace) + "/tests/histories";
  int changed = 0;
  for (const std::string& path : weft::histories::FilesOf(folder)) {
    const auto history = weft::histories::Read(path);
    if (!history.ok()) {
      std::cerr << history.status() << "\n";
      return 1;
    }
    const auto played = weft::histories::Play(history->script);
    if (!played.ok()) {
      std::cerr << path << ": " << played.status() << "\n";
      return 1;
    }
    if (*played == history->expected) continue;
    std::ofstream(path) << history->script << *played;
    std::cout << "rewritten: " << path << "\n";
    ++changed;
  }
  std::cout << changed << " changed; review them with git diff\n";
  return 0;
}
