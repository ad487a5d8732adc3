#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "common/base/mutex.h"
#include "services/provisioner/providers/registry.h"

namespace weft::provisioner {

// A provider in memory, of type "cloud", whose machines listen at cloud:4001, cloud:4002, ... One
// at a time in a process. Thread-safe.
class FakeCloud {
 public:
  FakeCloud();
  ~FakeCloud();
  static const std::vector<ProviderType>& Types();

  // uuids of what stands.
  std::vector<std::string> Machines() const;
  // What was asked for, the first time for each machine.
  std::vector<MachineOrder> Orders() const;
  // No more than this many at once.
  void SetRoom(size_t room);
  void FailDestroy(const absl::Status& error);
  void FailCreate(const absl::Status& error);

 private:
  class Access;
  static FakeCloud* cloud;

  mutable Mutex mutex_;
  std::vector<MachineOrder> orders_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, int> ports_ ABSL_GUARDED_BY(mutex_);  // by uuid
  int made_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t room_ ABSL_GUARDED_BY(mutex_) = 100;
  absl::Status create_ ABSL_GUARDED_BY(mutex_);
  absl::Status destroy_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace weft::provisioner
