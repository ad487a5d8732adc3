"""Python's own xmlrpc.client with a digest opener, and raw bytes, against a gateway: what scripts that
were written for Fabric do."""

import hashlib
import http.client
import pathlib
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request
import xmlrpc.client

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/interop"), str(ROOT / "tests/integration")]
import cases  # noqa: E402
import clients  # noqa: E402
import harness  # noqa: E402

UUID = "5ca1ab1e-a007-feed-f00d-cab3fe13249e"
PING = """<?xml version='1.0'?>
<methodCall>
<methodName>manage.ping</methodName>
<params>
</params>
</methodCall>
""".encode()
# What the original answers, byte for byte.
PONG = f"""<?xml version='1.0'?>
<methodResponse>
<params>
<param>
<value><array><data>
<value><int>1</int></value>
<value><string>{UUID}</string></value>
<value><int>1</int></value>
<value><string></string></value>
<value><array><data>
</data></array></value>
</data></array></value>
</param>
</params>
</methodResponse>
""".encode()


class DigestTransport(xmlrpc.client.Transport):
    """xmlrpc.client with urllib's digest, as the original's command line was built."""

    def __init__(self, user, password):
        super().__init__()
        self._passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        self._login = user, password

    def request(self, host, handler, request_body, verbose=False):
        url = f"http://{host}{handler}"
        self._passwords.add_password(None, url, *self._login)
        self.verbose = verbose
        opener = urllib.request.build_opener(
            urllib.request.HTTPDigestAuthHandler(self._passwords))
        request = urllib.request.Request(url, request_body, {"Content-Type": "text/xml"})
        return self.parse_response(opener.open(request, timeout=60))


