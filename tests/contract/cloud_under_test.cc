#include "tests/contract/cloud_under_test.h"

#include <map>

#include "absl/strings/str_cat.h"

namespace weft::provisioner {
namespace {

using testing::HttpTrouble;

// Nothing listens on a port that takes root to bind and is given to nobody.
constexpr char kNobody[] = "http://127.0.0.1:1";

}  // namespace

void CloudUnderTest::Serve(testing::FakeHttp* server, ProviderRecord record, Factory factory,
                           const std::string& path) {
  server_ = server;
  record_ = std::move(record);
  record_.url = absl::StrCat(server->url(), path);
  factory_ = std::move(factory);
  auto healthy = factory_(record_);
  ASSERT_TRUE(healthy.ok()) << healthy.status();
  healthy_ = *std::move(healthy);
  current_ = healthy_.get();
}

bool CloudUnderTest::Stage(Trouble trouble) {
  static const auto& of_wire = *new std::map<Trouble, HttpTrouble>{
      {Trouble::kServerError, HttpTrouble::kServerError},
      {Trouble::kWrongCredentials, HttpTrouble::kUnauthorized},
      {Trouble::kGarbage, HttpTrouble::kGarbage},
      {Trouble::kOtherJson, HttpTrouble::kOtherJson},
      {Trouble::kEcho, HttpTrouble::kEcho},
      {Trouble::kHalf, HttpTrouble::kHalf},
      {Trouble::kRedirect, HttpTrouble::kRedirect},
      {Trouble::kSlow, HttpTrouble::kSlow},
  };
  current_ = healthy_.get();
  if (trouble == Trouble::kUnreachable) {
    ProviderRecord nobody = record_;
    nobody.url = kNobody;
    auto made = factory_(nobody);
    if (!made.ok()) return false;
    unreachable_ = *std::move(made);
    current_ = unreachable_.get();
    return true;
  }
  const auto wire = of_wire.find(trouble);
  server_->SetTrouble(wire == of_wire.end() ? HttpTrouble::kNone : wire->second);
  return wire != of_wire.end() || StageInside(trouble);
}

}  // namespace weft::provisioner
