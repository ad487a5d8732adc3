#include "services/monitor/monitor.h"

#include <optional>
#include <utility>

#include "common/base/random.h"
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
      clock_(clock),
      beats_(clock),
      watcher_(std::make_unique<Watcher>(WatcherOptions(options), clock,
                                         [this](const WatchedServer& server, const Sample& sample,
                                                bool changed) { Seen(server, sample, changed); })),
      pulses_(std::make_unique<PulseBoard>(
          PulseBoard::Options{.prober = WatcherOptions(options).prober}, clock,
          [this](const WatchedServer& server) {
            const std::optional<Opinion> opinion = watcher_->OpinionOf(server);
            return opinion.has_value() && MayWrite(*opinion, clock_->MonotonicNow());
          })) {}

Watcher::Options Monitor::WatcherOptions(const Options& options) {
  constexpr size_t kMaxObserver = 191;  // bytes of the heartbeats' column
  Watcher::Options watcher = options.watcher;
  watcher.prober.observer = options.observer.substr(0, kMaxObserver);
  watcher.prober.beats = &beats_;
  return watcher;
}

absl::StatusOr<std::unique_ptr<Monitor>> Monitor::Start(const Options& options,
                                                        rpc::Metrics* metrics, Clock* clock) {
  std::unique_ptr<Monitor> monitor(new Monitor(options, metrics, clock));
  const std::string instance = RandomHex(8);
  for (const rpc::ChannelOptions& controller : options.controllers) {
    WEFT_ASSIGN_OR_RETURN(const std::shared_ptr<grpc::Channel> channel, rpc::Connect(controller));
    Reporter::Options reporter{.observer = options.observer,
                               .instance = instance,
                               .zone = options.zone,
                               .controller = controller};
    Monitor* const self = monitor.get();
    monitor->reporters_.push_back(std::make_unique<Reporter>(
        reporter, channel, clock, [self] { return self->Opinions(); },
        [self, address = controller.address](std::optional<Order> order) {
          self->TakeOrder(address, std::move(order));
        }));
  }
  for (const auto& reporter : monitor->reporters_) reporter->Start();
  return monitor;
}

// Reporters call the watcher, and the watcher's threads call reporters: first nobody changes the
// list any more, then nobody writes or probes any more.
Monitor::~Monitor() {
  for (const auto& reporter : reporters_) reporter->Stop();
  pulses_.reset();
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

void Monitor::TakeOrder(const std::string& controller, std::optional<Order> order) {
  MutexLock lock(&mutex_);
  orders_.Take(controller, std::move(order));
  if (const Order* const best = orders_.Best(); best != nullptr) Follow(*best);
}

void Monitor::Follow(const Order& order) {
  servers_watched_.Set(static_cast<double>(order.servers.size()));
  watcher_->Watch(order.servers);
  std::map<std::string, Order::Primary> primaries = order.primaries;
  std::map<WatchedServer, uint64_t> written;
  for (auto& [group, primary] : primaries) {
    const auto known = primaries_.find(group);
    if (known != primaries_.end() && known->second.epoch > primary.epoch) primary = known->second;
    written.emplace(primary.server, primary.epoch);
  }
  primaries_ = std::move(primaries);
  pulses_->Write(written, order.heartbeat_period);
}

std::map<WatchedServer, Opinion> Monitor::Opinions() const {
  std::map<WatchedServer, Opinion> opinions = watcher_->Opinions();
  for (auto& [server, pulse] : pulses_->Now()) {
    const auto found = opinions.find(server);
    if (found != opinions.end()) found->second.pulse = std::move(pulse);
  }
  return opinions;
}

}  // namespace weft::monitor
