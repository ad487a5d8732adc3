#include "services/controller/testing/controller_fixture.h"

#include <grpc/support/time.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/mutex.h"

namespace weft::controller {
namespace {

Controller::Options QuickOptions(const std::string& name, const GroupWorker::Options& worker) {
  Controller::Options options;
  Reconciler::Options& reconciler = options.reconciler;
  reconciler.leadership.name = name;
  reconciler.leadership.ttl = absl::Milliseconds(500);
  reconciler.leadership.margin = absl::Milliseconds(100);
  reconciler.leadership.period = absl::Milliseconds(50);
  reconciler.worker = worker;
  reconciler.follow_period = absl::Milliseconds(50);
  reconciler.converge.look_valid_for = absl::Milliseconds(20);
  reconciler.converge.narrow_after = absl::Milliseconds(300);
  options.membership.poll = absl::Milliseconds(5);
  options.membership.revoke_deadline = absl::Seconds(2);
  options.membership.look_deadline = absl::Seconds(2);
  return options;
}

}  // namespace

GroupWorker::Options QuickWorker() {
  GroupWorker::Options worker;
  worker.period = absl::Milliseconds(50);
  worker.first_rest = absl::Milliseconds(5);
  worker.fresh = absl::ZeroDuration();
  return worker;
}

TestController::TestController(const std::string& name, std::shared_ptr<MemoryDatabase> database,
                               FakeFarm* farm,
                               const std::map<std::string, std::string>& password_files,
                               const GroupWorker::Options& worker, const rpc::Credentials& admin)
    : store_(std::move(database)) {
  Controller::Options options = QuickOptions(name, worker);
  options.node.password_files = password_files;
  options.logins.admin = admin;
  controller_ = std::make_unique<Controller>(
      options, Controller::Ports{farm, &store_, &metrics_, RealClock::Get()});
  grpc::ServerBuilder builder;
  for (grpc::Service* service : controller_->services()) builder.RegisterService(service);
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  server_ = builder.BuildAndStart();
  address_ = absl::StrCat("127.0.0.1:", port);
  channel_ = server_->InProcessChannel({});
  controller_->Start();
}

TestController::~TestController() {
  controller_->EndStreams();
  server_->Shutdown(
      gpr_time_add(gpr_now(GPR_CLOCK_REALTIME), gpr_time_from_seconds(1, GPR_TIMESPAN)));
  controller_->Stop();
}

// Sends whole rounds until told otherwise.
class ControllerFixture::Monitor {
 public:
  explicit Monitor(v1::Health::Stub* stub) : stream_(stub->Report(&context_)) {
    writer_ = std::thread([this] { Loop(); });
  }
  ~Monitor() {
    {
      MutexLock lock(&mutex_);
      stopping_ = true;
      changed_.NotifyAll();
    }
    writer_.join();
    context_.TryCancel();
    stream_->Finish();
  }
  void Say(v1::HealthReport report) {
    MutexLock lock(&mutex_);
    report_ = std::move(report);
    changed_.NotifyAll();
  }

