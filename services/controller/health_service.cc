#include "services/controller/health_service.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/mutex.h"
#include "common/base/status_macros.h"
#include "common/log/log.h"
#include "services/controller/answer.h"
#include "services/controller/convert.h"
#include "services/controller/stream_writer.h"

namespace weft::controller {
namespace {

absl::StatusOr<std::vector<HealthTable::Entry>> EntriesOf(const v1::HealthReport& report) {
  std::vector<HealthTable::Entry> entries;
  for (const v1::ServerReport& server : report.servers()) {
    WEFT_ASSIGN_OR_RETURN(HealthTable::Entry entry, FromProto(server));
    entries.push_back(std::move(entry));
  }
  return entries;
}

// The stream of one monitor. Deletes itself when gRPC is done with it.
class MonitorStream : public grpc::ServerBidiReactor<v1::HealthReport, v1::WatchList> {
 public:
  MonitorStream(HealthTable* table, WatchListBoard* watch_list, Reconciler* reconciler,
                DrainSignal* drain)
      : table_(table), watch_list_(watch_list), reconciler_(reconciler), drain_(drain) {
    drain_handle_ = drain_->Subscribe([this] { End(Draining()); });
    handle_ = watch_list_->listeners().Subscribe([this] { SendList(); });
    StartRead(&report_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) {
      End(grpc::Status::OK);
      return;
    }
    const absl::Status status = Take();
    if (!status.ok()) {
      WEFT_LOG(kWarning, "health report refused", {{"error", status}});
      End(rpc::ToGrpc(status));
      return;
    }
    StartRead(&report_);
  }
  void OnWriteDone(bool ok) override {
    {
      MutexLock lock(&mutex_);
      writing_ = false;
    }
    if (ok) {
      Step();
    } else {
      End(grpc::Status::CANCELLED);
    }
  }
  void OnCancel() override { End(grpc::Status::CANCELLED); }
  void OnDone() override {
    drain_->Forget(drain_handle_);
    watch_list_->listeners().Forget(handle_);
    table_->Leave(observer_, this);
    if (!observer_.empty()) WEFT_LOG(kInfo, "monitor is gone", {{"observer", observer_}});
    delete this;
  }

 private:
  absl::Status Take() {
    WEFT_RETURN_IF_ERROR(table_->Admit(report_.observer(), report_.instance(), this));
    if (observer_.empty()) WEFT_LOG(kInfo, "monitor reports", {{"observer", report_.observer()}});
    observer_ = report_.observer();
    WEFT_ASSIGN_OR_RETURN(const std::vector<HealthTable::Entry> entries, EntriesOf(report_));
    const int before = table_->LiveObservers();
    const std::vector<ServerUuid> changed =
        table_->Take(observer_, report_.zone(), entries, report_.full_round());
    // The monitors share the heartbeats: each hears how many there are.
    if (table_->LiveObservers() != before) watch_list_->listeners().CallAll();
    Welcome();
    if (changed.empty()) return absl::OkStatus();
    std::vector<HealthTable::Entry> news;
    for (const HealthTable::Entry& entry : entries) {
      for (const ServerUuid& server : changed) {
        if (entry.server == server) news.push_back(entry);
      }
    }
    reconciler_->Reported(news);
    return absl::OkStatus();
  }

  // The monitor is told what to watch from its first report on.
  void Welcome() {
    {
      MutexLock lock(&mutex_);
      if (std::exchange(admitted_, true)) return;
    }
    SendList();
  }
  void SendList() {
    {
      MutexLock lock(&mutex_);
      list_changed_ = true;
    }
    Step();
  }
  void End(const grpc::Status& status) {
    {
      MutexLock lock(&mutex_);
      if (!end_.has_value()) end_ = status;
    }
    Step();
  }
  void Step() {
    std::optional<grpc::Status> finish;
    {
      MutexLock lock(&mutex_);
      if (writing_ || finished_) return;
      if (end_.has_value()) {
        finished_ = true;
        finish = *end_;
      } else {
        std::optional<v1::WatchList> list;
        if (admitted_ && list_changed_) list = watch_list_->Now();
        if (!list.has_value()) return;
        list_changed_ = false;
        writing_ = true;
        list_ = *std::move(list);
      }
    }
    if (finish.has_value()) {
      Finish(*finish);
      return;
    }
    *list_.mutable_heartbeat_period() =
        ToProto(absl::Seconds(std::max(1, table_->LiveObservers())));
    StartWrite(&list_);
  }

