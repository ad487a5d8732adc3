"""Clients of other projects, and a gateway to point them at."""

import pathlib
import socket
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/workload"))
sys.path.insert(0, str(ROOT / "tests/integration"))
import harness  # noqa: E402

OBTAIN = ROOT / "tests/interop/obtain"


def obtain(name):
    """The folder of a client, which is fetched where it is not there yet."""
    done = subprocess.run([OBTAIN, name], stdout=subprocess.PIPE, text=True, timeout=600, check=True)
    return pathlib.Path(done.stdout.strip())


def host_and_port(address):
    host, _, port = address.rpartition(":")
    return host, int(port)


def read_secret(login):
    """The password of a login of a sandbox's layout."""
    return pathlib.Path(login["password_file"]).read_text().strip()


def settled_farm(directory, **options):
    """A sandbox whose group g1 has a primary and is active."""
    farm = harness.Sandbox(directory, **options)
    try:
        farm.weft("group", "promote", "g1")
        farm.weft("group", "activate", "g1")
        farm.await_settled()
    except BaseException:
        farm.down()
        raise
    return farm


def make_certificates(folder):
    """ca.pem, and server.pem with server.key for 127.0.0.1."""
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, timeout=60,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem",
            "-days", "2", "-subj", "/CN=interop authority")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "server.key", "-out", "server.csr",
            "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
            "-CAcreateserial", "-copy_extensions", "copyall", "-days", "2", "-out", "server.pem")
    return pathlib.Path(folder)


class TlsGateway:
    """Another gateway of a farm, whose XML-RPC speaks TLS. A context manager."""

    def __init__(self, farm, certificates):
        self.certificates = certificates
        self.address = f"127.0.0.1:{free_port()}"
        admin = farm.layout["admin"]
        self._process = subprocess.Popen(
            [harness.BINARIES / "services/gateway/weft-gateway", "--listen=127.0.0.1:0",
             f"--xmlrpc-listen={self.address}", "--mysql-listen=", "--http-listen=",
             f"--xmlrpc-tls-cert={certificates}/server.pem",
             f"--xmlrpc-tls-key={certificates}/server.key", "--name=tls",
             "--controller=" + ",".join(farm.layout["controllers"]),
             f"--admin-user={admin['user']}", f"--admin-password-file={admin['password_file']}"],
            stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        # Before it knows the users it lets nobody in.
        for line in self._process.stderr:
            if "knows the users" in line and "users=0" not in line:
                return self
        raise harness.Failed("the gateway has ended")

    def __exit__(self, *_):
        self._process.terminate()
        self._process.communicate(timeout=30)


def free_port():
    """A port that nobody listens on, below those that the system gives to clients."""
    for port in range(19000, 32000):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise harness.Failed("no port is free")
