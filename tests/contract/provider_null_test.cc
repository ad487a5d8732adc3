#include <memory>

#include "common/base/random.h"
#include "services/provisioner/providers/null.h"
#include "tests/contract/provider_contract.h"

namespace weft::provisioner {
namespace {

class Null : public ProviderUnderTest {
 public:
  Null() : provider_(*NewNullProvider({.id = "nowhere", .type = "null"}, RealClock::Get())) {}

  Provider& provider() override { return *provider_; }
  std::string provider_id() override { return "nowhere"; }
  MachineOrder Order() override { return {.uuid = RandomUuid()}; }
  bool takes_any_image() override { return true; }
  bool offers_snapshots() override { return true; }
  bool Stage(Trouble trouble) override { return trouble == Trouble::kNone; }

 private:
  const std::unique_ptr<Provider> provider_;
};

INSTANTIATE_TEST_SUITE_P(Null, ProviderContract,
                         ::testing::Values(ProviderMaker{"InMemory",
                                                         [] { return std::make_unique<Null>(); }}),
                         ProviderName);

}  // namespace
}  // namespace weft::provisioner
