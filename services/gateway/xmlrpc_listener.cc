#include "services/gateway/xmlrpc_listener.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/rpc/address.h"
#include "services/gateway/digest.h"

namespace weft::gateway {
namespace {

namespace xmlrpc = fabric::xmlrpc;

// What Python's classes are called in the texts of the original's faults.
constexpr char kParserError[] = "<class 'xml.parsers.expat.ExpatError'>:";
constexpr char kAnyError[] = "<type 'exceptions.Exception'>:";
constexpr char kTypeError[] = "<type 'exceptions.TypeError'>:";
constexpr char kOverflowError[] = "<type 'exceptions.OverflowError'>:";

constexpr char kListMethods[] = "system.listMethods";
constexpr char kMethodHelp[] = "system.methodHelp";
constexpr char kMethodSignature[] = "system.methodSignature";

std::shared_ptr<const std::string> Shared(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

http::Response Xml(std::shared_ptr<const std::string> body) {
  return {200, {{"Content-Type", "text/xml"}}, std::move(body), false};
}

http::Response Fault(absl::string_view type, absl::string_view text) {
  return Xml(Shared(xmlrpc::WriteFault({1, absl::StrCat(type, text)})));
}

http::Response Text(int code, absl::string_view text) {
  return {code, {{"Content-Type", "text/plain"}}, Shared(std::string(text)), false};
}

absl::string_view Header(const http::Request& request, const char* name) {
  const auto found = request.headers.find(name);
  return found == request.headers.end() ? absl::string_view() : found->second;
}

// The bytes of a reply: made once, for as many as get it.
http::Response Answered(const Reply& reply, int ttl) {
  return Xml(reply.Bytes(Wire::kXmlRpc, ttl, [&] {
    absl::StatusOr<std::string> text = xmlrpc::WriteAnswer(*reply, ttl);
    if (text.ok()) return *std::move(text);
    return xmlrpc::WriteFault({1, absl::StrCat(kOverflowError, text.status().message())});
  }));
}

class Listener : public XmlrpcListener {
 public:
  explicit Listener(Options options) : options_(std::move(options)) {}

  absl::Status Begin() {
    http::Server::Options http = options_.http;
    http.handler = [this](const http::Request& request, http::Server::Respond respond) {
      Handle(request, std::move(respond));
    };
    WEFT_ASSIGN_OR_RETURN(server_, http::Server::Start(std::move(http)));
    return absl::OkStatus();
  }

  int port() const override { return server_->port(); }
  size_t connections() const override { return server_->connections(); }

 private:
  void Handle(const http::Request& request, http::Server::Respond respond) {
    if (request.method != "POST") {
      return respond(Text(501, absl::StrCat("Unsupported method ('", request.method, "')")));
    }
    if (request.path != "/RPC2" && request.path != "/") return respond(Text(404, "No such page"));
    const absl::string_view encoding = Header(request, "content-encoding");
    if (!encoding.empty() && !absl::EqualsIgnoreCase(encoding, "identity")) {
      return respond(Text(501, absl::StrCat("encoding '", encoding, "' not supported")));
    }
    Caller caller{"", request.peer};
    if (options_.authenticate) {
      std::variant<std::string, http::Response> login = Login(request);
      if (auto* const refusal = std::get_if<http::Response>(&login)) {
        return respond(std::move(*refusal));
      }
      caller.user = std::get<std::string>(std::move(login));
    } else if (!Header(request, "origin").empty()) {
      // This machine's programs are trusted here, but not what its browsers load from elsewhere.
      return respond(Text(403, "Without a login no web page is served"));
    }
    // Connector/J sends it to learn whether a login is wanted; 200 would not do.
    if (request.body.empty()) return respond(Text(400, "an empty request"));
    Dispatch(caller, request.body, std::move(respond));
  }

  // The name of who logs in, or the answer to who may not.
  std::variant<std::string, http::Response> Login(const http::Request& request) {
    const std::shared_ptr<const UserSnapshot> users = options_.users->Get();
    if (users == nullptr || users->nonce_key.empty()) {
      http::Response unready = Text(503, "No controller has said yet who may log in.");
      unready.headers.emplace_back("Retry-After", "1");
      return unready;
    }
    const absl::string_view header = Header(request, "authorization");
    if (!absl::StartsWithIgnoreCase(header, "digest ")) return Challenge(*users, false);
    DigestCredentials credentials;
    if (!Digest::Parse(header, &credentials)) return Text(400, "a malformed login");
    if (!options_.guard->MayTry(request.peer, credentials.username)) {
      http::Response later = Text(429, "Too many failed logins.");
      later.headers.emplace_back("Retry-After", "1");
      return later;
    }
    switch (digest_.Verify(credentials, *users, options_.clock->Now())) {
      case Digest::Verdict::kRight:
        options_.guard->Succeeded(request.peer, credentials.username);
        return std::move(credentials.username);
      case Digest::Verdict::kStale:
        return Challenge(*users, true);
      case Digest::Verdict::kWrong:
        options_.guard->Failed(request.peer, credentials.username);
        return Challenge(*users, false);
      case Digest::Verdict::kMalformed:
        break;
    }
    return Text(400, "a malformed login");
  }

  http::Response Challenge(const UserSnapshot& users, bool stale) {
    return {401,
            {{"WWW-Authenticate", digest_.Challenge(users, options_.clock->Now(), stale)}},
            nullptr,
            false};
  }

  void Dispatch(const Caller& caller, absl::string_view body, http::Server::Respond respond) {
    absl::StatusOr<fabric::Call> call = xmlrpc::ParseRequest(body, options_.limits);
    if (!call.ok()) {
      if (options_.authenticate && !absl::StrContains(body, "<methodName>")) {
        return respond(Text(400, "a request without a method's name"));
      }
      return respond(Fault(kParserError, call.status().message()));
    }
    const std::string& method = call->method;
    const bool system =
        method == kListMethods || method == kMethodHelp || method == kMethodSignature;
    // Connector/Python asks for one that does not exist, and wants a fault, whoever it is.
    if (!system && !options_.executor->Knows(method)) {
      return respond(Fault(kAnyError, absl::StrCat("method \"", method, "\" is not supported")));
    }
    if (!options_.executor->IsAllowed(caller, method)) {
      return respond(Text(403, absl::StrCat("Not allowed to execute 'core.", method, "'")));
    }
    if (system) return respond(Introspect(*call));
    options_.executor->Execute(
        caller, *std::move(call),
        [respond = std::move(respond), executor = options_.executor](const Reply& reply) {
          respond(Answered(reply, executor->ttl()));
        });
  }

  http::Response Introspect(const fabric::Call& call) {
    const size_t wanted = call.method == kListMethods ? 0 : 1;
    if (call.arguments.size() != wanted) {
      std::string function = call.method;
      std::replace(function.begin(), function.end(), '.', '_');
      return Fault(kTypeError, absl::StrCat(function, "() takes exactly ", wanted + 1,
                                            wanted == 0 ? " argument (" : " arguments (",
                                            call.arguments.size() + 1, " given)"));
    }
    fabric::Value result{std::string("signatures not supported")};
    if (call.method == kListMethods) {
      std::vector<std::string> names = options_.executor->Methods();
      names.insert(names.end(), {kListMethods, kMethodHelp, kMethodSignature});
      std::sort(names.begin(), names.end());
      fabric::List list;
      for (std::string& name : names) list.push_back({std::move(name)});
      result.data = std::move(list);
    } else if (call.method == kMethodHelp) {
      const auto* name = std::get_if<std::string>(&call.arguments[0].data);
      result.data = name == nullptr ? "" : options_.executor->Help(*name);
    }
    return Xml(Shared(*xmlrpc::WriteValue(result)));
  }

  const Options options_;
  Digest digest_;
  // Last: its threads use what stands above.
  std::unique_ptr<http::Server> server_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<XmlrpcListener>> XmlrpcListener::Start(Options options) {
  if (!options.authenticate) {
    WEFT_ASSIGN_OR_RETURN(const rpc::Endpoint endpoint, rpc::ParseEndpoint(options.http.listen));
    if (!rpc::IsLoopback(endpoint.host)) {
      return Refusal(absl::StatusCode::kFailedPrecondition, "LOGIN_REQUIRED",
                     "XML-RPC without a login is open to this machine only", "a loopback address",
                     endpoint.host, "Listen on 127.0.0.1, or ask for logins.");
    }
  }
  auto listener = std::make_unique<Listener>(std::move(options));
  WEFT_RETURN_IF_ERROR(listener->Begin());
  return listener;
}

}  // namespace weft::gateway
