#pragma once
// Containers of a Docker engine (Engine API 1.41 or what later engines take; from 20.10 on) as
// machines.
#include <memory>

#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "services/provisioner/ports/provider.h"

namespace weft::provisioner {

// The record: `url` unix:///run/docker.sock, tcp://host:port or https://host:port; user, password
// and tenant are not used, an engine knows a caller by its certificate. Extra keys: ca_file,
// certificate_file, key_file (of TLS, PEM); `publish` (address of the engine's host on which each
// machine's MySQL is published; none: containers are reached at their own addresses);
// `publish_ports` (from which each machine's own is taken, for good: "21000-25999"); `mysql_port`
// (inside, default 3306); `data_dir` (inside, default /var/lib/mysql).
//
// A machine is a container "machine-<uuid>" with its data in a volume of the same name, restarted
// by the engine until it is destroyed. Of an order it takes:
//   image             name=REFERENCE: the first image of that name that the engine has; none is
//                     pulled
//   flavor            memory=600m, cpus=1.5; "name" means nothing here and is ignored
//   private_networks  names of the engine's networks; none: its default bridge
//   public_network    as `publish`, for this machine
//   user_data         is put into /docker-entrypoint-initdb.d/ before the first start, as
//                     user-data.sh when it begins with "#!", else as user-data.sql
//   meta              shape the container: command, entrypoint, environment (words as in a shell),
//                     ports, volumes, dns (lists; ports as "[[ADDRESS:]PORT:]PORT"), hostname,
//                     domainname, user, working_dir, mac_address, mem_limit, memswap_limit,
//                     cpu_shares, cpuset, tty, stdin_open. All others are kept as labels. The
//                     password that Fabric's Docker branch gave root ("root") is not given.
// BAD_ORDER for all else. Search knows the keys name, id, image, status (as `docker ps` has it).
//
// A snapshot is a copy of the data volume in a volume of its own, made over the API while the
// container is paused, with a checksum that is verified when it is made and when it is restored.
//
// BAD_PROVIDER for a record that cannot be used. `clock` must outlive the provider.
absl::StatusOr<std::unique_ptr<Provider>> NewDockerProvider(const ProviderRecord& record,
                                                            Clock* clock);

}  // namespace weft::provisioner
