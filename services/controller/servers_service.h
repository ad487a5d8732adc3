#pragma once
#include "protos/weft/v1/servers.grpc.pb.h"
#include "services/controller/server_requests.h"

namespace weft::controller {

// weft.v1.Servers: converts, asks, converts.
class ServersService : public v1::Servers::Service {
 public:
  // `servers` outlives this.
  explicit ServersService(ServerRequests* servers) : servers_(servers) {}

  grpc::Status GetServer(grpc::ServerContext* context, const v1::GetServerRequest* request,
                         v1::Server* response) override;
  grpc::Status ListServers(grpc::ServerContext* context, const v1::ListServersRequest* request,
                           v1::ListServersResponse* response) override;
  grpc::Status AddServer(grpc::ServerContext* context, const v1::AddServerRequest* request,
                         v1::AddServerResponse* response) override;
  grpc::Status RemoveServer(grpc::ServerContext* context, const v1::RemoveServerRequest* request,
                            v1::RemoveServerResponse* response) override;
  grpc::Status UpdateServer(grpc::ServerContext* context, const v1::UpdateServerRequest* request,
                            v1::Server* response) override;
  grpc::Status CheckServer(grpc::ServerContext* context, const v1::CheckServerRequest* request,
                           v1::CheckServerResponse* response) override;
  grpc::Status RejoinServer(grpc::ServerContext* context, const v1::RejoinServerRequest* request,
                            v1::RejoinServerResponse* response) override;
  grpc::Status LookupServerUuid(grpc::ServerContext* context,
                                const v1::LookupServerUuidRequest* request,
                                v1::LookupServerUuidResponse* response) override;

 private:
  ServerRequests* const servers_;
};

}  // namespace weft::controller
