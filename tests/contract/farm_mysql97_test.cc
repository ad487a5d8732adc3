// The farm contract on real MySQL 9.7 servers.
#include "tests/contract/farm_contract.h"
#include "tests/contract/real_farm.h"

namespace weft::controller {

INSTANTIATE_TEST_SUITE_P(Mysql97, FarmContract,
                         ::testing::Values(FarmContractParam{
                             "Real",
                             []() -> absl::StatusOr<std::unique_ptr<FarmUnderTest>> {
                               return RealFarm::Make({.servers = 3, .version = "9.7"});
                             }}),
                         FarmContractName);

}  // namespace weft::controller
