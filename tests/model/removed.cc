#include "tests/model/removed.h"

#include <cstdlib>

namespace {

int FromEnvironment() {
  const char* const text = std::getenv("WEFT_MUTATION_REMOVED");
  return text == nullptr ? 0 : std::atoi(text);
}

}  // namespace

int weft_removed = FromEnvironment();
