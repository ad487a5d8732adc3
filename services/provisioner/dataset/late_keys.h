#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace weft::provisioner {

// A table's definition in two steps: made without the keys that are built faster, sorted, once the
// rows are there.
struct KeysApart {
  std::string create;    // CREATE TABLE
  std::string add_keys;  // "ADD KEY `k` (`k`), ADD KEY ...", in their order; empty: none
};

// By what SHOW CREATE TABLE says. Apart are keys that demand nothing of the rows and that nothing
// demands: no unique, full text or spatial one nor what stands before one of these, none that the
// AUTO_INCREMENT column needs, and none of a table with foreign keys. (Those that foreign keys of
// other tables refer to are the caller's business.) Pure.
KeysApart TakeKeysApart(absl::string_view create_table);

}  // namespace weft::provisioner
