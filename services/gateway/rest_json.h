#pragma once
// Private to rest.cc: topology and errors as JSON over HTTP.
#include <memory>
#include <string>

#include "services/gateway/http/server.h"
#include "services/gateway/routes.h"

namespace weft::gateway {

// {"reason": ..., "message": ..., "expected": ..., "found": ..., "next_step": ...}
struct RestError {
  int code = 500;
  std::string reason;
  std::string message;
  std::string expected;
  std::string found;
  std::string next_step;
};
http::Response ErrorResponse(const RestError& error);

http::Response JsonResponse(int code, std::shared_ptr<const std::string> body);
http::Response JsonResponse(int code, std::string body);

// One server of a group, with its lag as `routes` has it.
std::string ServerJson(const RoutedGroup& group, const RoutedServer& server, const Routes& routes);
// {"group": ..., "epoch": ..., "servers": [...]}
std::string ServersJson(const RoutedGroup& group, const std::vector<const RoutedServer*>& servers,
                        const Routes& routes);
// A group with its servers and their lags.
std::string GroupJson(const RoutedGroup& group, const Routes& routes);

// {"groups": [...]}, each with its servers; {"groups": [...]} without; {"servers": [...]}. None
// with lags: these change all the time.
std::string TopologyJson(const RouteSnapshot& snapshot);
std::string GroupsJson(const RouteSnapshot& snapshot);
std::string AllServersJson(const RouteSnapshot& snapshot);

}  // namespace weft::gateway
