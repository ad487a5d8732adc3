#include "tests/workload/stubborn.h"

#include <utility>

#include "common/mysql/errors.h"
#include "tests/workload/stubborn_sql.h"

namespace weft::testing {

Stubborn::Stubborn(Options options, Clock* clock, Listener listener)
    : options_(std::move(options)), clock_(clock), listener_(std::move(listener)) {}

Stubborn::~Stubborn() {
  stop_ = true;
  for (std::thread& thread : threads_) thread.join();
}

void Stubborn::Start() {
  uint64_t first_id = options_.first_id;
  for (const HostPort& server : options_.servers) {
    for (const absl::Duration timeout : {options_.held_timeout, options_.fresh_timeout}) {
      Client client{.server = server, .timeout = timeout, .next_id = first_id++};
      threads_.emplace_back(
          [this, client = std::move(client)]() mutable { Loop(std::move(client)); });
    }
  }
}

void Stubborn::Loop(Client client) {
  while (!stop_) {
    if (Connected(client)) Try(client);
    clock_->Sleep(options_.period);
  }
}

bool Stubborn::Connected(Client& client) {
  if (client.session != nullptr && !client.session->broken()) return true;
  client.session.reset();
  mysql::ConnectOptions connect;
  connect.host = client.server.host;
  connect.port = client.server.port;
  connect.user = options_.user;
  connect.password = options_.password;
  connect.database = options_.database;
  connect.connect_timeout = absl::Seconds(1);
  connect.statement_timeout = client.timeout;
  auto session = mysql::Session::Open(connect);
  if (!session.ok()) return false;
  const auto answer = (*session)->Query(sql::kServerUuid);
  if (!answer.ok() || answer->empty()) return false;
  client.uuid = answer->front().StringOr("uuid", "");
  client.session = std::move(*session);
  return true;
}

void Stubborn::Try(Client& client) {
  const uint64_t id = client.next_id;
  client.next_id += 2 * options_.servers.size();
  Ok ok{.id = id, .server_uuid = client.uuid};
  ok.sent = clock_->MonotonicNow();
  const absl::Status written =
      client.session->Execute(sql::kInsertStubborn, {id, client.uuid}).status();
  ok.acknowledged = clock_->MonotonicNow();
  if (written.ok()) {
    listener_(ok);
  } else if (mysql::MysqlErrorCode(written) == mysql::kErrUnknownTable) {
    client.session->Execute(sql::kCreateStubborn).IgnoreError();
  }
}

}  // namespace weft::testing
