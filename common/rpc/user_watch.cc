#include "common/rpc/user_watch.h"

#include <utility>

#include "common/log/log.h"

namespace weft::rpc {

UserWatch::UserWatch(const std::vector<Controllers::Controller>& controllers, access::Users* users,
                     Clock* clock)
    : users_(users) {
  for (const Controllers::Controller& controller : controllers) {
    followers_.push_back({controller.address, v1::Users::NewStub(controller.channel), nullptr});
  }
  // Only now: the threads look at the list.
  for (size_t i = 0; i < followers_.size(); ++i) {
    followers_[i].stream = std::make_unique<StreamFollower<v1::UserSnapshot>>(
        StreamFollower<v1::UserSnapshot>::Callbacks{
            .open =
                [stub = followers_[i].stub.get()](grpc::ClientContext* context) {
                  return stub->WatchUsers(context, v1::WatchUsersRequest());
                },
            .message = [this, i](const v1::UserSnapshot& pushed) { Take(i, pushed); },
            .ended =
                [this, i](const grpc::Status& status) {
                  WEFT_LOG(
                      kWarning, "lost the users of a controller",
                      {{"controller", followers_[i].address}, {"error", status.error_message()}});
                },
            .refused =
                [this, i](const grpc::Status& status) {
                  WEFT_LOG(
                      kWarning, "a controller tells no users",
                      {{"controller", followers_[i].address}, {"error", status.error_message()}});
                }},
        clock);
  }
}

UserWatch::~UserWatch() = default;

void UserWatch::Take(size_t from, const v1::UserSnapshot& pushed) {
  MutexLock lock(&mutex_);
  const std::shared_ptr<const access::UserSnapshot> last = users_->Get();
  if (last != nullptr && pushed.version() <= last->version) return;
  users_->Set(SnapshotOf(pushed));
  WEFT_LOG(kInfo, "knows the users",
           {{"controller", followers_[from].address},
            {"version", pushed.version()},
            {"users", pushed.users_size()}});
}

std::shared_ptr<const access::UserSnapshot> SnapshotOf(const v1::UserSnapshot& pushed) {
  auto snapshot = std::make_shared<access::UserSnapshot>();
  snapshot->version = pushed.version();
  snapshot->nonce_key = pushed.nonce_key();
  for (const v1::UserSecrets& secrets : pushed.users()) {
    snapshot->users[secrets.id()] = access::User{
        .name = secrets.id(),
        .digest_ha1 = secrets.digest_ha1(),
        .native_hash = secrets.native_hash(),
        .roles = {secrets.roles().begin(), secrets.roles().end()},
    };
  }
  return snapshot;
}

}  // namespace weft::rpc
