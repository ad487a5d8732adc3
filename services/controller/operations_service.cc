#include "services/controller/operations_service.h"

#include <grpc/support/time.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "common/base/mutex.h"
#include "common/rpc/guarded_service.h"
#include "services/controller/answer.h"
#include "services/controller/convert.h"
#include "services/controller/stream_writer.h"

namespace weft::controller {
namespace {

// What is left of the call's own deadline.
absl::Duration Left(const grpc::ServerContext& context) {
  const gpr_timespec deadline = context.raw_deadline();
  if (gpr_time_cmp(deadline, gpr_inf_future(deadline.clock_type)) == 0) {
    return absl::InfiniteDuration();
  }
  const gpr_timespec left = gpr_time_sub(deadline, gpr_now(deadline.clock_type));
  return absl::Seconds(left.tv_sec) + absl::Nanoseconds(left.tv_nsec);
}

// Sends one operation until it has ended; of several changes only the newest.
class OperationWatcher : public StreamWriter<v1::Operation> {
 public:
  OperationWatcher(OperationsBoard* board, DrainSignal* drain, const std::string& id)
      : StreamWriter(drain), board_(board) {
    const absl::StatusOr<uint64_t> handle = board_->Watch(
        id, [this](const Operation& operation) { Tell(operation); },
        [this](const absl::Status& lost) { End(rpc::ToGrpc(lost)); });
    if (handle.ok()) {
      handle_ = *handle;
    } else {
      End(rpc::ToGrpc(handle.status()));
    }
    Begin();
  }

 private:
  std::optional<v1::Operation> Next() override {
    MutexLock lock(&mutex_);
    return std::exchange(next_, std::nullopt);
  }
  void Closed() override { board_->Unwatch(handle_); }

  void Tell(const Operation& operation) {
    {
      MutexLock lock(&mutex_);
      next_ = ToProto(operation);
    }
    Poke();
    if (operation.done()) End(grpc::Status::OK);
  }

  OperationsBoard* const board_;
  uint64_t handle_ = 0;
  Mutex mutex_;
  std::optional<v1::Operation> next_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

grpc::Status OperationsService::GetOperation(grpc::ServerContext*,
                                             const v1::GetOperationRequest* request,
                                             v1::Operation* response) {
  return Answer(operations_->Get(request->name()),
                [&](const Operation& operation) { *response = ToProto(operation); });
}

grpc::Status OperationsService::ListOperations(grpc::ServerContext*,
                                               const v1::ListOperationsRequest* request,
                                               v1::ListOperationsResponse* response) {
  return Answer(
      operations_->List(BareGroupId(request->group()), request->page_size(), request->page_token()),
      [&](const OperationRequests::Page<Operation>& page) {
        for (const Operation& operation : page.items) {
          *response->add_operations() = ToProto(operation);
        }
        response->set_next_page_token(page.next_token);
      });
}

grpc::Status OperationsService::WaitOperation(grpc::ServerContext* context,
                                              const v1::WaitOperationRequest* request,
                                              v1::Operation* response) {
  absl::Duration timeout = FromProto(request->timeout());
  if (timeout <= absl::ZeroDuration()) timeout = Left(*context);
  return Answer(operations_->Wait(request->name(), timeout,
                                  [&] { return context->IsCancelled() || drain_->fired(); }),
                [&](const Operation& operation) { *response = ToProto(operation); });
}

grpc::ServerWriteReactor<v1::Operation>* OperationsService::WatchOperation(
    grpc::CallbackServerContext*, const v1::GetOperationRequest* request) {
  const absl::StatusOr<std::string> id = OperationIdOf(request->name());
  if (!id.ok()) return new rpc::EndedStream<v1::Operation>(rpc::ToGrpc(id.status()));
  return new OperationWatcher(&operations_->board(), drain_, *id);
}

grpc::Status OperationsService::CancelOperation(grpc::ServerContext*,
                                                const v1::CancelOperationRequest* request,
                                                v1::Operation* response) {
  return Answer(operations_->Cancel(request->name()),
                [&](const Operation& operation) { *response = ToProto(operation); });
}

grpc::Status OperationsService::ListEvents(grpc::ServerContext*,
                                           const v1::ListEventsRequest* request,
                                           v1::ListEventsResponse* response) {
  const absl::Time since =
      request->has_since() ? FromProto(request->since()) : absl::InfinitePast();
  return Answer(operations_->Events(BareGroupId(request->group()), request->page_size(),
                                    request->page_token(), since),
                [&](const OperationRequests::Page<Event>& page) {
                  for (const Event& event : page.items) *response->add_events() = ToProto(event);
                  response->set_next_page_token(page.next_token);
                });
}

}  // namespace weft::controller
