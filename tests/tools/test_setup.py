"""What tools/setup promises and can be shown without a network: the lock is
whole, a wrong file is refused, a bad archive can't write outside its place,
an interrupted run starts anew. Must not fetch anything.
"""
import hashlib
import io
import os
import subprocess
import sys
import tarfile
import tempfile
import unittest
import zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tools", "setup.d"))
import fetch  # noqa: E402  (tools/setup.d/fetch.py)


class Lock(unittest.TestCase):

    def setUp(self):
        with open(fetch.LOCK, encoding="utf-8") as file:
            self.lines = [line for line in file
                          if line.strip() and not line.startswith("#")]
        self.rows = [fetch.parse_row(line) for line in self.lines]

    def test_each_row_is_whole(self):
        for line, row in zip(self.lines, self.rows):
            with self.subTest(line):
                self.assertIsNotNone(row)
                self.assertIn(row.kind, ("apt", "pypi", "go", "npm"))
                self.assertIn(row.group,
                              ("serve", "test", "gates", "train",
                               "docs", "go", "node"))
                self.assertIn(row.arch,
                              ("x86_64", "aarch64", "any", "source"))
                self.assertRegex(row.sha256, r"^h1:[\w+/]{43}=$"
                                 if row.kind == "go" else r"^[0-9a-f]{64}$")

    def test_nothing_is_named_twice(self):
        keys = [(row.kind, row.group, row.name, row.arch)
                for row in self.rows]
        self.assertEqual(len(keys), len(set(keys)))

    # Of these the other processor has another version, the last one made for
    # it; what is taken out of them is the same, as the manifests' SHA-256 says.
    OTHER_VERSIONS = {"mediapipe": "0.10.18"}

    def test_both_processors_get_the_same_things(self):
        def names(arch):
            return {(row.kind, row.group, row.name,
                     self.OTHER_VERSIONS.get(row.name, row.version))
                    for row in self.rows if row.arch == arch}
        self.assertEqual(names("x86_64"), names("aarch64"))


class Files(unittest.TestCase):

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.out = os.path.join(self.folder.name, "out")
        os.mkdir(self.out)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def test_a_file_with_another_hash_is_refused(self):
        with open(self.path("a"), "wb") as file:
            file.write(b"other bytes")
        digest = hashlib.sha256(b"other bytes").hexdigest()
        row = fetch.Row("pypi", "test", "a", "1", "any", digest)
        fetch.check_hash(self.path("a"), row)
        wrong = row._replace(sha256="0" * 64)
        with self.assertRaisesRegex(fetch.SetupError, "not what tools/lock"):
            fetch.check_hash(self.path("a"), wrong)

    def test_members_outside_their_place_are_left_out(self):
        names = ("top/fine", "top/../../bad", "/top/bad", "other/bad")
        with zipfile.ZipFile(self.path("a.zip"), "w") as archive:
            for name in names:
                archive.writestr(name, "x")
        with tarfile.open(self.path("a.tgz"), "w:gz") as archive:
            for name in names:
                info = tarfile.TarInfo(name)
                info.size = 1
                archive.addfile(info, io.BytesIO(b"x"))
        for unpack, name in ((fetch.unzip, "a.zip"), (fetch.untar, "a.tgz")):
            unpack(self.path(name), self.out, fetch.below((r"top/", "")))
            self.assertEqual(os.listdir(self.out), ["fine"])
            os.remove(os.path.join(self.out, "fine"))
        self.assertEqual(sorted(os.listdir(self.folder.name)),
                         ["a.tgz", "a.zip", "out"])

    def test_a_program_stays_executable(self):
        with zipfile.ZipFile(self.path("a.zip"), "w") as archive:
            for name, mode in (("bin/run", 0o755), ("bin/read", 0o644)):
                info = zipfile.ZipInfo(name)
                info.external_attr = mode << 16
                archive.writestr(info, "x")
        fetch.unzip(self.path("a.zip"), self.out, fetch.below((r"bin/", "")))
        self.assertTrue(os.access(self.out + "/run", os.X_OK))
        self.assertFalse(os.access(self.out + "/read", os.X_OK))

    def test_a_stamp_holds_for_the_same_rows_and_place_only(self):
        before, fetch.DEPS = fetch.DEPS, self.folder.name
        self.addCleanup(setattr, fetch, "DEPS", before)
        os.mkdir(self.path("stamps"))
        row = fetch.Row("pypi", "test", "a", "1", "any", "0" * 64)
        self.assertFalse(fetch.is_done("a", [row], self.out))
        fetch.set_done("a", [row])
        self.assertTrue(fetch.is_done("a", [row], self.out))
        newer = row._replace(version="2")
        self.assertFalse(fetch.is_done("a", [newer], self.out))
        os.rmdir(self.out)
        self.assertFalse(fetch.is_done("a", [row], self.out))

    def test_what_an_interrupted_run_left_is_not_in_the_way(self):
        os.makedirs(os.path.join(self.out, "half"))
        before, fetch.DEPS = fetch.DEPS, self.folder.name
        self.addCleanup(setattr, fetch, "DEPS", before)
        with fetch.Workplace() as work:
            with open(os.path.join(work.out, "whole"), "w") as file:
                file.write("x")
            work.move_to(self.out)
        self.assertEqual(os.listdir(self.out), ["whole"])
        self.assertEqual(os.listdir(self.folder.name), ["out"])


class Command(unittest.TestCase):

    def run_setup(self, *arguments):
        return subprocess.run(
            [os.path.join(ROOT, "tools", "setup"), *arguments],
            capture_output=True, text=True, check=False)

    def test_help_and_a_wrong_word(self):
        done = self.run_setup("--help")
        self.assertEqual(done.returncode, 0)
        self.assertIn("serve|test|gates|train|docs|all", done.stdout)
        done = self.run_setup("everything")
        self.assertEqual(done.returncode, 2)
        self.assertIn("serve|test|gates|train|docs|all", done.stderr)


if __name__ == "__main__":
    unittest.main()
