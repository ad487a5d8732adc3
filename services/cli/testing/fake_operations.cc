// Operations, health, threats and the node.
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "services/cli/testing/fake_services.h"

namespace weft::cli {
namespace {

absl::Status Unknown(const std::string& name) {
  return Refusal(absl::StatusCode::kNotFound, "UNKNOWN_OPERATION",
                 absl::StrCat("no operation ", name));
}

bool HasEnded(const v1::Operation& operation) {
  return operation.state() != v1::Operation::RUNNING;
}

}  // namespace

grpc::Status FakeOperations::GetOperation(grpc::ServerContext*,
                                          const v1::GetOperationRequest* request,
                                          v1::Operation* response) {
  return Serve(state_, "GetOperation", *request, [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    const v1::Operation* operation = state_->FindOperation(request->name());
    if (operation == nullptr) return Unknown(request->name());
    *response = *operation;
    return absl::OkStatus();
  });
}

// Newest first, two a page.
grpc::Status FakeOperations::ListOperations(grpc::ServerContext*,
                                            const v1::ListOperationsRequest* request,
                                            v1::ListOperationsResponse* response) {
  return Serve(state_, "ListOperations", *request, [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    const int begin = request->page_token().empty() ? 0 : std::stoi(request->page_token());
    const int end = begin + std::min(2, request->page_size() == 0 ? 2 : request->page_size());
    int index = 0;
    for (auto at = state_->operations.rbegin(); at != state_->operations.rend(); ++at) {
      if (!request->group().empty() && at->group() != request->group()) continue;
      if (index >= begin && index < end) *response->add_operations() = *at;
      ++index;
    }
    if (index > end) response->set_next_page_token(std::to_string(end));
    return absl::OkStatus();
  });
}

grpc::Status FakeOperations::WaitOperation(grpc::ServerContext* context,
                                           const v1::WaitOperationRequest* request,
                                           v1::Operation* response) {
  return Serve(state_, "WaitOperation", *request, [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    const v1::Operation* operation = state_->FindOperation(request->name());
    if (operation == nullptr) return Unknown(request->name());
    state_->watched = request->name();
    const Deadline deadline =
        Deadline::After(RealClock::Get(), absl::Seconds(request->timeout().seconds()));
    while (!HasEnded(*state_->FindOperation(request->name())) && !deadline.Passed() &&
           !context->IsCancelled()) {
      state_->changed.NotifyAll();
      state_->changed.WaitFor(&state_->mutex, absl::Milliseconds(20));
    }
    *response = *state_->FindOperation(request->name());
    return absl::OkStatus();
  });
}

grpc::Status FakeOperations::WatchOperation(grpc::ServerContext* context,
                                            const v1::GetOperationRequest* request,
                                            grpc::ServerWriter<v1::Operation>* writer) {
  return Serve(state_, "WatchOperation", *request, [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    std::string sent;
    state_->watched = request->name();
    for (;;) {
      if (!state_->failure.ok()) return state_->failure;
      const v1::Operation* operation = state_->FindOperation(request->name());
      if (operation == nullptr) return Unknown(request->name());
      if (operation->SerializeAsString() != sent) {
        sent = operation->SerializeAsString();
        writer->Write(*operation);
      }
      if (HasEnded(*operation)) return absl::OkStatus();
      if (context->IsCancelled()) return absl::CancelledError("the client went away");
      state_->changed.NotifyAll();
      state_->changed.WaitFor(&state_->mutex, absl::Milliseconds(20));
    }
  });
}

grpc::Status FakeOperations::CancelOperation(grpc::ServerContext*,
                                             const v1::CancelOperationRequest* request,
                                             v1::Operation* response) {
  return Serve(state_, "CancelOperation", *request, [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    v1::Operation* operation = state_->FindOperation(request->name());
    if (operation == nullptr) return Unknown(request->name());
    // "stubborn" is past its point of no return.
    operation->set_cancel_requested(true);
    if (!HasEnded(*operation) && operation->phase() != "stubborn") {
      operation->set_state(v1::Operation::CANCELLED);
    }
    *response = *operation;
    return absl::OkStatus();
  });
}

grpc::Status FakeOperations::ListEvents(grpc::ServerContext*, const v1::ListEventsRequest* request,
                                        v1::ListEventsResponse* response) {
  return Serve(state_, "ListEvents", *request, [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    for (const v1::Operation& operation : state_->operations) {
      v1::Event* event = response->add_events();
      event->set_group(operation.group());
      event->set_kind("change");
      event->set_text(operation.kind());
    }
    return absl::OkStatus();
  });
}

grpc::Status FakeHealth::GetHealth(grpc::ServerContext*, const v1::GetHealthRequest* request,
                                   v1::GetHealthResponse* response) {
  return Serve(state_, "GetHealth", *request, [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS -> absl::Status {
    WEFT_ASSIGN_OR_RETURN(const v1::Group* group, state_->Find(request->group()));
    for (const v1::Server& server : group->servers()) {
      v1::ObserverReport* report = response->add_reports();
      report->set_observer("m1");
      report->mutable_report()->set_uuid(server.uuid());
      report->mutable_report()->set_address(server.address());
      report->mutable_report()->set_contact(v1::ServerReport::ANSWERED);
    }
    return absl::OkStatus();
  });
}

grpc::Status FakeThreats::ReportError(grpc::ServerContext*, const v1::ReportThreatRequest* request,
                                      v1::ReportThreatResponse*) {
  return Serve(state_, "ReportError", *request, [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return state_->FindServer(request->server()).status();
  });
}

// A server whose weight is 0 is dead.
grpc::Status FakeThreats::ReportFailure(grpc::ServerContext*,
                                        const v1::ReportThreatRequest* request,
                                        v1::ReportThreatResponse* response) {
  return Serve(
      state_, "ReportFailure", *request, [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS -> absl::Status {
        WEFT_ASSIGN_OR_RETURN(const v1::Server* server, state_->FindServer(request->server()));
        if (server->weight() > 0) return absl::OkStatus();
        *response->mutable_operation() = state_->Begin("failover", server->group(), "");
        return absl::OkStatus();
      });
}

grpc::Status FakeNode::GetNodeStatus(grpc::ServerContext*, const v1::GetNodeStatusRequest* request,
                                     v1::NodeStatus* response) {
  return Serve(state_, "GetNodeStatus", *request, [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    *response = state_->node;
    return absl::OkStatus();
  });
}

grpc::Status FakeNode::SetUpStore(grpc::ServerContext*, const v1::SetUpStoreRequest* request,
                                  v1::NodeStatus* response) {
  return Serve(state_, "SetUpStore", *request, [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    state_->node.set_schema_found(state_->node.schema_expected());
    *response = state_->node;
    return absl::OkStatus();
  });
}

grpc::Status FakeNode::TearDownStore(grpc::ServerContext*, const v1::TearDownStoreRequest* request,
                                     v1::NodeStatus* response) {
  return Serve(state_, "TearDownStore", *request, [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    if (request->confirm() != "destroy all state") {
      return Refusal(absl::StatusCode::kInvalidArgument, "NOT_CONFIRMED", "not confirmed");
    }
    state_->groups.clear();
    state_->node.set_schema_found(0);
    *response = state_->node;
    return absl::OkStatus();
  });
}

grpc::Status FakeNode::RotateAccount(grpc::ServerContext*, const v1::RotateAccountRequest* request,
                                     v1::RotateAccountResponse* response) {
  return Serve(state_, "RotateAccount", *request, [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    for (const auto& [name, group] : state_->groups) {
      for (const v1::Server& server : group.servers()) {
        if (server.status() == v1::FAULTY) {
          return Refusal(absl::StatusCode::kFailedPrecondition, "SERVERS_SILENT",
                         absl::StrCat("a server does not answer: ", server.address()),
                         "an answer of every server", "1 silent", "start it, and ask again");
        }
        response->add_changed(server.name());
      }
    }
    return absl::OkStatus();
  });
}

}  // namespace weft::cli
