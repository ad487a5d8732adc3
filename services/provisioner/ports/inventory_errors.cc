#include "services/provisioner/ports/inventory_errors.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"

namespace weft::provisioner {

absl::Status UnknownProvider(absl::string_view id) {
  return Refusal(absl::StatusCode::kNotFound, "UNKNOWN_PROVIDER",
                 absl::StrCat("there is no provider ", id), "a registered provider", id,
                 "look at them: weft provider list; or register it: weft provider register");
}

absl::Status UnknownMachine(absl::string_view uuid) {
  return Refusal(absl::StatusCode::kNotFound, "UNKNOWN_MACHINE",
                 absl::StrCat("there is no machine ", uuid), "a listed machine", uuid,
                 "look at them: weft machine list; what a provider has beyond them: weft machine "
                 "list --provider ID --live");
}

absl::Status UnknownSnapshot(absl::string_view name) {
  return Refusal(absl::StatusCode::kNotFound, "UNKNOWN_SNAPSHOT",
                 absl::StrCat("there is no snapshot ", name), "a listed snapshot", name,
                 "look at them: weft snapshot list");
}

absl::Status UnknownOperation(absl::string_view id) {
  return Refusal(absl::StatusCode::kNotFound, "UNKNOWN_OPERATION",
                 absl::StrCat("there is no operation ", id), "an operation that is kept", id,
                 "look at them: weft operation list");
}

absl::Status ProviderExists(absl::string_view id) {
  return Refusal(absl::StatusCode::kAlreadyExists, "PROVIDER_EXISTS",
                 absl::StrCat("there is a provider ", id, " already"), "a name that none has", id,
                 "give it another name, or unregister that one first");
}

absl::Status RequestKnown(absl::string_view request_id) {
  return Refusal(absl::StatusCode::kAlreadyExists, "REQUEST_KNOWN",
                 absl::StrCat("an earlier operation has the request id ", request_id));
}

absl::Status ProviderInUse(absl::string_view id) {
  return Refusal(absl::StatusCode::kFailedPrecondition, "PROVIDER_IN_USE",
                 absl::StrCat("machines or snapshots of provider ", id, " are listed"),
                 "a provider without any", "at least one",
                 absl::StrCat("destroy them first: weft machine list --provider ", id,
                              "; weft snapshot list --provider ", id));
}

absl::Status ClaimMoved(absl::string_view id) {
  return Refusal(absl::StatusCode::kAborted, "CLAIM_MOVED",
                 absl::StrCat("another provisioner works on operation ", id, ", or it has ended"));
}

bool IsStoreAway(const absl::Status& status) {
  const std::string reason = ErrorReason(status);
  return absl::IsUnavailable(status) &&
         (reason == kStoreUnavailableReason || reason == kStoreHasNoPrimaryReason);
}

}  // namespace weft::provisioner
