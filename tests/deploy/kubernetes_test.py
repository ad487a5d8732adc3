"""deploy/kubernetes as it is applied: built, held against the schemas of Kubernetes and against the
programs that it runs."""

import base64
import copy
import json
import pathlib
import re
import sys
import tempfile
import unittest

import deployed
from deployed import ROOT, run

sys.path.append(str(ROOT / "tests" / "runner"))
import cases  # noqa: E402  (the path comes first)

KUBERNETES = ROOT / "deploy/kubernetes"
# What the provisioner applies for one machine; its unit test says that it is so.
MACHINE = ROOT / "services/provisioner/providers/kubernetes/testdata/machine.json"
# The oldest that is still kept, about, and the newest that the schemas know.
VERSIONS = ("1.30", "1.37")
# Of an interface that is not Kubernetes' own: the fields that are used, with their types.
SERVICE_MONITOR = {
    "selector": {"matchLabels": dict},
    "endpoints": [{"port": str, "interval": str, "scrapeTimeout": str}],
}


def deviations(found, model, path):
    """What `found` has that the model does not, or has otherwise."""
    if isinstance(model, type):
        return [] if isinstance(found, model) else [f"{path} is no {model.__name__}"]
    if isinstance(model, list):
        if not isinstance(found, list):
            return [f"{path} is no list"]
        return [d for i, one in enumerate(found) for d in deviations(one, model[0], f"{path}.{i}")]
    if not isinstance(found, dict):
        return [f"{path} is no map"]
    unknown = [f"{path}.{key} is unknown" for key in found if key not in model]
    known = [d for k in found if k in model for d in deviations(found[k], model[k], f"{path}.{k}")]
    return unknown + known


class KubernetesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        deployed.load_schemas()
        import kubernetes_validate

        cls.validate = staticmethod(kubernetes_validate.validate)
        cls.invalid = kubernetes_validate.ValidationError
        scratch = tempfile.TemporaryDirectory(prefix="weft-kubernetes-")
        cls.addClassCleanup(scratch.cleanup)
        cls.folder = pathlib.Path(scratch.name)
        cls.resources, cls.made = deployed.example_in(cls.folder)

    def of_kind(self, *kinds):
        return [one for one in self.resources if one["kind"] in kinds]

    def named(self, kind, start):
        """The resource of that name, with the hash that kustomize puts behind it or without."""
        for one in self.of_kind(kind):
            if re.fullmatch(re.escape(start) + "(-[a-z0-9]{10})?", one["metadata"]["name"]):
                return one
        raise AssertionError(f"there is no {kind} {start}")

    def workloads(self):
        return deployed.workloads(self.resources)

    def invalid_ones(self, resource, version):
        try:
            self.validate(resource, version, strict=True)
        except self.invalid as error:
            return [f"{resource['kind']} {resource['metadata']['name']}: {error.message}"]
        return []

    def test_every_resource_is_what_kubernetes_knows_and_has_no_unknown_field(self):
        for version in VERSIONS:
            for resource in self.resources:
                if resource["kind"] == "ServiceMonitor":
                    continue
                with self.subTest(version=version, name=resource["metadata"]["name"]):
                    self.assertEqual(self.invalid_ones(resource, version), [])

    def test_what_the_provisioner_applies_is_what_kubernetes_knows(self):
        objects = json.loads(MACHINE.read_text())
        self.assertEqual([one["kind"] for one in objects],
                         ["StatefulSet", "Pod", "PersistentVolumeClaim", "Service", "Secret"])
        for version in VERSIONS:
            for one in objects:
                with self.subTest(version=version, kind=one["kind"]):
                    self.assertEqual(self.invalid_ones(one, version), [])

    def test_an_unknown_field_and_a_wrong_type_would_be_seen(self):
        workload = next(self.workloads())[0]
        for path, value in (("replicas", "three"), ("replicaz", 3)):
            broken = copy.deepcopy(workload)
            broken["spec"][path] = value
            self.assertNotEqual(self.invalid_ones(broken, VERSIONS[-1]), [], path)
        self.assertEqual(deviations({"endpoints": [{"prot": "x"}]}, SERVICE_MONITOR, "spec"),
                         ["spec.endpoints.0.prot is unknown"])

    def test_prometheus_scrapes_every_process(self):
        monitor = self.named("ServiceMonitor", "weft")
        self.assertEqual(deviations(monitor["spec"], SERVICE_MONITOR, "spec"), [])
        wanted = monitor["spec"]["selector"]["matchLabels"].items()
        port = monitor["spec"]["endpoints"][0]["port"]
        scraped = [
            service["spec"]["selector"]["app.kubernetes.io/name"]
            for service in self.of_kind("Service")
            if wanted <= service["metadata"]["labels"].items()
            and port in [one["name"] for one in service["spec"]["ports"]]
        ]
        self.assertEqual(sorted(scraped), sorted(one["metadata"]["name"]
                                                 for one, _, _ in self.workloads()))

    def test_every_flag_is_one_of_its_program(self):
        for workload, _, container in self.workloads():
            name = container["command"][0].rpartition("/")[2]
            flags = deployed.flags_of(name)
            self.assertGreater(len(flags), 10, name)
            for argument in container["args"]:
                flag = argument.removeprefix("--").partition("=")[0].replace("-", "_")
                with self.subTest(program=name, flag=flag):
                    self.assertIn(flag, flags)

    def test_every_file_and_variable_that_a_program_is_given_is_there(self):
        for workload, pod, container in self.workloads():
            volumes = {one["name"]: one for one in pod["spec"].get("volumes", [])}
            claims = workload["spec"].get("volumeClaimTemplates", [])
            files = set()
            # What the image brings, and what may be written.
            roots = ["/opt/mysql/", *(one["mountPath"] for one in container["volumeMounts"]
                                      if one["name"] in [c["metadata"]["name"] for c in claims])]
            for mount in container["volumeMounts"]:
                if mount["name"] not in volumes:
                    continue
                secret = volumes[mount["name"]]["secret"]
                data = self.named("Secret", secret["secretName"])["data"]
                items = secret.get("items", [{"key": key, "path": key} for key in data])
                for item in items:
                    self.assertIn(item["key"], data)
                    files.add(f"{mount['mountPath']}/{item['path']}")
            known = {one["name"] for one in container["env"]}
            for argument in container["args"]:
                value = argument.partition("=")[2]
                with self.subTest(name=workload["metadata"]["name"], argument=argument):
                    if value.startswith("/"):
                        self.assertTrue(value in files or value.startswith(tuple(roots)))
                    for variable in re.findall(r"\$\((\w+)\)", value):
                        self.assertIn(variable, known)
            for variable in container["env"]:
                reference = variable.get("valueFrom", {}).get("configMapKeyRef")
                if reference is not None:
                    data = self.named("ConfigMap", reference["name"])["data"]
                    self.assertIn(reference["key"], data)

    def test_no_process_has_more_rights_or_means_than_it_needs(self):
        for workload, pod, container in self.workloads():
            with self.subTest(workload["metadata"]["name"]):
                self.assertTrue(pod["spec"]["securityContext"]["runAsNonRoot"])
                makes_machines = pod["spec"]["serviceAccountName"] == "weft-provisioner"
                self.assertEqual(pod["spec"]["automountServiceAccountToken"], makes_machines)
                context = container["securityContext"]
                self.assertTrue(context["readOnlyRootFilesystem"])
                self.assertFalse(context["allowPrivilegeEscalation"])
                self.assertEqual(context["capabilities"]["drop"], ["ALL"])
                self.assertIn("memory", container["resources"]["limits"])

    def test_an_image_that_was_loaded_by_hand_is_run(self):
        # Without a word on it ":latest" is pulled always, from a registry that does not have it.
        for workload, _, container in self.workloads():
            self.assertEqual((container["image"], container["imagePullPolicy"]),
                             ("weft:latest", "IfNotPresent"), workload["metadata"]["name"])

    def test_every_process_is_probed_by_grpc_where_it_answers_in_plain_text(self):
        for workload, _, container in self.workloads():
            listens = f"--health-listen=0.0.0.0:{container['readinessProbe']['grpc']['port']}"
            for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                self.assertEqual(container[probe]["grpc"], container["readinessProbe"]["grpc"])
            self.assertIn(listens, container["args"], workload["metadata"]["name"])

    def test_one_of_each_at_most_is_taken_away_at_a_time(self):
        budgets = {
            one["spec"]["selector"]["matchLabels"]["app.kubernetes.io/name"]: one["spec"]
            for one in self.of_kind("PodDisruptionBudget")
        }
        for workload, pod, container in self.workloads():
            name = pod["metadata"]["labels"]["app.kubernetes.io/name"]
            with self.subTest(name):
                self.assertEqual(budgets[name]["maxUnavailable"], 1)
                self.assertGreater(workload["spec"]["replicas"], 1)
        controller = self.named("StatefulSet", "weft-controller")["spec"]
        self.assertEqual(controller["updateStrategy"]["type"], "RollingUpdate")
        for name in ("controller", "provisioner"):
            source = (ROOT / f"services/{name}/main.cc").read_text()
            stop = int(re.search(r"stop_deadline, absl::Seconds\((\d+)\)", source).group(1))
            [pod] = [pod["spec"] for one, pod, _ in self.workloads()
                     if one["metadata"]["name"] == f"weft-{name}"]
            # 30 is Kubernetes' own default.
            self.assertGreater(pod.get("terminationGracePeriodSeconds", 30), stop)

    def test_every_service_and_policy_means_pods_and_ports_that_exist(self):
        pods = {
            pod["metadata"]["labels"]["app.kubernetes.io/name"]:
                {port["name"] for port in container["ports"]}
            for _, pod, container in self.workloads()
        }
        for service in self.of_kind("Service"):
            ports = pods[service["spec"]["selector"]["app.kubernetes.io/name"]]
            for port in service["spec"]["ports"]:
                self.assertIn(port["targetPort"], ports, service["metadata"]["name"])
        governed = set()
        for policy in self.of_kind("NetworkPolicy"):
            name = policy["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/name"]
            governed.add(name)
            for rule in policy["spec"]["ingress"]:
                for port in rule["ports"]:
                    self.assertIn(port["port"], pods[name], name)
        self.assertEqual(governed, set(pods))

    def test_monitors_and_gateways_know_every_controller_by_a_name_of_the_certificate(self):
        controller = self.named("StatefulSet", "weft-controller")
        addresses = self.named("ConfigMap", "weft-node")["data"]["controllers"].split(",")
        namespace = controller["metadata"]["namespace"]
        service = controller["spec"]["serviceName"]
        self.assertEqual(addresses, [
            f"weft-controller-{n}.{service}.{namespace}.svc:32280"
            for n in range(controller["spec"]["replicas"])
        ])
        certificate = self.folder / "certificate"
        certificate.write_bytes(
            base64.b64decode(self.named("Secret", "weft-tls")["data"]["tls.crt"]))
        for host in [one.partition(":")[0] for one in addresses] + ["weft-gateway.weft.svc"]:
            said = run("openssl", "x509", "-noout", "-checkhost", host, "-in", certificate).stdout
            self.assertIn("does match", said)
        authority = self.folder / "example/secrets/ca.crt"
        self.assertEqual(run("openssl", "verify", "-CAfile", authority, certificate).returncode, 0)

    def test_weft_finds_its_way_in_the_pod_of_a_controller(self):
        _, _, container = next(one for one in self.workloads()
                               if one[0]["metadata"]["name"] == "weft-controller")
        variables = {one["name"]: one for one in container["env"]}
        # A variable is known to those after it.
        names = list(variables)
        self.assertLess(names.index("POD_NAMESPACE"), names.index("WEFT_PROVISIONER"))
        self.assertEqual(variables["WEFT_CONTROLLER"]["valueFrom"]["configMapKeyRef"]["key"],
                         "controllers")
        host, _, port = variables["WEFT_PROVISIONER"]["value"].partition(":")
        name, namespace, rest = host.split(".")
        self.assertEqual((namespace, rest), ("$(POD_NAMESPACE)", "svc"))
        self.assertIn(int(port), [one["port"] for one in self.named("Service", name)["spec"]["ports"]])
        certificate = self.folder / "certificate"
        certificate.write_bytes(
            base64.b64decode(self.named("Secret", "weft-tls")["data"]["tls.crt"]))
        said = run("openssl", "x509", "-noout", "-checkhost", f"{name}.weft.svc", "-in", certificate)
        self.assertIn("does match", said.stdout)
        secrets = {f"/etc/weft/{folder}/{key}" for folder in ("tls", "secrets")
                   for key in self.named("Secret", f"weft-{folder}")["data"]}
        for variable in ("WEFT_TLS_CA", "WEFT_PASSWORD_FILE"):
            self.assertIn(variables[variable]["value"], secrets)

    def test_secrets_are_made_once_kept_from_others_and_never_shown(self):
        secrets = self.folder / "example/secrets"
        before = {path.name: path.read_text() for path in secrets.iterdir()}
        again = run(KUBERNETES / "make-secrets", self.folder / "example")
        self.assertEqual({path.name: path.read_text() for path in secrets.iterdir()}, before)
        for name, secret in before.items():
            self.assertEqual((secrets / name).stat().st_mode & 0o077, 0, name)
            for said in (self.made, again):
                self.assertNotIn(secret.strip(), said.stdout + said.stderr)
        wrong = run(KUBERNETES / "make-secrets", "--namespace", "Weft!", self.folder / "example")
        self.assertEqual(wrong.returncode, 1)
        self.assertIn("expected the name of a namespace", wrong.stderr)


if __name__ == "__main__":
    cases.run()
