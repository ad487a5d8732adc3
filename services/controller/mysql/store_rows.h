#pragma once
// Between the state store's rows and the model's values. Pure.
//
// What is read and makes no sense (a status that is no word of ours, a malformed GTID set) is
// DATA_LOSS STORE_CORRUPT with the field's name: nobody but controllers writes there.
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/model/group.h"
#include "common/model/server.h"
#include "common/mysql/quote.h"
#include "common/mysql/result_set.h"
#include "services/controller/ports/store.h"

namespace weft::controller {

using Row = mysql::ResultSet::Row;

absl::StatusOr<Lease> ReadLeaseRow(const Row& row);
// A row of kLoadGroup.
absl::StatusOr<Group> ReadGroupRow(const Row& row);
// The JSON object that kFindServer gives.
absl::StatusOr<Server> ReadServerJson(const std::string& text);
absl::StatusOr<Operation> ReadOperationRow(const Row& row);
absl::StatusOr<Event> ReadEventRow(const Row& row);

// JSON arrays, as the procedures take them.
std::string UuidsAsJson(const std::set<ServerUuid>& servers);
std::string ServersAsJson(const std::vector<Server>& servers);
std::string HistoryAsJson(const std::vector<Epoch>& history);

// Parameters in the order of the procedures in schema/; the values have passed Stored().
mysql::Params GroupParams(const Group& group);              // group ... failover_at
mysql::Params IntentParams(const Intent& intent);           // goal ... given_up_message
mysql::Params ServerParams(const Server& server);           // uuid ... promotion_rule, more
mysql::Params OperationParams(const Operation& operation);  // id ... updated
mysql::Params ProgressParams(const Operation& operation);   // id, state ... updated

std::string TimeText(absl::Time time);
int64_t BudgetMicros(absl::Duration budget);

// `first` followed by `rest`.
mysql::Params Join(mysql::Params first, mysql::Params rest);

}  // namespace weft::controller