class XmlRpc(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="weft-interop-", dir="/tmp")
        cls.addClassCleanup(folder.cleanup)
        cls.farm = clients.settled_farm(folder.name + "/s")
        cls.addClassCleanup(cls.farm.down)
        cls.address = cls.farm.layout["gateway"]["xmlrpc"]
        cls.password = clients.read_secret(cls.farm.layout["admin"])
        cls.proxy = xmlrpc.client.ServerProxy(
            f"http://{cls.address}/RPC2", transport=DigestTransport("admin", cls.password),
            allow_none=True)

    def sets(self, answer):
        """The result sets of an answer without an error."""
        version, uuid, ttl, error, sets = answer
        self.assertEqual((version, uuid, ttl, error), (1, UUID, 1, ""))
        return [[dict(zip(one["info"]["names"], row)) for row in one["rows"]] for one in sets]

    def post(self, path, body, headers):
        connection = http.client.HTTPConnection(self.address, timeout=30)
        self.addCleanup(connection.close)
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        return answer, answer.read()

    def test_a_ping_is_answered_byte_for_byte(self):
        challenge, _ = self.post("/RPC2", b"", {})
        self.assertEqual(challenge.status, 401)
        fields = urllib.request.parse_keqv_list(urllib.request.parse_http_list(
            challenge.getheader("WWW-Authenticate").partition(" ")[2]))
        self.assertEqual(fields["realm"], "MySQL Fabric")
        # As the original says it: HA2 is of /RPC2, also for the path "/".
        ha1 = hashlib.md5(f"admin:MySQL Fabric:{self.password}".encode()).hexdigest()
        ha2 = hashlib.md5(b"POST:/RPC2").hexdigest()
        for number, path in enumerate(("/RPC2", "/"), 1):
            told = f"{ha1}:{fields['nonce']}:{number:08x}:c0ffee:auth:{ha2}"
            header = (f'Digest username="admin", realm="MySQL Fabric", nonce="{fields["nonce"]}", '
                      f'uri="/RPC2", response="{hashlib.md5(told.encode()).hexdigest()}", '
                      f'opaque="{fields["opaque"]}", algorithm="MD5", qop=auth, nc={number:08x}, '
                      'cnonce="c0ffee"')
            answer, body = self.post(path, PING, {"Authorization": header,
                                                  "Content-Type": "text/xml"})
            self.assertEqual((answer.status, body), (200, PONG))
        self.assertEqual(len(PONG), 341)

    def test_an_unknown_method_is_a_fault(self):
        with self.assertRaises(xmlrpc.client.Fault) as caught:
            self.proxy._some_nonexisting_method()
        self.assertEqual(caught.exception.faultCode, 1)
        self.assertEqual(caught.exception.faultString, "<type 'exceptions.Exception'>:method "
                         '"_some_nonexisting_method" is not supported')

    def test_dumps_have_the_original_columns(self):
        [servers] = self.sets(self.proxy.dump.servers(0, "g1"))
        self.assertEqual([list(row) for row in servers],
                         [["server_uuid", "group_id", "host", "port", "mode", "status", "weight"]] * 3)
        self.assertEqual(sorted(row["status"] for row in servers), [2, 2, 3])
        self.assertTrue(all(isinstance(row["weight"], float) for row in servers))
        [nodes] = self.sets(self.proxy.dump.fabric_nodes("protocol.xmlrpc"))
        self.assertEqual(nodes, [dict(zip(("host", "port"), clients.host_and_port(self.address)))])
        for dump in (self.proxy.dump.shard_tables, self.proxy.dump.shard_maps,
                     self.proxy.dump.shard_index, self.proxy.dump.sharding_information):
            self.assertEqual(self.sets(dump(0, "")), [[]])

    def test_a_group_lives_and_dies(self):
        done, steps = self.sets(self.proxy.group.create("shoes", None, True))
        self.assertTrue(done[0]["finished"] and done[0]["success"])
        self.assertEqual((steps[-1]["state"], steps[-1]["success"], steps[-1]["description"]),
                         (5, 2, "Executed action (_create_group)."))
        error = self.proxy.group.create("shoes")[3]
        self.assertEqual(error, "GroupError: Group (shoes) already exists.")
        [groups] = self.sets(self.proxy.group.lookup_groups("shoes"))
        self.assertEqual(groups, [{"group_id": "shoes", "description": "None",
                                   "failure_detector": False, "master_uuid": "None"}])
        self.sets(self.proxy.group.destroy("shoes"))
        self.assertEqual(self.proxy.group.lookup_servers("shoes")[3],
                         "Group (shoes) does not exist.")

    def test_a_connector_may_look_and_report_and_no_more(self):
        secret = tempfile.NamedTemporaryFile("w", prefix="weft-interop-")
        self.addCleanup(secret.close)
        secret.write("only for connectors")
        secret.flush()
        self.farm.weft("user", "create", "app", "--roles", "connector", "--new-password-file",
                       secret.name)
        connector = xmlrpc.client.ServerProxy(
            f"http://{self.address}/RPC2",
            transport=DigestTransport("app", "only for connectors"), allow_none=True)
        harness.wait_until(lambda: self.admits(connector), 10, "the user is known to the gateway")
        self.assertEqual(len(self.sets(connector.dump.servers(0, "g1"))[0]), 3)
        replica = sorted(set(self.farm.members()) - {self.farm.primary()})[0]
        uuid = self.farm.members()[replica]["uuid"]
        self.assertEqual(connector.threat.report_failure(uuid, "app", 2013)[3], "")
        self.assertIn("app", str(self.farm.weft("events", "--group", "g1")))
        for refused in (connector.group.lookup_groups, connector.manage.ping,
                        lambda: connector.group.create("mine")):
            with self.assertRaises(urllib.error.HTTPError) as caught:
                refused()
            self.assertEqual(caught.exception.code, 403)

    def admits(self, proxy):
        try:
            return proxy.dump.servers(0, "g1")
        except urllib.error.HTTPError:
            return None

    def test_a_new_primary_is_seen_when_its_promotion_is_answered(self):
        before = self.farm.primary()
        started = time.monotonic()
        steps = self.sets(self.proxy.group.promote("g1"))[1]
        self.assertEqual(steps[-1]["description"], "Executed action (_change_to_candidate).")
        self.assertLess(time.monotonic() - started, 30)
        [servers] = self.sets(self.proxy.group.lookup_servers("g1", None, "PRIMARY"))
        self.assertEqual(len(servers), 1)
        self.assertNotEqual(servers[0]["address"], before)
        self.farm.await_settled()

    def test_lookups_go_on_without_controller_and_store(self):
        before = self.proxy.dump.servers(0, "g1")
        for process in ("controller", "store"):
            self.farm.kill_process(process)
        try:
            self.assertEqual(self.proxy.dump.servers(0, "g1"), before)
            [rows] = self.sets(self.proxy.group.lookup_servers("g1"))
            self.assertEqual(len(rows), 3)
            [uuid] = self.sets(self.proxy.server.lookup_uuid(rows[0]["address"]))
            self.assertEqual(uuid[0]["uuid"], rows[0]["server_uuid"])
            self.assertNotEqual(self.proxy.group.promote("g1")[3], "")
        finally:
            for process in ("store", "controller"):
                self.farm.start(process)
        harness.wait_until(lambda: not self.proxy.group.description("g1", "again")[3], 30,
                           "changes are served again")


if __name__ == "__main__":
    cases.main()
