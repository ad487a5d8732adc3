#include "services/monitor/monitor.h"

#include "common/base/status_macros.h"

namespace weft::monitor {
namespace {

std::string Name(Contact contact) {
  switch (contact) {
    case Contact::kAnswered:
      return "answered";
    case Contact::kRejected:
      return "rejected";
    case Contact::kUnreachable:
      return "unreachable";
  }
  return "unreachable";
}

}  // namespace

Monitor::Monitor(const Options& options, rpc::Metrics* metrics, Clock* clock)
    : metrics_(metrics),
      probe_seconds_(metrics->GetHistogram("monitor_probe_seconds",
                                           "How long one probe of one server takes.")),
      servers_watched_(metrics->GetGauge("monitor_servers", "Servers being watched.")),
      watcher_(std::make_unique<Watcher>(options.watcher, clock,
                                         [this](const WatchedServer& server, const Sample& sample,
                                                bool changed) { Seen(server, sample, changed); })) {
}

absl::StatusOr<std::unique_ptr<Monitor>> Monitor::Start(const Options& options,
                                                        rpc::Metrics* metrics, Clock* clock) {
  std::unique_ptr<Monitor> monitor(new Monitor(options, metrics, clock));
  for (const rpc::ChannelOptions& controller : options.controllers) {
    WEFT_ASSIGN_OR_RETURN(const std::shared_ptr<grpc::Channel> channel, rpc::Connect(controller));
    Reporter::Options reporter{
        .observer = options.observer, .zone = options.zone, .controller = controller};
    Monitor* const self = monitor.get();
    monitor->reporters_.push_back(std::make_unique<Reporter>(
        reporter, channel, clock, [self] { return self->watcher_->Opinions(); },
        [self](const std::vector<WatchedServer>& servers) { self->TakeList(servers); }));
  }
  for (const auto& reporter : monitor->reporters_) reporter->Start();
  return monitor;
}

// Reporters call the watcher, and the watcher's threads call reporters: first nobody changes the
// list any more, then nobody probes any more.
Monitor::~Monitor() {
  for (const auto& reporter : reporters_) reporter->Stop();
  watcher_.reset();
}

void Monitor::Seen(const WatchedServer& server, const Sample& sample, bool changed) {
  probe_seconds_.Observe(sample.latency);
  metrics_
      ->GetCounter("monitor_probes_total", "Probes by how they ended.",
                   {{"contact", Name(sample.contact)}})
      .Increment();
  metrics_
      ->GetGauge("monitor_server_reachable", "1 while the server answers this monitor.",
                 {{"server", server.address.ToString()}})
      .Set(sample.contact == Contact::kUnreachable ? 0 : 1);
  if (!changed) return;
  for (const auto& reporter : reporters_) reporter->Changed();
}

void Monitor::TakeList(const std::vector<WatchedServer>& servers) {
  servers_watched_.Set(static_cast<double>(servers.size()));
  watcher_->Watch(servers);
}

}  // namespace weft::monitor
