"""A real Prometheus scrapes a sandbox, knows every metric our alerts speak of, and raises them."""

import json
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/workload"))
sys.path.insert(0, str(ROOT / "tests/integration"))
import cases  # noqa: E402
import harness  # noqa: E402

RULES = ROOT / "deploy/prometheus/alerts.yml"

# What must be there of a settled, active group of three, besides what alerts.yml names: series and
# how many of them.
EXPECTED = {
    'weft_build_info{name="weft-controller"}': 1,
    'weft_build_info{name="weft-gateway"}': 1,
    'weft_build_info{name="weft-monitor"}': 1,
    'weft_build_info{name="weft-provisioner"}': 1,
    "weft_leading == 1": 1,
    "weft_store_up == 1": 1,
    "weft_live_monitors == 1": 1,
    'weft_group_active{group="g1"} == 1': 1,
    'weft_group_has_primary{group="g1"} == 1': 1,
    'weft_group_epoch{group="g1"} >= 1': 1,
    'weft_server_status{group="g1", status="PRIMARY"} == 1': 1,
    'weft_server_status{group="g1", status="SECONDARY"} == 1': 2,
    'weft_replication_lag_seconds{group="g1"}': 2,
    "weft_probe_seconds_count > 0": None,
    "weft_promotion_seconds_count > 0": 1,
    "weft_write_stop_seconds_bucket": None,
    "weft_detection_seconds_bucket": None,
}


class Prometheus:
    """Debian's Prometheus with our rules, in a folder. A context manager."""

    def __init__(self, folder, targets):
        self._folder = pathlib.Path(folder)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._address = "127.0.0.1:%d" % free.getsockname()[1]
        config = {
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s",
                       "evaluation_interval": "1s"},
            "rule_files": [str(RULES)],
            "scrape_configs": [
                {"job_name": name, "metrics_path": url.path or "/metrics",
                 "static_configs": [{"targets": [url.netloc]}]} for name, url in targets.items()],
        }
        path = self._folder / "prometheus.yml"
        path.write_text(json.dumps(config))  # which is YAML, too
        self._log = open(self._folder / "log", "w+", encoding="utf-8")
        self._process = subprocess.Popen(
            ["prometheus", f"--config.file={path}", f"--storage.tsdb.path={self._folder}/data",
             f"--web.listen-address={self._address}", "--log.level=warn"],
            stdout=self._log, stderr=self._log)

    def __enter__(self):
        harness.wait_until(self._ready, 30, "Prometheus is ready")
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait(timeout=30)
        self._log.close()

    def _get(self, path, **parameters):
        url = f"http://{self._address}{path}?{urllib.parse.urlencode(parameters)}"
        return urllib.request.urlopen(url, timeout=5).read().decode()

    def _ready(self):
        if self._process.poll() is not None:
            self._log.seek(0)
            raise harness.Failed(f"Prometheus ended: {self._log.read()[-800:]}")
        try:
            return "Ready" in self._get("/-/ready")
        except OSError:
            return False

    def targets(self):
        """job -> (health, last error)"""
        answer = json.loads(self._get("/api/v1/targets"))
        return {target["labels"]["job"]: (target["health"], target["lastError"])
                for target in answer["data"]["activeTargets"]}

    def query(self, expression):
        """The series of an instant vector."""
        return json.loads(self._get("/api/v1/query", query=expression))["data"]["result"]

    def firing(self):
        """Names of the alerts that fire, with their labels."""
        answer = json.loads(self._get("/api/v1/alerts"))
        return {alert["labels"]["alertname"]: alert["labels"]
                for alert in answer["data"]["alerts"] if alert["state"] == "firing"}

    def rules(self):
        """All alerting rules: name -> (health, last error)"""
        answer = json.loads(self._get("/api/v1/rules"))
        return {rule["name"]: (rule["health"], rule.get("lastError", ""))
                for group in answer["data"]["groups"] for rule in group["rules"]}


