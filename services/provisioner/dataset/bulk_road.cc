#include "services/provisioner/dataset/bulk_road.h"

#include <utility>

#include "common/base/status_macros.h"
#include "services/provisioner/dataset/server_facts.h"

namespace weft::provisioner {

absl::StatusOr<BulkRoad> BulkRoad::Find(mysql::Session& session, mysql::ConnectOptions options) {
  WEFT_ASSIGN_OR_RETURN(const Home home, HomeOf(session));
  BulkRoad road;
  road.options_ = std::move(options);
  if (home.socket.empty()) return road;
  road.near_ = road.options_;
  road.near_->unix_socket = home.socket;
  road.near_->tls = mysql::TlsMode::kDisabled;
  return road;
}

absl::StatusOr<std::unique_ptr<mysql::BulkSession>> BulkRoad::Open() const {
  if (near_.has_value()) {
    auto opened = mysql::BulkSession::Open(*near_);
    if (opened.ok()) return opened;
  }
  return mysql::BulkSession::Open(options_);
}

}  // namespace weft::provisioner
