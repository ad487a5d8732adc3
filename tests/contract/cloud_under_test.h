#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "services/provisioner/ports/provider.h"
#include "services/provisioner/providers/testing/fake_http.h"
#include "tests/contract/provider_contract.h"

namespace weft::provisioner {

// What the providers over HTTP have in common: the troubles of the wire.
class CloudUnderTest : public ProviderUnderTest {
 public:
  Provider& provider() override { return *current_; }
  std::string provider_id() override { return record_.id; }
  bool Stage(Trouble trouble) override;

 protected:
  using Factory = std::function<absl::StatusOr<std::unique_ptr<Provider>>(const ProviderRecord&)>;

  // To be called by the constructor: makes the provider of the record, at the server's url and
  // `path` below it.
  void Serve(testing::FakeHttp* server, ProviderRecord record, Factory factory,
             const std::string& path = "");
  const ProviderRecord& record() const { return record_; }
  // The troubles that the wire does not know; also called with kNone, to end them.
  virtual bool StageInside(Trouble trouble) = 0;

 private:
  testing::FakeHttp* server_ = nullptr;
  ProviderRecord record_;
  Factory factory_;
  std::unique_ptr<Provider> healthy_;
  std::unique_ptr<Provider> unreachable_;
  Provider* current_ = nullptr;
};

}  // namespace weft::provisioner