@unittest.skipUnless(shutil.which("prometheus"), "no prometheus here; run deploy/setup --dev")
class PrometheusOfASandbox(unittest.TestCase):
    """The cases stand in this order: the last one kills a primary."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="weft-prom-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.farm = harness.Sandbox(cls.folder.name + "/s")
        cls.addClassCleanup(cls.farm.__exit__)
        cls.farm.weft("group", "promote", "g1")
        cls.farm.weft("group", "activate", "g1")
        cls.farm.await_settled()
        # By the names of jobs that deploy/prometheus/prometheus.yml has.
        cls.urls = {"weft-" + name.removeprefix("weft-"): urllib.parse.urlsplit(url)
                    for name, url in cls.farm.layout["metrics"].items()}
        cls.prometheus = Prometheus(cls.folder.name, cls.urls)
        cls.addClassCleanup(cls.prometheus.__exit__)
        cls.prometheus.__enter__()
        harness.wait_until(lambda: cls.prometheus.query("up"), 30, "a first scrape")

    def test_1_every_process_is_scraped(self):
        harness.wait_until(
            lambda: {health for health, _ in self.prometheus.targets().values()} == {"up"}, 20,
            "every target is up")
        self.assertEqual(set(self.prometheus.targets()),
                         {"weft-controller", "weft-gateway", "weft-monitor",
                          "weft-provisioner"})

    def test_2_every_metric_that_an_alert_speaks_of_is_exported(self):
        named = set(re.findall(r"\bweft_\w+", RULES.read_text()))
        # By reason from the first refusal on, and by code while there is one: see the last case.
        named -= {"weft_refusals_total", "weft_finding"}
        exported = set()
        for url in self.urls.values():
            text = urllib.request.urlopen(url.geturl(), timeout=5).read().decode()
            exported |= set(re.findall(r"^# TYPE (\w+)", text, re.MULTILINE))
        self.assertGreater(len(named), 5)
        self.assertEqual(named - exported, set(), "of alerts.yml, exported by nobody")

    def test_3_what_is_expected_of_a_settled_group_is_there(self):
        for expression, count in EXPECTED.items():
            with self.subTest(expression=expression):
                series = harness.wait_until(lambda e=expression: self.prometheus.query(e), 10,
                                            expression)
                if count is not None:
                    self.assertEqual(len(series), count, series)

    def test_4_rules_evaluate_and_no_alert_fires_in_a_healthy_farm(self):
        rules = self.prometheus.rules()
        self.assertGreater(len(rules), 5)
        harness.wait_until(
            lambda: all(health == "ok" for health, _ in self.prometheus.rules().values()), 10,
            "every rule was evaluated")
        self.assertEqual(self.prometheus.firing(), {})

    def test_5_names_and_units_follow_the_conventions(self):
        for name, url in self.urls.items():
            done = subprocess.run(
                ["promtool", "check", "metrics"], capture_output=True, text=True, check=False,
                input=urllib.request.urlopen(url.geturl(), timeout=5).read().decode())
            self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""), name)

    def test_6_a_failover_raises_its_alert(self):
        old = self.farm.primary()
        self.farm.kill(old)
        harness.wait_until(lambda: self.farm.primary() not in (None, old), 30, "a failover")
        fired = harness.wait_until(lambda: self.prometheus.firing().get("WeftFailover"), 30,
                                   "WeftFailover fires")
        self.assertEqual((fired["group"], fired["severity"]), ("g1", "warning"))
        self.assertNotIn("WeftFailoverRefused", self.prometheus.firing())
        [epoch] = self.prometheus.query('weft_group_epoch{group="g1"}')
        self.assertGreaterEqual(float(epoch["value"][1]), 2)
        [detected] = self.prometheus.query("weft_detection_seconds_count")
        self.assertGreaterEqual(float(detected["value"][1]), 1)

    def test_7_a_refused_failover_raises_its_alert(self):
        # The only other server that has every write goes first; the primary must not be replaced.
        primary = self.farm.primary()
        others = [address for address, server in self.farm.members().items()
                  if server["pid"] and address != primary]
        for address in [*others, primary]:
            self.farm.kill(address)
        fired = harness.wait_until(lambda: self.prometheus.firing().get("WeftFailoverRefused"), 30,
                                   "WeftFailoverRefused fires")
        self.assertEqual(fired["group"], "g1")
        self.assertTrue(fired["reason"])
        found = harness.wait_until(lambda: self.prometheus.query("weft_finding == 1"), 10,
                                   "its findings are exported")
        self.assertIn(("g1", "PRIMARY_DEAD"),
                      [(each["metric"]["group"], each["metric"]["code"]) for each in found])
        self.assertEqual(self.farm.primary(), primary)


if __name__ == "__main__":
    cases.main()
