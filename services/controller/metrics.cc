#include "services/controller/metrics.h"

#include <utility>

#include "services/controller/core/finding.h"

namespace weft::controller {
namespace {

constexpr ServerStatus kStatuses[] = {ServerStatus::kSpare, ServerStatus::kSecondary,
                                      ServerStatus::kPrimary, ServerStatus::kFaulty,
                                      ServerStatus::kConfiguring};

}  // namespace

ControllerMetrics::ControllerMetrics(rpc::Metrics* metrics)
    : metrics_(metrics),
      leading_(metrics->GetGauge("leading", "1 while this controller holds the lease.")),
      store_up_(metrics->GetGauge("store_up", "1 while the state store answers.")),
      live_monitors_(metrics->GetGauge("live_monitors", "Monitors that completed a round lately.")),
      watchers_(metrics->GetGauge("topology_watchers", "Streams of WatchTopology.")),
      events_dropped_(
          metrics->GetCounter("events_dropped_total", "Events that could not be recorded.")),
      probe_(metrics->GetHistogram("probe_seconds", "One look at all servers of a group.")),
      detection_(metrics->GetHistogram(
          "detection_seconds", "From the first sign of a primary's death to the failover.")),
      promotion_(metrics->GetHistogram(
          "promotion_seconds", "From the beginning of a change of primary to a writable one.")),
      write_stop_(metrics->GetHistogram(
          "write_stop_seconds", "How long a change of primary kept writes from a group.")) {}

rpc::Counter ControllerMetrics::Failovers(const std::string& group) {
  return metrics_->GetCounter("failovers_total", "Automatic changes of a dead primary.",
                              {{"group", group}});
}

void ControllerMetrics::FailedOver(const std::string& group) { Failovers(group).Increment(); }

void ControllerMetrics::Refused(const std::string& group, const std::string& reason) {
  metrics_
      ->GetCounter("refusals_total", "Changes that would not have been safe.",
                   {{"group", group}, {"reason", reason}})
      .Increment();
}

void ControllerMetrics::Set(absl::string_view name, absl::string_view help,
                            const rpc::Labels& labels, double value, Series* now) {
  metrics_->GetGauge(name, help, labels).Set(value);
  now->emplace(std::string(name), labels);
}

void ControllerMetrics::Replace(Series now, Series* shown) {
  for (const auto& series : *shown) {
    if (now.count(series) == 0) metrics_->RemoveGauge(series.first, series.second);
  }
  *shown = std::move(now);
}

void ControllerMetrics::Show(const Group& group) {
  const rpc::Labels labels = {{"group", group.id}};
  Series now;
  MutexLock lock(&mutex_);
  Set("group_epoch", "Changes of primary of a group so far.", labels,
      static_cast<double>(group.epoch), &now);
  Set("group_active", "1 while failures of a group are repaired without being asked.", labels,
      group.active ? 1 : 0, &now);
  Set("group_has_primary", "1 while a group has a primary.", labels, group.primary.empty() ? 0 : 1,
      &now);
  Set("failover_enabled", "1 while a dead primary of a group is replaced without being asked.",
      labels, group.active && group.settings.failover_enabled && group.failover_switch.enabled,
      &now);
  Set("node_failover_enabled", "0 while automatic failover is off in the whole node.", {},
      group.failover_switch.enabled ? 1 : 0, &now);
  for (const Server& server : group.servers) {
    for (const ServerStatus status : kStatuses) {
      Set("server_status", "1 for the status a server has.",
          {{"group", group.id},
           {"server", server.address.ToString()},
           {"status", std::string(ToString(status))}},
          server.status == status ? 1 : 0, &now);
    }
  }
  Replace(std::move(now), &records_[group.id]);
  // From zero on, lest the first failover look as if it had always been there.
  Failovers(group.id);
}

void ControllerMetrics::Show(const Snapshot& look) {
  const std::string& group = look.group.id;
  Series now;
  MutexLock lock(&mutex_);
  Set("group_in_maintenance", "1 while a window of maintenance of a group is open.",
      {{"group", group}}, look.maintenance.count("") > 0 ? 1 : 0, &now);
  Set("failover_cool_down_seconds", "How long no second automatic failover of a group is begun.",
      {{"group", group}}, absl::ToDoubleSeconds(look.cool_down), &now);
  for (const Finding& finding : Find(look)) {
    // What is found in a window of maintenance alarms nobody.
    if (finding.muted || finding.severity == Severity::kInfo) continue;
    Set("finding", "1 while a condition of this name holds in a group.",
        {{"group", group}, {"code", finding.code}}, 1, &now);
  }
  for (const Server& server : look.group.servers) {
    const Observation& seen = look.Of(server.uuid);
    if (!seen.reached() || !seen.replication.configured) continue;
    Set("replication_lag_seconds", "How far a replica is behind its source.",
        {{"group", group}, {"server", server.address.ToString()}},
        absl::ToDoubleSeconds(seen.replication.lag), &now);
  }
  Replace(std::move(now), &looks_[group]);
}

void ControllerMetrics::Remove(const std::string& group) {
  MutexLock lock(&mutex_);
  Replace({}, &records_[group]);
  Replace({}, &looks_[group]);
  records_.erase(group);
  looks_.erase(group);
}

}  // namespace weft::controller
