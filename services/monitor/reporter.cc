#include "services/monitor/reporter.h"

#include <google/protobuf/util/time_util.h>

#include "common/base/backoff.h"
#include "common/base/error_details.h"
#include "common/base/random.h"
#include "common/log/log.h"
#include "common/rpc/status.h"

namespace weft::monitor {
namespace {

using google::protobuf::util::TimeUtil;

v1::ServerReport::Contact ToProto(Contact contact) {
  switch (contact) {
    case Contact::kAnswered:
      return v1::ServerReport::ANSWERED;
    case Contact::kRejected:
      return v1::ServerReport::REJECTED;
    case Contact::kUnreachable:
      return v1::ServerReport::UNREACHABLE;
  }
  return v1::ServerReport::CONTACT_UNSPECIFIED;
}

// What the controller sent, less what cannot be watched.
Order FromProto(const v1::WatchList& list) {
  Order order;
  order.term = list.term();
  order.leading = list.leading();
  order.heartbeat_period =
      absl::Microseconds(TimeUtil::DurationToMicroseconds(list.heartbeat_period()));
  for (const v1::WatchedServer& entry : list.servers()) {
    const auto uuid = ServerUuid::Parse(entry.uuid());
    const auto address = HostPort::Parse(entry.address());
    if (uuid.ok() && address.ok()) {
      order.servers.push_back({*uuid, *address});
      if (entry.primary_epoch() == 0) continue;
      order.primaries[entry.group()] = {order.servers.back(), entry.primary_epoch()};
    } else {
      WEFT_LOG(kError, "cannot watch a server",
               {{"server", entry.uuid()}, {"address", entry.address()}});
    }
  }
  return order;
}

}  // namespace

v1::ServerReport ToProto(const WatchedServer& server, const Opinion& opinion) {
  v1::ServerReport report;
  report.set_uuid(server.uuid.text());
  report.set_address(server.address.ToString());
  report.set_contact(ToProto(opinion.contact));
  report.set_refused(opinion.refused);
  report.set_error(opinion.error);
  *report.mutable_since() = TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(opinion.since));
  *report.mutable_latency() =
      TimeUtil::MicrosecondsToDuration(absl::ToInt64Microseconds(opinion.last.latency));
  const Replication& replication = opinion.last.replication;
  report.set_receiver(replication.receiver);
  report.set_applier_running(replication.applier_running);
  report.set_replication_error(replication.error);
  if (replication.lag.has_value()) {
    *report.mutable_lag() =
        TimeUtil::MicrosecondsToDuration(absl::ToInt64Microseconds(*replication.lag));
  }
  report.set_executed_gtids(opinion.last.executed);
  report.set_writable(opinion.last.writable);
  report.set_write_probed(opinion.pulse.probed);
  if (opinion.pulse.failing.has_value()) {
    *report.mutable_write_failing() =
        TimeUtil::MicrosecondsToDuration(absl::ToInt64Microseconds(*opinion.pulse.failing));
  }
  report.set_write_error(opinion.pulse.error);
  return report;
}

Reporter::Reporter(Options options, std::shared_ptr<grpc::Channel> channel, Clock* clock,
                   Opinions opinions, ListTaker take_list)
    : options_(std::move(options)),
      stub_(v1::Health::NewStub(channel)),
      clock_(clock),
      opinions_(std::move(opinions)),
      take_list_(std::move(take_list)) {}

Reporter::~Reporter() { Stop(); }

void Reporter::Start() {
  thread_ = std::thread([this] { Loop(); });
}

void Reporter::Stop() {
  {
    MutexLock lock(&mutex_);
    stop_ = true;
    if (context_ != nullptr) context_->TryCancel();
    wake_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

void Reporter::Changed() {
  MutexLock lock(&mutex_);
  changed_ = true;
  wake_.NotifyAll();
}

bool Reporter::connected() const {
  MutexLock lock(&mutex_);
  return connected_;
}

void Reporter::Loop() {
  Backoff backoff({.initial = absl::Milliseconds(50), .maximum = absl::Seconds(1)});
  while (true) {
    if (RunStream()) backoff.Reset();
    const absl::Duration rest = backoff.Next(RandomUnit());
    const absl::Duration until = clock_->MonotonicNow() + rest;
    MutexLock lock(&mutex_);
    while (!stop_ && clock_->MonotonicNow() < until) {
      wake_.WaitFor(&mutex_, until - clock_->MonotonicNow());
    }
    if (stop_) return;
  }
}

bool Reporter::RunStream() {
  grpc::ClientContext context;
  {
    MutexLock lock(&mutex_);
    if (stop_) return false;
    context_ = &context;
    stream_ended_ = false;
  }
  const std::unique_ptr<Stream> stream = stub_->Report(&context);
  std::thread reader([this, &stream] { ReadLists(*stream); });
  do {
    if (!stream->Write(Round())) break;
  } while (AwaitRound());
  context.TryCancel();
  reader.join();
  const std::string error = DescribeError(rpc::FromGrpc(stream->Finish()));

  MutexLock lock(&mutex_);
  context_ = nullptr;
  const bool was_connected = connected_;
  connected_ = false;
  // The same again, attempt after attempt, is no news.
  if (!stop_ && (was_connected || error != last_error_)) {
    WEFT_LOG(kWarning, was_connected ? "lost a controller" : "cannot report to a controller",
             {{"controller", options_.controller.address}, {"error", error}});
  }
  last_error_ = error;
  return was_connected;
}

void Reporter::ReadLists(Stream& stream) {
  v1::WatchList list;
  while (stream.Read(&list)) {
    take_list_(FromProto(list));
    MutexLock lock(&mutex_);
    if (!connected_) {
      WEFT_LOG(kInfo, "reporting to a controller", {{"controller", options_.controller.address}});
    }
    connected_ = true;
  }
  take_list_(std::nullopt);
  MutexLock lock(&mutex_);
  stream_ended_ = true;
  wake_.NotifyAll();
}

bool Reporter::AwaitRound() {
  const absl::Duration until = clock_->MonotonicNow() + options_.round;
  MutexLock lock(&mutex_);
  while (!stop_ && !stream_ended_ && !changed_ && clock_->MonotonicNow() < until) {
    wake_.WaitFor(&mutex_, until - clock_->MonotonicNow());
  }
  changed_ = false;
  return !stop_ && !stream_ended_;
}

v1::HealthReport Reporter::Round() const {
  v1::HealthReport report;
  report.set_observer(options_.observer);
  report.set_instance(options_.instance);
  report.set_zone(options_.zone);
  report.set_full_round(true);
  for (const auto& [server, opinion] : opinions_()) {
    *report.add_servers() = ToProto(server, opinion);
  }
  return report;
}

}  // namespace weft::monitor
