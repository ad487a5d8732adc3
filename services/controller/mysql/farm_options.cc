#include "services/controller/mysql/farm_options.h"

namespace weft::controller {

const Login& FarmOptions::Of(Duty duty) const {
  switch (duty) {
    case Duty::kReplicate:
      return replicate;
    case Duty::kBackup:
      return backup;
    case Duty::kRestore:
      return restore;
    case Duty::kManage:
    case Duty::kMonitor:  // the monitor's own business: the controller never logs in as it
      break;
  }
  return manage;
}

}  // namespace weft::controller
