// The farm contract on real MySQL 5.6 servers.
#include "tests/contract/farm_contract.h"
#include "tests/contract/real_farm.h"

namespace weft::controller {

INSTANTIATE_TEST_SUITE_P(Mysql56, FarmContract,
                         ::testing::Values(FarmContractParam{
                             "Real",
                             []() -> absl::StatusOr<std::unique_ptr<FarmUnderTest>> {
                               return RealFarm::Make({.servers = 3, .version = "5.6"});
                             }}),
                         FarmContractName);

}  // namespace weft::controller
