#include "services/controller/user_directory.h"

#include <utility>

#include "common/access/passwords.h"
#include "common/access/roles.h"
#include "common/base/error_details.h"
#include "common/base/random.h"
#include "common/base/status_macros.h"
#include "common/log/log.h"

namespace weft::controller {
namespace {

constexpr size_t kSaltBytes = 16;

bool IsAdmin(const User& user, const rpc::Credentials& admin) {
  return !user.disabled && user.roles.count(std::string(access::kSuperadmin)) > 0 &&
         user.digest_ha1 == access::DigestHa1(admin.user, admin.password) &&
         user.native_hash == access::NativeHash(admin.password) && !user.verifier.empty();
}

}  // namespace

absl::Status UsersNotLoaded(absl::string_view next_step) {
  return ::weft::Refusal(absl::StatusCode::kUnavailable, "USERS_NOT_LOADED",
                         "this controller has not read the users yet", "a state store that answers",
                         "none so far", next_step);
}

void KeepPassword(const std::string& password, const Wires& wires, User* user) {
  const bool none = password.empty();
  if (wires.xmlrpc) user->digest_ha1 = none ? "" : access::DigestHa1(user->name, password);
  if (wires.mysql) user->native_hash = none ? "" : access::NativeHash(password);
  if (wires.grpc) {
    user->verifier = none ? "" : access::MakeVerifier(password, RandomBytes(kSaltBytes));
  }
}

UserDirectory::UserDirectory(Options options, Store* store, Clock* clock,
                             std::function<bool()> leads, std::function<void()> each_round)
    : options_(std::move(options)),
      store_(store),
      clock_(clock),
      leads_(std::move(leads)),
      each_round_(std::move(each_round)) {}

UserDirectory::~UserDirectory() { Stop(); }

void UserDirectory::Start() {
  thread_ = std::thread([this] { Loop(); });
}

void UserDirectory::Stop() {
  {
    MutexLock lock(&mutex_);
    stop_ = true;
    wake_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

UserDirectory::Users UserDirectory::Get() const {
  MutexLock lock(&mutex_);
  return users_;
}

absl::Status UserDirectory::Refresh() {
  {
    MutexLock lock(&refreshing_);
    const Users known = Get();
    WEFT_ASSIGN_OR_RETURN(std::optional<UserSet> found,
                          store_->LoadUsers(known == nullptr ? 0 : known->version));
    if (!found.has_value()) return absl::OkStatus();
    Users users = std::make_shared<const UserSet>(*std::move(found));
    MutexLock publish(&mutex_);
    users_ = std::move(users);
  }
  changed_.CallAll();
  return absl::OkStatus();
}

bool UserDirectory::HasAdmin() const {
  if (options_.admin.empty()) return true;
  const Users known = Get();
  if (known == nullptr) return false;
  const auto found = known->users.find(options_.admin.user);
  return found != known->users.end() && IsAdmin(found->second, options_.admin);
}

void UserDirectory::SeeToAdmin() {
  const Users known = Get();
  if (known == nullptr || HasAdmin() || !leads_()) return;
  const auto found = known->users.find(options_.admin.user);
  const bool exists = found != known->users.end();
  User admin = exists ? found->second : User();
  admin.name = options_.admin.user;
  admin.disabled = false;
  admin.roles.insert(std::string(access::kSuperadmin));
  KeepPassword(options_.admin.password, Wires(), &admin);
  const absl::Status written = exists ? store_->UpdateUser(admin) : store_->CreateUser(admin);
  if (!written.ok()) {
    WEFT_LOG(kWarning, "the admin is not among the users yet", {{"error", written}});
    return;
  }
  WEFT_LOG(kInfo, "the admin is among the users", {{"user", admin.name}});
  Refresh().IgnoreError();
}

void UserDirectory::Loop() {
  bool settled = false;
  while (true) {
    // A store that is down, or not set up yet: what is known stays.
    if (Refresh().ok()) SeeToAdmin();
    each_round_();
    // Whoever sets a Weft up logs in at a gateway at once.
    settled = settled || HasAdmin();
    const absl::Duration rest = settled ? options_.period : options_.period / 10;
    MutexLock lock(&mutex_);
    if (!stop_) clock_->WaitFor(&wake_, &mutex_, rest);
    if (stop_) return;
  }
}

}  // namespace weft::controller
