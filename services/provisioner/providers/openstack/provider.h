#pragma once
// Servers of an OpenStack cloud as machines.
#include <memory>

#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "services/provisioner/ports/provider.h"

namespace weft::provisioner {

// The record: `url` of Keystone ("/v3" is added where it lacks), user, password and tenant (the
// project). Extra keys: user_domain_name and project_domain_name (default "Default"), region_name,
// interface (of the catalog, default "public"), ca_file, certificate_file, key_file; auth_system is
// taken, as old clients send it, if it is "keystone". Services: Keystone v3, Nova v2.1, Glance v2,
// and Neutron v2.0 where an order names networks.
//
// A machine is a server "machine-<uuid>" whose metadata hold the uuid and the order's meta. It is
// an own host: where MySQL listens is the image's matter. Of an order all fields are taken:
//   image             a search by name, id, status, visibility, owner, architecture, os_distro,
//                     os_version, mindisk, minram; the first match
//   flavor            a search by name, id, ram, vcpus, disk, swap, rxtx_factor; the first match
//   private_networks  names of networks
//   public_network    the pool that a floating address is taken from; it goes with the machine
//   swap              MiB, as a disk of its own
// BAD_ORDER for other keys. Search knows the keys name, id, status (as Nova has it).
//
// A snapshot is an image of the server's disk, whose data Glance verifies. A machine that is
// restored has the server uuid of the one that was saved (auto.cnf), unless its image makes another
// at the first start.
//
// BAD_PROVIDER for a record that cannot be used. `clock` must outlive the provider.
absl::StatusOr<std::unique_ptr<Provider>> NewOpenStackProvider(const ProviderRecord& record,
                                                               Clock* clock);

}  // namespace weft::provisioner