  HealthTable* const table_;
  WatchListBoard* const watch_list_;
  Reconciler* const reconciler_;
  DrainSignal* const drain_;
  uint64_t drain_handle_ = 0;
  uint64_t handle_ = 0;
  // Of the read under way: only its callback.
  v1::HealthReport report_;
  std::string observer_;
  v1::WatchList list_;  // of the write under way
  Mutex mutex_;
  bool admitted_ ABSL_GUARDED_BY(mutex_) = false;
  bool list_changed_ ABSL_GUARDED_BY(mutex_) = false;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<grpc::Status> end_ ABSL_GUARDED_BY(mutex_);
};

// The stream of one router: what changed since it was told.
class VitalsWatcher : public StreamWriter<v1::HealthUpdate> {
 public:
  VitalsWatcher(HealthTable* table, DrainSignal* drain)
      : StreamWriter(drain),
        table_(table),
        handle_(table->listeners().Subscribe([this] { Poke(); })) {
    Begin();
  }

 private:
  std::optional<v1::HealthUpdate> Next() override {
    std::map<ServerUuid, HealthTable::Vitals> now = table_->AllVitals();
    v1::HealthUpdate update;
    update.set_complete(!told_.has_value());
    for (auto& [server, vitals] : now) {
      if (vitals.lag.has_value()) vitals.lag = absl::Ceil(*vitals.lag, absl::Milliseconds(100));
      if (told_.has_value()) {
        const auto known = told_->find(server);
        if (known != told_->end() && known->second == vitals) continue;
      }
      v1::ServerVitals* const added = update.add_servers();
      added->set_uuid(server.text());
      added->set_contact(ToProto(vitals.contact));
      if (vitals.lag.has_value()) *added->mutable_lag() = ToProto(*vitals.lag);
    }
    if (told_.has_value()) {
      for (const auto& [server, vitals] : *told_) {
        if (now.count(server) == 0) update.add_removed(server.text());
      }
    }
    told_ = std::move(now);
    if (!update.complete() && update.servers().empty() && update.removed().empty()) {
      return std::nullopt;
    }
    return update;
  }
  void Closed() override { table_->listeners().Forget(handle_); }

  HealthTable* const table_;
  std::optional<std::map<ServerUuid, HealthTable::Vitals>> told_;  // only Next
  const uint64_t handle_;
};

}  // namespace

grpc::ServerWriteReactor<v1::HealthUpdate>* HealthService::WatchHealth(
    grpc::CallbackServerContext*, const v1::WatchHealthRequest*) {
  return new VitalsWatcher(table_, drain_);
}

grpc::ServerBidiReactor<v1::HealthReport, v1::WatchList>* HealthService::Report(
    grpc::CallbackServerContext*) {
  return new MonitorStream(table_, watch_list_, reconciler_, drain_);
}

grpc::Status HealthService::GetHealth(grpc::ServerContext*, const v1::GetHealthRequest* request,
                                      v1::GetHealthResponse* response) {
  const absl::StatusOr<std::string> id = GroupIdOf(request->group());
  if (!id.ok()) return rpc::ToGrpc(id.status());
  return Answer(reconciler_->Cached(*id), [&](const Group& group) {
    std::vector<ServerUuid> servers;
    for (const Server& server : group.servers) servers.push_back(server.uuid);
    for (const HealthTable::Entry& entry : table_->Entries(servers)) {
      *response->add_reports() = ToProto(entry);
    }
  });
}

}  // namespace weft::controller
