#pragma once

// The number of the guard that is removed from the core; 0: none. Looked at by the core as
// tests/model/run compiles it (tests/mutation/mutate.py makes guards removable); the core that
// Bazel compiles has all of them. Begins as WEFT_MUTATION_REMOVED says.
extern int weft_removed;
