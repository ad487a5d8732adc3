#include "services/gateway/commands/machine_text.h"

#include <gtest/gtest.h>

#include <string>

namespace weft::gateway {
namespace {

v1::Machine With(int addresses) {
  v1::Machine machine;
  for (int i = 1; i <= addresses; ++i) {
    v1::MachineAddress& address = *machine.add_addresses();
    address.set_network(i < 3 ? "private" : "public");
    address.set_host("10.0.0." + std::to_string(i));
    if (i == 3) address.set_port(3307);
  }
  return machine;
}

TEST(MachineTextTest, TheShapeOfAddressesIsThatOfTheProvidersType) {
  EXPECT_EQ(AddressesText("null", With(1)), "10.0.0.1");
  EXPECT_EQ(AddressesText("docker", With(1)), R"("10.0.0.1")");
  EXPECT_EQ(AddressesText("openstack", With(1)), R"({"private":["10.0.0.1"]})");
  EXPECT_EQ(AddressesText("local", With(1)), R"({"private":["10.0.0.1"]})");
}

TEST(MachineTextTest, AndNotThatOfTheirNumber) {
  EXPECT_EQ(AddressesText("docker", With(3)), R"("10.0.0.1")");
  EXPECT_EQ(AddressesText("openstack", With(3)),
            R"({"private":["10.0.0.1","10.0.0.2"],"public":["10.0.0.3:3307"]})");
  EXPECT_EQ(AddressesText("null", With(0)), "");
  EXPECT_EQ(AddressesText("docker", With(0)), R"("")");
  EXPECT_EQ(AddressesText("openstack", With(0)), "{}");
}

TEST(MachineTextTest, WhatIsNotKnownOfAPlaceIsADash) {
  v1::Machine machine;
  EXPECT_EQ(ZoneText(machine), "-:-");
  machine.set_zone("north");
  EXPECT_EQ(ZoneText(machine), "north:-");
}

}  // namespace
}  // namespace weft::gateway
