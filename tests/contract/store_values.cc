#include "tests/contract/store_values.h"

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"

namespace weft::controller {

ServerUuid Uuid(char letter) {
  return *ServerUuid::Parse(absl::StrCat(std::string(8, letter), "-0000-0000-0000-000000000000"));
}

GtidSet Gtids(absl::string_view text) { return *GtidSet::Parse(text); }

Server MakeServer(char letter, uint16_t port) {
  Server server;
  server.uuid = Uuid(letter);
  server.address = {"127.0.0.1", port};
  server.group = "g";
  return server;
}

Operation MakeOperation(const std::string& id, const std::string& request_id) {
  Operation operation;
  operation.id = id;
  operation.kind = "promote";
  operation.group = "g";
  operation.request_id = request_id;
  operation.created = At(1);
  operation.updated = At(1);
  return operation;
}

absl::Time At(int second) { return absl::FromUnixSeconds(1'700'000'000 + second); }

std::string Outcome(const absl::Status& status) {
  if (status.ok()) return "OK";
  const std::string reason = ErrorReason(status);
  return absl::StrCat(absl::StatusCodeToString(status.code()), " ",
                      reason.empty() ? std::string(status.message()) : reason);
}

}  // namespace weft::controller
