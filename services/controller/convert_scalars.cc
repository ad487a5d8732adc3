// Times, durations and enumerators between the public API and the controller.
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "services/controller/convert.h"

namespace weft::controller {

v1::Durability ToProto(Durability durability) {
  return durability == Durability::kAsync ? v1::ASYNC : v1::LOSSLESS;
}

v1::ServerReport::Contact ToProto(Contact contact) {
  switch (contact) {
    case Contact::kAnswered:
      return v1::ServerReport::ANSWERED;
    case Contact::kRejected:
      return v1::ServerReport::REJECTED;
    case Contact::kUnreachable:
      return v1::ServerReport::UNREACHABLE;
  }
  return v1::ServerReport::CONTACT_UNSPECIFIED;
}

std::optional<Durability> FromProto(v1::Durability durability) {
  if (durability == v1::ASYNC) return Durability::kAsync;
  if (durability == v1::LOSSLESS) return Durability::kLossless;
  return std::nullopt;
}

absl::Status UnspecifiedValue(absl::string_view field, absl::string_view expected) {
  return ::weft::Refusal(absl::StatusCode::kInvalidArgument, "BAD_VALUE",
                         absl::StrCat("the update names ", field, ", and has no value for it"),
                         expected, "none that is known",
                         absl::StrCat("give a value, or leave ", field, " out of the mask"));
}

}  // namespace weft::controller
