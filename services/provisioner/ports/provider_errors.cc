#include "services/provisioner/ports/provider_errors.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"

namespace weft::provisioner {
namespace {

constexpr size_t kQuotedBytes = 200;
constexpr char kAsked[] = "asked";

std::string Quoted(absl::string_view answer) {
  if (answer.empty()) return "an empty answer";
  std::string text(answer.substr(0, kQuotedBytes));
  for (char& c : text) {
    if (!absl::ascii_isprint(c)) c = '?';
  }
  return absl::StrCat("'", text, answer.size() > kQuotedBytes ? "...'" : "'");
}

absl::Status Unknown(absl::string_view reason, absl::string_view who, absl::string_view noun,
                     absl::string_view what, absl::string_view next_step) {
  return Refusal(absl::StatusCode::kNotFound, reason,
                 absl::StrCat(who, " has no ", noun, " '", what, "'"),
                 absl::StrCat("one of the ", noun, "s that it has"), what, next_step);
}

}  // namespace

absl::Status ProviderUnreachable(absl::string_view who, absl::string_view why) {
  return Refusal(absl::StatusCode::kUnavailable, "PROVIDER_UNREACHABLE",
                 absl::StrCat("cannot reach ", who, ": ", why), "a provider that answers", why,
                 "Check the provider's url and that it runs; weft provider list shows the url.");
}

absl::Status ProviderNeverAsked(absl::string_view who, absl::string_view why) {
  absl::Status status = ProviderUnreachable(who, why);
  AddErrorMetadata(status, kAsked, "no");
  return status;
}

bool MayYetBeDone(const absl::Status& status) {
  if (!absl::IsUnavailable(status) && !absl::IsDeadlineExceeded(status)) return false;
  const std::optional<ErrorDetail> detail = GetErrorDetail(status);
  return !detail.has_value() || detail->metadata.count(kAsked) == 0;
}

absl::Status ProviderTooSlow(absl::string_view who, absl::string_view waited_for) {
  return Refusal(absl::StatusCode::kDeadlineExceeded, "PROVIDER_TOO_SLOW",
                 absl::StrCat(who, " did not end in time: ", waited_for), "an answer in time",
                 "none yet", "Give it more time, or look at the provider's own log.");
}

absl::Status ProviderCancelled(absl::string_view who, absl::string_view what) {
  return Refusal(absl::StatusCode::kCancelled, "CANCELLED",
                 absl::StrCat(who, " was asked to end ", what, " before it was whole"));
}

absl::Status ProviderWorkMoved(absl::string_view who, absl::string_view what) {
  return Refusal(absl::StatusCode::kAborted, "WORK_MOVED",
                 absl::StrCat(who, " was left at work on ", what, ", which another waits for"));
}

absl::Status ProviderRefusesCredentials(absl::string_view who, absl::string_view why) {
  return Refusal(absl::StatusCode::kUnauthenticated, "PROVIDER_REFUSES_CREDENTIALS",
                 absl::StrCat(who, " refuses the credentials: ", why),
                 "credentials that it lets in, with the right to make machines", why,
                 "Unregister the provider and register it with the right credentials.");
}

absl::Status ProviderQuota(absl::string_view who, absl::string_view why) {
  return Refusal(absl::StatusCode::kResourceExhausted, "PROVIDER_QUOTA",
                 absl::StrCat(who, " has no more to give: ", why), "room for what was ordered", why,
                 "Destroy what is not needed (weft machine list), or have the quota raised.");
}

absl::Status ProviderGarbage(absl::string_view who, absl::string_view expected,
                             absl::string_view answer) {
  const std::string quoted = Quoted(answer);
  return Refusal(absl::StatusCode::kInternal, "PROVIDER_GARBAGE",
                 absl::StrCat(who, " answers what its interface does not know: expected ", expected,
                              ", found ", quoted),
                 expected, quoted, "Check that the provider's url is that of such an interface.");
}

absl::Status ProviderRefused(absl::string_view who, absl::string_view what, absl::string_view why) {
  return Refusal(absl::StatusCode::kFailedPrecondition, "PROVIDER_REFUSED",
                 absl::StrCat(who, " will not ", what, ": ", why), "a request that it grants", why,
                 "Mend what it names, then repeat.");
}

absl::Status NotOffered(absl::string_view who, absl::string_view what,
                        absl::string_view next_step) {
  return Refusal(absl::StatusCode::kUnimplemented, "NOT_OFFERED",
                 absl::StrCat(who, " does not offer ", what), "a provider that offers it", who,
                 next_step);
}

absl::Status MachineUnknown(absl::string_view who, absl::string_view uuid) {
  return Unknown("MACHINE_UNKNOWN", who, "machine", uuid, "weft machine list shows them.");
}

absl::Status SnapshotUnknown(absl::string_view who, absl::string_view name) {
  return Unknown("SNAPSHOT_UNKNOWN", who, "snapshot", name, "weft snapshot list shows them.");
}

absl::Status ImageUnknown(absl::string_view who, absl::string_view what) {
  return Unknown("IMAGE_UNKNOWN", who, "image", what,
                 "Name another image, or bring this one to the provider first.");
}

absl::Status FlavorUnknown(absl::string_view who, absl::string_view what) {
  return Unknown("FLAVOR_UNKNOWN", who, "flavor", what, "Name another flavor.");
}

absl::Status NetworkUnknown(absl::string_view who, absl::string_view label) {
  return Unknown("NETWORK_UNKNOWN", who, "network", label, "Name another network.");
}

absl::Status BadOrder(absl::string_view field, absl::string_view expected,
                      absl::string_view found) {
  return Refusal(
      absl::StatusCode::kInvalidArgument, "BAD_ORDER",
      absl::StrCat("cannot use ", field, ": expected ", expected, ", found '", found, "'"),
      expected, found, "Mend it in the request.");
}

absl::Status BadProvider(absl::string_view field, absl::string_view expected,
                         absl::string_view found) {
  return Refusal(absl::StatusCode::kInvalidArgument, "BAD_PROVIDER",
                 absl::StrCat("cannot use the provider's ", field, ": expected ", expected,
                              ", found '", found, "'"),
                 expected, found, "Register the provider with another one.");
}

}  // namespace weft::provisioner
