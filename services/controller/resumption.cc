#include "services/controller/resumption.h"

#include <set>

#include "common/base/error_details.h"
#include "common/log/log.h"
#include "services/controller/request_ledger.h"

namespace weft::controller {
namespace {

// How many of the newest operations are looked through.
constexpr int kSearchedOperations = 1000;

}  // namespace

void ResumeOperations(const std::vector<GroupTable::Keeper>& groups, const Resumers& resumers,
                      Store* store, OperationsBoard* board, OperationRunner* runner, Clock* clock) {
  const auto operations = store->ListOperations("", kSearchedOperations, "");
  if (!operations.ok()) return;
  std::set<std::string> of_intents;
  for (const auto& keeper : groups) of_intents.insert(keeper->record().intent.operation);
  for (Operation operation : *operations) {
    if (operation.done() || of_intents.count(operation.id) > 0 ||
        board->RunningHere(operation.id)) {
      continue;
    }
    const auto resumer = resumers.find(operation.kind);
    if (resumer != resumers.end()) {
      WEFT_LOG(kInfo, "operation goes on", {{"operation", operation.id}, {"kind", operation.kind}});
      (void)runner->Resume(operation, resumer->second(operation));
      continue;
    }
    if (!operation.request_id.empty()) continue;
    EndWith(::weft::Refusal(absl::StatusCode::kAborted, "INTERRUPTED",
                            "the controller that began this died in it", "an operation that ends",
                            "", "look at the group; ask again"),
            clock->Now(), &operation);
    (void)store->UpdateOperation(operation);
  }
}

}  // namespace weft::controller
