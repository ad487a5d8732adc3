#pragma once
// Pods with volumes of a Kubernetes cluster as machines.
#include <memory>

#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "services/provisioner/ports/provider.h"

namespace weft::provisioner {

// The record: `url` of the API server (https://kubernetes.default.svc within the cluster);
// `password` a bearer token; user and tenant are not used. Extra keys: `token_file` (instead of the
// password; read at each request, as a service account's token changes:
// /var/run/secrets/kubernetes.io/serviceaccount/token), ca_file, certificate_file and key_file (of
// TLS, PEM; a kubeconfig's data as files), `namespace` (default "default"), `storage_class`,
// `storage` (of each machine, default 10g), `snapshot_class`, `cluster_domain`, `data_dir` (default
// /var/lib/mysql).
//
// A machine is a StatefulSet "machine-<uuid>" of one pod, which owns a claim, a Service and, for
// user data, a Secret of the same name: all are applied by the server, so that a repeated Create
// mends what an earlier one left half done, and all go with the StatefulSet. It runs when its
// container is ready, and is reached by the Service's name, "machine-<uuid>.<namespace>.svc". Of an
// order it takes:
//   image              name=REFERENCE, pulled by the node; that there is none shows as kFailed
//   flavor             memory=600m, cpus=1.5, storage=20g; "name" means nothing here
//   availability_zone  and scheduler_hints: labels that the node must have
//   public_network     "default", or a loadBalancerClass: the Service gets an address outside
//   user_data          is mounted in /docker-entrypoint-initdb.d, as Docker's
//   meta               command, entrypoint, environment shape the container (words as in a shell);
//                      all others are kept as an annotation
// BAD_ORDER for all else. Search knows the keys name, status (the pod's phase), node, image.
// Destroy returns once pod, claim and all else are gone; PROVIDER_TOO_SLOW where they are not yet.
//
// Snapshots are VolumeSnapshots; NOT_OFFERED in clusters without them. A machine that is restored
// has the server uuid of the one that was saved (auto.cnf).
//
// The account needs: statefulsets, persistentvolumeclaims, services, secrets: get, list, create,
// patch, delete; pods: list, create (dry runs only); volumesnapshots: as the first.
//
// BAD_PROVIDER for a record that cannot be used. `clock` must outlive the provider.
absl::StatusOr<std::unique_ptr<Provider>> NewKubernetesProvider(const ProviderRecord& record,
                                                                Clock* clock);

}  // namespace weft::provisioner
