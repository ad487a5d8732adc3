"""Connector/Python's Fabric support, as released, against a gateway and MySQL 5.6: what an application
that was written for Fabric does. The release is named by CONNECTOR ("2.1.3")."""

import os
import pathlib
import sys
import tempfile
import threading
import time
import unittest
import warnings

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/interop"), str(ROOT / "tests/integration")]
import cases  # noqa: E402
import clients  # noqa: E402
import harness  # noqa: E402

RELEASE = os.environ["CONNECTOR"]
# Its own syntax is of its time.
warnings.simplefilter("ignore")
sys.path.insert(0, str(clients.obtain(f"connector-python-{RELEASE}")))
import mysql.connector  # noqa: E402
from mysql.connector import fabric  # noqa: E402


class Farm(unittest.TestCase):
    """A farm for the cases of a class, and an application's way to it."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="weft-interop-", dir="/tmp")
        cls.addClassCleanup(folder.cleanup)
        cls.farm = clients.settled_farm(folder.name + "/s", mysql="5.6")
        cls.addClassCleanup(cls.farm.down)
        with cls.connected(cls) as connection:
            connection.set_property(group="g1", mode=fabric.MODE_READWRITE)
            connection.cursor().execute(
                "CREATE TABLE app.orders (id INT AUTO_INCREMENT PRIMARY KEY, note VARCHAR(80))")

    def fabric_options(self, **others):
        host, port = clients.host_and_port(self.farm.layout["gateway"]["xmlrpc"])
        return {"host": host, "port": port, "username": "admin",
                "password": clients.read_secret(self.farm.layout["admin"]), "connect_attempts": 1,
                **others}

    def connected(self, **others):
        """A connection as an application makes it; closed by `with`."""
        app = self.farm.layout["app"]
        connection = fabric.connect(fabric=Farm.fabric_options(self, **others),
                                    user=app["user"], password=clients.read_secret(app),
                                    database=app["database"], autocommit=True)
        return _Closing(connection)

    def port_of(self, connection):
        cursor = connection.cursor()
        cursor.execute("SELECT @@port")
        return f"127.0.0.1:{cursor.fetchone()[0]}"

    def seeded(self, **others):
        """The part that asks the gateway, without one that it has kept from before."""
        instance = fabric.Fabric(**self.fabric_options(**others))
        instance.seed()
        return instance


class Application(Farm):
    """Each case leaves a group that is settled."""

    def test_writes_go_to_the_primary_and_reads_to_the_secondaries(self):
        primary = self.farm.primary()
        secondaries = set(self.farm.members()) - {primary}
        with self.connected() as connection:
            connection.set_property(group="g1", mode=fabric.MODE_READWRITE)
            self.assertEqual(self.port_of(connection), primary)
            connection.cursor().execute("INSERT INTO orders (note) VALUES ('first')")
            connection.set_property(group="g1", mode=fabric.MODE_READONLY)
            self.assertIn(self.port_of(connection), secondaries)

            def replicated():
                cursor = connection.cursor()
                cursor.execute("SELECT COUNT(*) FROM orders WHERE note = 'first'")
                return cursor.fetchone()[0] == 1
            harness.wait_until(replicated, 10, "the row on a secondary")

    def test_weights_and_modes_reach_the_connector(self):
        weighed = sorted(set(self.farm.members()) - {self.farm.primary()})[0]
        self.farm.weft("server", "set", weighed, "--weight", "0.25")
        self.addCleanup(self.farm.weft, "server", "set", weighed, "--weight", "1")

        def known():
            servers = self.seeded().get_group_servers("g1", use_cache=False)
            return {f"{server.host}:{server.port}": (server.mode, server.status, server.weight)
                    for server in servers}
        expected = {address: (fabric.MODE_READONLY, fabric.STATUS_SECONDARY, 1.0)
                    for address in self.farm.members()}
        expected[self.farm.primary()] = (fabric.MODE_READWRITE, fabric.STATUS_PRIMARY, 1.0)
        expected[weighed] = (fabric.MODE_READONLY, fabric.STATUS_SECONDARY, 0.25)
        harness.wait_until(lambda: known() == expected, 10, f"{expected}")

    def test_a_group_that_does_not_exist_has_no_server(self):
        with self.connected() as connection:
            connection.set_property(group="nope", attempts=1)
            with self.assertRaises(mysql.connector.errors.Error):
                connection.cursor()

    def test_a_table_that_is_not_sharded_is_unknown(self):
        with self.connected() as connection:
            connection.set_property(tables=["app.orders"], key=1, attempts=1)
            with self.assertRaises(mysql.connector.errors.Error):
                connection.cursor()

    def test_a_wrong_password_is_refused(self):
        with self.assertRaises(mysql.connector.errors.InterfaceError):
            self.seeded(password="wrong")

    def test_tls_is_verified(self):
        folder = tempfile.TemporaryDirectory(prefix="weft-interop-", dir="/tmp")
        self.addCleanup(folder.cleanup)
        certificates = clients.make_certificates(folder.name)
        host_and_port = dict(zip(("host", "port"), ("127.0.0.1", None)))
        with clients.TlsGateway(self.farm, certificates) as gateway:
            host_and_port["port"] = clients.host_and_port(gateway.address)[1]
            # The connector hands its authority to nobody; Python's own setting counts.
            tls = {**host_and_port, "ssl_ca": str(certificates / "ca.pem")}
            with self.assertRaises(mysql.connector.errors.InterfaceError):
                self.seeded(**tls)
            os.environ["SSL_CERT_FILE"] = tls["ssl_ca"]
            self.addCleanup(os.environ.pop, "SSL_CERT_FILE")
            self.assertEqual(len(self.seeded(**tls).get_group_servers("g1")), 3)

    def test_a_reported_failure_is_answered_after_the_failover(self):
        before = self.farm.primary()
        uuid = self.farm.members()[before]["uuid"]
        with self.connected(report_errors=True) as connection:
            connection.set_property(group="g1", mode=fabric.MODE_READWRITE)
            self.assertEqual(self.port_of(connection), before)
            instance = self.seeded(report_errors=True)
            self.farm.kill(before)
            try:
                instance.report_failure(uuid, 2013)
            except AssertionError:
                # 2.1 looks for one result set where there are two, after the report was heard.
                self.assertNotEqual(RELEASE, "2.0.4")
            servers = instance.get_group_servers("g1", use_cache=False)
            primaries = [server for server in servers if server.status == fabric.STATUS_PRIMARY]
            self.assertEqual(len(primaries), 1)
            self.assertNotEqual(primaries[0].uuid, uuid)
            connection.reset_cache()
            connection.set_property(group="g1", mode=fabric.MODE_READWRITE)
            self.assertEqual(self.port_of(connection), f"127.0.0.1:{primaries[0].port}")
        self.farm.start(before)
        self.farm.heal(before)


class OverAFailover(Farm):
    """Its farm is not mended: MySQL 5.6 replicates asynchronously, so the old primary may have
    transactions of its own, and cannot be cloned."""

    def test_a_transaction_loop_goes_on_over_a_failover(self):
        before = self.farm.primary()
        noted, stop, trouble = [], threading.Event(), []

        def loop():
            try:
                with self.connected() as connection:
                    connection.autocommit = False
                    number = 0
                    while not stop.is_set():
                        number += 1
                        self.transaction(connection, number, noted)
            except BaseException as error:  # the case says it
                trouble.append(error)

        writer = threading.Thread(target=loop)
        writer.start()
        self.addCleanup(writer.join)
        self.addCleanup(stop.set)
        harness.wait_until(lambda: len(noted) > 20, 30, "transactions before the failover")
        self.farm.kill(before)
        harness.wait_until(lambda: self.farm.primary() not in (None, before), 30, "another primary")
        after = len(noted)
        harness.wait_until(lambda: len(noted) > after + 20 or trouble, 60,
                           "transactions after the failover")
        stop.set()
        writer.join()
        self.assertEqual(trouble, [])
        self.assertEqual(sorted(set(noted)), sorted(noted))

    def transaction(self, connection, number, noted):
        """One transaction, tried until it is committed: the application's duty by the manual."""
        deadline = time.monotonic() + 60
        while True:
            try:
                connection.set_property(group="g1", mode=fabric.MODE_READWRITE)
                cursor = connection.cursor()
                cursor.execute("INSERT INTO orders (note) VALUES (%s)", (f"loop {number}",))
                connection.commit()
                noted.append(number)
                return
            except mysql.connector.errors.Error:
                if time.monotonic() > deadline:
                    raise
                # The manual's advice: what the connector has kept is thrown away.
                connection.reset_cache()


class _Closing:
    def __init__(self, connection):
        self._connection = connection

    def __enter__(self):
        return self._connection

    def __exit__(self, *_):
        self._connection.disconnect()


if __name__ == "__main__":
    cases.main()
