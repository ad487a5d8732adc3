"""deploy/mysql/obtain as people and programs call it. Downloads nothing: the trees are there."""

import fcntl
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests" / "runner"))
import cases  # noqa: E402  (the path comes first)

OBTAIN = ROOT / "deploy/mysql/obtain"


def obtain(*arguments, **environment):
    return subprocess.run(
        [OBTAIN, *arguments],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
    )


class ObtainTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="weft obtain ")
        self.addCleanup(scratch.cleanup)
        self.scratch = pathlib.Path(scratch.name)

    def fake_mysqld(self, says, code=0):
        path = self.scratch / "mysqld"
        path.write_text(f"#!/bin/sh\necho '{says}'\nexit {code}\n")
        path.chmod(0o755)
        return str(path)

    def test_both_trees_are_described_by_files_that_exist(self):
        answer = obtain("all", "--json")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        layouts = json.loads(answer.stdout)
        for version in ("9.7", "5.6"):
            layout = layouts[version]
            self.assertRegex(layout["version"], r"^\d+\.\d+\.\d+$")
            for key in ("mysqld", "basedir", "share", "charsets", "client"):
                self.assertTrue(pathlib.Path(layout[key]).exists(), f"{version} {key}")
        self.assertTrue(pathlib.Path(layouts["9.7"]["plugin_dir"], "semisync_source.so").exists())
        self.assertFalse(layouts["5.6"]["has_plugins"])

    def test_the_described_client_runs(self):
        layout = json.loads(obtain("9.7", "--json").stdout)
        words = [*layout["client_loader"], layout["client"], "--no-defaults", "--version"]
        said = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True).stdout
        self.assertIn(layout["version"], said)

    def test_a_mysqld_of_the_users_own_is_described(self):
        path = self.fake_mysqld("mysqld  Ver 8.4.3-log for Linux on x86_64")
        layout = json.loads(obtain(path, "--json").stdout)
        self.assertEqual((layout["mysqld"], layout["version"]), (path, "8.4.3"))

    def test_a_mysqld_on_the_path_is_found(self):
        path = self.fake_mysqld("mysqld  Ver 8.0.36 for Linux on x86_64")
        answer = obtain("PATH", "--json", PATH=f"{self.scratch}:{os.environ['PATH']}")
        self.assertEqual(json.loads(answer.stdout)["mysqld"], path)

    def test_what_is_no_usable_mysqld_is_refused(self):
        for says, code, expected in (
            ("mysqld  Ver 10.11.6-MariaDB for debian-linux-gnu", 0, "found MariaDB"),
            ("mysqld  Ver 5.5.62 for Linux", 0, "expected MySQL 5.6 or later, found 5.5.62"),
            ("hello", 0, "does not name its version"),
            ("no such library", 127, "does not run"),
        ):
            with self.subTest(says):
                answer = obtain(self.fake_mysqld(says, code), "--json")
                self.assertEqual((answer.returncode, answer.stdout), (1, ""))
                self.assertIn(expected, answer.stderr)

    def test_wrong_usage_says_what_was_expected(self):
        for arguments in (["8.0"], ["9.7", "5.6"], ["--cache"], ["--nonsense"], ["--cache", ""], ["--cache", 'a"b']):
            with self.subTest(arguments):
                answer = obtain(*arguments)
                self.assertEqual(answer.returncode, 2)
                self.assertIn("expected", answer.stderr)

    def test_a_cache_that_cannot_be_written_is_named(self):
        blocked = self.scratch / "file"
        blocked.write_text("")
        answer = obtain("5.6", "--cache", str(blocked))
        self.assertEqual(answer.returncode, 1)
        self.assertIn("cannot write the cache folder", answer.stderr)

    def test_one_failure_leaves_the_other_tree_usable(self):
        cache = self.scratch / "cache"
        cache.mkdir()
        real = pathlib.Path(json.loads(obtain("5.6", "--json").stdout)["basedir"])
        (cache / "5.6").mkdir()
        (cache / "5.6" / "root").symlink_to(real)
        answer = obtain("all", "--json", "--cache", str(cache), WEFT_DEBIAN_MIRROR="http://127.0.0.1:9/debian")
        self.assertEqual(answer.returncode, 1)
        layouts = json.loads(answer.stdout)
        self.assertIsNone(layouts["9.7"])
        self.assertTrue(layouts["5.6"]["version"].startswith("5.6."))
        self.assertIn("could not obtain MySQL 9.7", answer.stderr)
        self.assertFalse((cache / "9.7" / "root").exists())

    def test_the_second_of_two_waits_for_the_first(self):
        folder = self.scratch / "cache" / "9.7"
        folder.mkdir(parents=True)
        with open(folder / ".lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            second = subprocess.Popen(
                [OBTAIN, "9.7", "--cache", str(self.scratch / "cache")],
                env={**os.environ, "WEFT_DEBIAN_MIRROR": "http://127.0.0.1:9/debian"},
                stderr=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                text=True,
            )
            self.assertIn("waiting for it", second.stderr.readline())
            self.assertIsNone(second.poll())
        self.assertIn("downloading", second.stderr.readline())
        second.communicate(timeout=60)
        self.assertEqual(second.returncode, 1)


if __name__ == "__main__":
    cases.run()
