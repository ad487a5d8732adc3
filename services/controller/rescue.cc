#include "services/controller/rescue.h"

#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/random.h"
#include "common/base/status_macros.h"
#include "common/log/log.h"
#include "common/model/gtid_set.h"
#include "nlohmann/json.hpp"
#include "services/controller/ports/store_errors.h"
#include "services/controller/request_ledger.h"

namespace weft::controller {
namespace {

// FNV-1a: the same in every build, for request ids that later leaders make again.
uint64_t Hash(const std::string& text) {
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3ULL;
  }
  return hash;
}

}  // namespace

void Rescue::Begin(const Group& group, const Server& server) {
  Operation operation;
  operation.id = RandomUuid();
  operation.kind = kKind;
  operation.group = group.id;
  operation.server = server.uuid.text();
  operation.request_id =
      absl::StrCat("rescue:", server.uuid.text(), ":", absl::Hex(Hash(server.errant)));
  operation.created = operation.updated = clock_->Now();
  const absl::StatusOr<Operation> begun = runner_->Run(operation, WorkOf(operation));
  if (begun.ok() || IsRequestKnown(begun.status())) return;
  WEFT_LOG(kWarning, "rescue not begun",
           {{"group", group.id}, {"server", server.uuid.text()}, {"error", begun.status()}});
}

OperationRunner::Work Rescue::WorkOf(const Operation& operation) {
  return [this, group = operation.group, server = operation.server,
          id = operation.id](const OperationRunner::Running& running) {
    running.report(0, "save transactions");
    return Save(group, server, id);
  };
}

absl::StatusOr<std::string> Rescue::Save(const std::string& group_id, const std::string& server_id,
                                         const std::string& operation) {
  WEFT_ASSIGN_OR_RETURN(const ServerUuid uuid, ServerUuid::Parse(server_id));
  WEFT_ASSIGN_OR_RETURN(const Group group, store_->Load(group_id));
  const Server* const server = group.Find(uuid);
  if (server == nullptr) return UnknownServer(server_id);
  WEFT_ASSIGN_OR_RETURN(const GtidSet errant, GtidSet::Parse(server->errant));
  Event event;
  event.group = group_id;
  event.server = server_id;
  event.operation = operation;
  event.kind = "change";
  const absl::StatusOr<std::string> path = farm_->SaveTransactions(group, uuid, errant, deadline_);
  if (path.ok()) {
    event.text = absl::StrCat("the transactions ", server->errant, " of server ",
                              server->address.ToString(), " are saved as SQL in ", *path);
  } else {
    event.text =
        absl::StrCat("the transactions ", server->errant, " of server ", server->address.ToString(),
                     " could not be saved: ", DescribeError(path.status()));
  }
  journal_->Append(event);
  if (!path.ok()) return path.status();
  nlohmann::json result;
  result["path"] = *path;
  result["transactions"] = errant.Count();
  result["gtids"] = server->errant;
  return result.dump();
}

}  // namespace weft::controller
