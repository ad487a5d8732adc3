#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/mysqld/instance.h"

namespace weft {

// What an Instance keeps about itself in DIR/instance.json. Nothing secret.
class InstanceRecord {
 public:
  static absl::Status Write(const Instance& instance);
  // NOT_FOUND: `dir` holds no record. DATA_LOSS: not one that this version can read.
  static absl::StatusOr<Instance> Read(absl::string_view dir);
};

// Names of an instance's files below its folder.
std::string InstanceRecordPath(absl::string_view dir);
std::string InstanceRunFile(absl::string_view dir, absl::string_view name);

}  // namespace weft