 private:
  void Loop() {
    mutex_.Lock();
    while (!stopping_) {
      const v1::HealthReport report = report_;
      mutex_.Unlock();
      const bool sent = stream_->Write(report);
      mutex_.Lock();
      if (!sent) break;
      changed_.WaitFor(&mutex_, absl::Milliseconds(100));
    }
    mutex_.Unlock();
  }

  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::HealthReport, v1::WatchList>> stream_;
  Mutex mutex_;
  CondVar changed_;
  v1::HealthReport report_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread writer_;
};

ControllerFixture::ControllerFixture() { StartAnother("one"); }
ControllerFixture::~ControllerFixture() { monitor_.reset(); }

void ControllerFixture::StartAnother(const std::string& name, const GroupWorker::Options& worker) {
  monitor_.reset();
  process_.reset();
  process_ = std::make_unique<TestController>(name, database_, &farm_,
                                              std::map<std::string, std::string>(), worker);
  Connect();
}

void ControllerFixture::StartGuarded(const rpc::Credentials& admin) {
  monitor_.reset();
  process_.reset();
  process_ = std::make_unique<TestController>(
      "guarded", database_, &farm_, std::map<std::string, std::string>(), QuickWorker(), admin);
  Connect();
}

void ControllerFixture::Connect() {
  groups_ = v1::Groups::NewStub(process_->channel());
  servers_ = v1::Servers::NewStub(process_->channel());
  operations_ = v1::Operations::NewStub(process_->channel());
  topology_ = v1::Topology::NewStub(process_->channel());
  health_ = v1::Health::NewStub(process_->channel());
  threats_ = v1::Threats::NewStub(process_->channel());
  node_ = v1::Node::NewStub(process_->channel());
  process_->controller().reconciler().AwaitLeader(absl::Seconds(10));
}

absl::StatusOr<v1::Group> ControllerFixture::CreateGroup(const std::string& id) {
  v1::CreateGroupRequest request;
  request.set_group_id(id);
  return Call(*groups_, &v1::Groups::Stub::CreateGroup, request);
}

absl::StatusOr<v1::AddServerResponse> ControllerFixture::AddServer(const std::string& group,
                                                                   int n) {
  v1::AddServerRequest request;
  request.set_group(group);
  request.set_address(FakeFarm::AddressOf(n).ToString());
  return Call(*servers_, &v1::Servers::Stub::AddServer, request);
}

absl::StatusOr<v1::PromoteGroupResponse> ControllerFixture::Promote(const std::string& group,
                                                                    int n) {
  v1::PromoteGroupRequest request;
  request.set_name(group);
  if (n > 0) request.set_server(FakeFarm::UuidOf(n).text());
  return Call(*groups_, &v1::Groups::Stub::PromoteGroup, request);
}

absl::StatusOr<v1::Group> ControllerFixture::Activate(const std::string& group) {
  v1::ActivateGroupRequest request;
  request.set_name(group);
  return Call(*groups_, &v1::Groups::Stub::ActivateGroup, request);
}

v1::Group ControllerFixture::GetGroup(const std::string& group) {
  v1::GetGroupRequest request;
  request.set_name(group);
  return Call(*groups_, &v1::Groups::Stub::GetGroup, request).value_or(v1::Group());
}

v1::Operation ControllerFixture::Wait(const v1::Operation& operation) {
  v1::WaitOperationRequest request;
  request.set_name(operation.name());
  return Call(*operations_, &v1::Operations::Stub::WaitOperation, request)
      .value_or(v1::Operation());
}

void ControllerFixture::MakeGroup(int count) {
  ASSERT_TRUE(CreateGroup("g").ok());
  for (int n = 1; n <= count; ++n) {
    farm_.Add(n);
    const absl::StatusOr<v1::AddServerResponse> added = AddServer("g", n);
    ASSERT_TRUE(added.ok()) << added.status();
    ASSERT_EQ(Wait(added->operation()).state(), v1::Operation::SUCCEEDED);
  }
  const absl::StatusOr<v1::PromoteGroupResponse> promoted = Promote("g", 1);
  ASSERT_TRUE(promoted.ok()) << promoted.status();
  const v1::Operation ended = Wait(promoted->operation());
  ASSERT_EQ(ended.state(), v1::Operation::SUCCEEDED) << ended.error_message();
  ASSERT_TRUE(process_->controller().reconciler().WaitSettled("g", absl::Seconds(10)).ok());
}

void ControllerFixture::Report(const std::vector<int>& reachable,
                               const std::vector<int>& unreachable) {
  v1::HealthReport report;
  report.set_observer("m1");
  report.set_full_round(true);
  const auto add = [&](int n, v1::ServerReport::Contact contact) {
    v1::ServerReport* server = report.add_servers();
    server->set_uuid(FakeFarm::UuidOf(n).text());
    server->set_address(FakeFarm::AddressOf(n).ToString());
    server->set_contact(contact);
    server->set_refused(contact == v1::ServerReport::UNREACHABLE);
  };
  for (const int n : reachable) add(n, v1::ServerReport::ANSWERED);
  for (const int n : unreachable) add(n, v1::ServerReport::UNREACHABLE);
  if (monitor_ == nullptr) monitor_ = std::make_unique<Monitor>(health_.get());
  monitor_->Say(std::move(report));
}

void ControllerFixture::StopReporting() { monitor_.reset(); }

void ControllerFixture::Await(const std::string& what, const std::function<bool()>& done) {
  const Deadline deadline = Deadline::After(RealClock::Get(), absl::Seconds(10));
  while (!done()) {
    if (deadline.Passed()) {
      ADD_FAILURE() << "never: " << what;
      return;
    }
    RealClock::Get()->Sleep(absl::Milliseconds(5));
  }
}

bool ControllerFixture::IsPrimary(const std::string& group, int n) {
  return GetGroup(group).primary() == absl::StrCat("servers/", FakeFarm::UuidOf(n).text());
}

std::string ControllerFixture::StatusOfServer(const std::string& group, int n) {
  const v1::Group record = GetGroup(group);
  for (const v1::Server& server : record.servers()) {
    if (server.uuid() == FakeFarm::UuidOf(n).text()) return v1::ServerStatus_Name(server.status());
  }
  return "";
}

std::vector<std::string> ControllerFixture::EventTexts(const std::string& group) {
  v1::ListEventsRequest request;
  request.set_group(group);
  request.set_page_size(1000);
  const auto response = Call(*operations_, &v1::Operations::Stub::ListEvents, request);
  std::vector<std::string> texts;
  if (!response.ok()) return texts;
  for (const v1::Event& event : response->events()) texts.push_back(event.text());
  return texts;
}

}  // namespace weft::controller
