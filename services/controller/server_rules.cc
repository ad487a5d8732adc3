#include "services/controller/server_rules.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"

namespace weft::controller {
namespace {

constexpr absl::string_view kFields = "status, mode, weight, promotion_rule, zone";

}  // namespace

absl::Status CheckMask(const std::vector<std::string>& mask) {
  for (const std::string& field : mask) {
    if (field == "status" || field == "mode" || field == "weight" || field == "promotion_rule" ||
        field == "zone") {
      continue;
    }
    return ::weft::Refusal(absl::StatusCode::kInvalidArgument, "BAD_FIELD_MASK",
                           absl::StrCat("field '", field, "' of a server cannot be changed"),
                           kFields, field, "name only these");
  }
  if (!mask.empty()) return absl::OkStatus();
  return ::weft::Refusal(absl::StatusCode::kInvalidArgument, "BAD_FIELD_MASK",
                         "the update names no field", kFields, "an empty field mask",
                         "name the fields to change");
}

absl::Status CheckWeight(double weight) {
  if (std::isfinite(weight) && weight >= 0 && weight <= 1) return absl::OkStatus();
  return ::weft::Refusal(absl::StatusCode::kInvalidArgument, "WEIGHT_OUT_OF_RANGE",
                         absl::StrCat("a weight cannot be ", weight), "0 to 1",
                         absl::StrCat(weight), "give a share of the reads between 0 and 1");
}

absl::Status IllegalStatus(const Server& server, ServerStatus to) {
  std::string next_step = "only SPARE <-> SECONDARY and FAULTY -> SPARE may be asked for";
  if (to == ServerStatus::kPrimary) {
    next_step = absl::StrCat("to make it the primary: weft group promote ", server.group, " ",
                             server.address.ToString());
  } else if (to == ServerStatus::kFaulty) {
    next_step = absl::StrCat(
        "a server is judged faulty by what is seen of it; to have it looked "
        "at: weft threat report-failure ",
        server.address.ToString());
  }
  return ::weft::Refusal(
      absl::StatusCode::kFailedPrecondition, "ILLEGAL_TRANSITION",
      absl::StrCat("the status of ", server.address.ToString(), " cannot be changed from ",
                   ToString(server.status), " to ", ToString(to)),
      "a legal change of status", absl::StrCat(ToString(server.status), " -> ", ToString(to)),
      next_step);
}

absl::Status IllegalMode(const Server& server, ServerStatus status, ServerMode mode) {
  return ::weft::Refusal(
      absl::StatusCode::kFailedPrecondition, "ILLEGAL_MODE",
      absl::StrCat("a server of status ", ToString(status), " cannot have mode ", ToString(mode)),
      status == ServerStatus::kPrimary  ? "READ_WRITE or WRITE_ONLY"
      : status == ServerStatus::kFaulty ? "OFFLINE"
                                        : "READ_ONLY or OFFLINE",
      std::string(ToString(mode)),
      absl::StrCat("see: weft server show ", server.address.ToString()));
}

absl::Status ServerTaken(const Server& server) {
  const std::string address = server.address.ToString();
  const std::string where = absl::StrCat(address, " is already in group ", server.group);
  return ::weft::Refusal(
      absl::StatusCode::kAlreadyExists, "UUID_TAKEN", where, "a server that is in no group", where,
      absl::StrCat("remove it there first: weft group remove ", server.group, " ", address));
}

// Only what is not in its place can come back to it.
absl::Status CheckIsAway(const Group& group, const Server& server,
                         const std::vector<Operation>& latest, bool rebuild) {
  const std::string address = server.address.ToString();
  if (server.status == ServerStatus::kConfiguring) {
    const bool runs =
        std::any_of(latest.begin(), latest.end(), [&server](const Operation& operation) {
          return operation.server == server.uuid.text() && !operation.done();
        });
    if (!runs && rebuild) return absl::OkStatus();
    if (!runs) {
      return ::weft::Refusal(absl::StatusCode::kFailedPrecondition, "BEING_REBUILT",
                             absl::StrCat("the rebuild of ", address, " came to no end"),
                             "a server with whole data", "CONFIGURING",
                             absl::StrCat("weft server rejoin ", address, " --rebuild"));
    }
    return ::weft::Refusal(absl::StatusCode::kFailedPrecondition, "BEING_REBUILT",
                           absl::StrCat(address, " is being rebuilt already"),
                           "one rebuild at a time", "CONFIGURING",
                           absl::StrCat("wait for it: weft operation list ", group.id));
  }
  if (server.status == ServerStatus::kFaulty || !server.set_aside.empty()) return absl::OkStatus();
  return ::weft::Refusal(absl::StatusCode::kFailedPrecondition, "NOT_SET_ASIDE",
                         absl::StrCat(address, " is in its place in group ", group.id),
                         "a server that is FAULTY or set aside",
                         std::string(ToString(server.status)),
                         absl::StrCat("nothing needs to be done; see: weft why ", group.id));
}

}  // namespace weft::controller
