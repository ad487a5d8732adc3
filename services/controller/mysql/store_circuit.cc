#include "services/controller/mysql/store_circuit.h"

namespace weft::controller {

absl::Status StoreCircuit::Admit(absl::Duration now) {
  MutexLock lock(&mutex_);
  if (last_.ok()) return absl::OkStatus();
  if (trying_ || now < rests_until_) return last_;
  trying_ = true;
  return absl::OkStatus();
}

void StoreCircuit::Report(const absl::Status& status, absl::Duration now) {
  MutexLock lock(&mutex_);
  last_ = status;
  rests_until_ = now + rest_;
  trying_ = false;
}

}  // namespace weft::controller
