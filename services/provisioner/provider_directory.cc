#include "services/provisioner/provider_directory.h"

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/model/ids.h"

namespace weft::provisioner {
namespace {

absl::Status KeyRequired(absl::string_view about) {
  return Refusal(
      absl::StatusCode::kFailedPrecondition, "KEY_REQUIRED",
      absl::StrCat("the provisioner has no key to keep the secret of ", about),
      "a key to encrypt secrets with", "none",
      "start every provisioner with --key-file FILE; make it by (umask 077; openssl rand "
      "-hex 32 > FILE)");
}

// As wide as Fabric's wire is, and as groups' names are.
absl::Status CheckId(const std::string& id) {
  if (ValidateGroupId(id).ok()) return absl::OkStatus();
  return Refusal(absl::StatusCode::kInvalidArgument, "BAD_PROVIDER",
                 "that cannot be the name of a provider", "1 to 64 letters, digits, '_', '-', '.'",
                 id, "choose another name");
}

}  // namespace

absl::StatusOr<std::string> ProviderDirectory::CloseSecret(const std::string& secret,
                                                           const std::string& about) const {
  if (secret.empty()) return secret;
  if (seal_ == nullptr) return KeyRequired(about);
  return seal_->Close(secret, about);
}

absl::StatusOr<std::string> ProviderDirectory::OpenSecret(const std::string& sealed,
                                                          const std::string& about) const {
  if (sealed.empty()) return sealed;
  if (seal_ == nullptr) return KeyRequired(about);
  return seal_->Open(sealed, about);
}

absl::StatusOr<ProviderEntry> ProviderDirectory::Register(const Registration& registration,
                                                          const Deadline& deadline) {
  ProviderRecord record = registration.record;
  WEFT_RETURN_IF_ERROR(CheckId(record.id));
  WEFT_ASSIGN_OR_RETURN(const ProviderType* const type, FindProviderType(record.type, types_));
  record.type = std::string(type->name);
  WEFT_ASSIGN_OR_RETURN(const auto provider, type->make(record, surroundings_));
  if (registration.check) WEFT_RETURN_IF_ERROR(provider->Check(deadline));
  ProviderEntry entry;
  entry.record = record;
  WEFT_ASSIGN_OR_RETURN(entry.record.password, CloseSecret(record.password, record.id));
  entry.created = surroundings_.clock->Now();
  if (!registration.validate_only) {
    WEFT_RETURN_IF_ERROR(inventory_->AddProvider(entry));
  } else if (inventory_->GetProvider(record.id).ok()) {
    return inventory_->AddProvider(entry);  // which refuses it
  }
  return entry;
}

absl::StatusOr<std::vector<ProviderEntry>> ProviderDirectory::List(const std::string& id) {
  if (id.empty()) return inventory_->ListProviders();
  WEFT_ASSIGN_OR_RETURN(ProviderEntry entry, inventory_->GetProvider(id));
  return std::vector<ProviderEntry>{std::move(entry)};
}

absl::StatusOr<std::shared_ptr<Provider>> ProviderDirectory::Open(const std::string& id) {
  WEFT_ASSIGN_OR_RETURN(const ProviderEntry entry, inventory_->GetProvider(id));
  MutexLock lock(&mutex_);
  const auto known = opened_.find(id);
  if (known != opened_.end() && known->second.record == entry.record) {
    return known->second.provider;
  }
  ProviderRecord record = entry.record;
  WEFT_ASSIGN_OR_RETURN(record.password, OpenSecret(record.password, record.id));
  WEFT_ASSIGN_OR_RETURN(const ProviderType* const type, FindProviderType(record.type, types_));
  WEFT_ASSIGN_OR_RETURN(std::unique_ptr<Provider> made, type->make(record, surroundings_));
  std::shared_ptr<Provider> provider = std::move(made);
  opened_[id] = {entry.record, provider};
  return provider;
}

absl::StatusOr<ProviderEntry> ProviderDirectory::Check(const std::string& id,
                                                       const Deadline& deadline) {
  WEFT_ASSIGN_OR_RETURN(ProviderEntry entry, inventory_->GetProvider(id));
  WEFT_ASSIGN_OR_RETURN(const std::shared_ptr<Provider> provider, Open(id));
  WEFT_RETURN_IF_ERROR(provider->Check(deadline));
  return entry;
}

}  // namespace weft::provisioner
