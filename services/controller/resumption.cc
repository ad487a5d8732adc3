#include "services/controller/resumption.h"

#include <set>
#include <string>
#include <vector>

#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/log/log.h"
#include "services/controller/request_ledger.h"

namespace weft::controller {
namespace {

// How many of the newest operations are looked through: one that takes hours is not among the
// newest of a busy node.
constexpr int kPage = 1000;
constexpr int kPages = 20;
// The groups wait meanwhile.
constexpr int kTries = 5;
constexpr absl::Duration kBetweenTries = absl::Milliseconds(100);

absl::StatusOr<std::vector<Operation>> Unfinished(Store* store) {
  std::vector<Operation> unfinished;
  std::string before;
  for (int page = 0; page < kPages; ++page) {
    WEFT_ASSIGN_OR_RETURN(const std::vector<Operation> operations,
                          store->ListOperations("", kPage, before));
    for (const Operation& operation : operations) {
      if (!operation.done()) unfinished.push_back(operation);
    }
    if (operations.size() < kPage) break;
    before = operations.back().id;
  }
  return unfinished;
}

}  // namespace

void ResumeOperations(const std::vector<GroupTable::Keeper>& groups, const Resumers& resumers,
                      Store* store, OperationsBoard* board, OperationRunner* runner, Clock* clock) {
  absl::StatusOr<std::vector<Operation>> operations = Unfinished(store);
  for (int again = 0; again < kTries && !operations.ok(); ++again) {
    clock->Sleep(kBetweenTries);
    operations = Unfinished(store);
  }
  if (!operations.ok()) {
    WEFT_LOG(kWarning, "operations of the last leader not resumed",
             {{"error", operations.status()}});
    return;
  }
  std::set<std::string> of_intents;
  for (const auto& keeper : groups) of_intents.insert(keeper->record().intent.operation);
  for (Operation operation : *operations) {
    if (of_intents.count(operation.id) > 0 || board->RunningHere(operation.id)) continue;
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
