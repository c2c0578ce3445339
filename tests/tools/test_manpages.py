"""tools/manpages tells every command, flag and setting, in roff that groff
takes without a warning, and completions that complete. Must not know a command
or a setting by name: it asks the program and the tables.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.path.join(os.environ["SIL_BUILD"], "silhouette")
KINDS = "SIL_TEXT|SIL_NUMBER|SIL_CHOICE"


def said_by(*words):
    return subprocess.run(words, capture_output=True, text=True, check=True,
                          encoding="utf-8").stdout


class Manual(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.out = pathlib.Path(cls.folder.name)
        subprocess.run([sys.executable, "-B", ROOT / "tools/manpages",
                        PROGRAM, cls.out], check=True)
        cls.commands = re.findall(r"^  ([a-z]+) ", said_by(PROGRAM, "--help"),
                                  re.M)
        table = (ROOT / "src/server/config.tbl").read_text(encoding="utf-8")
        cls.settings = [name for name in re.findall(
            rf"^(?:{KINDS})\((\w+)", table, re.M) if name != "config"]

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def text(self, path):
        """A page without the marks of roff."""
        text = (self.out / path).read_text(encoding="utf-8")
        return re.sub(r"\\f[BIR]", "", text).replace("\\-", "-")

    def completed(self, *words):
        """What bash offers for the last of the words."""
        line = " ".join(f"'{word}'" for word in words)
        return said_by(
            "bash", "--norc", "-c",
            f". {self.out}/completions/silhouette; COMP_WORDS=({line}); "
            f"COMP_CWORD={len(words) - 1}; _silhouette; "
            'printf "%s\\n" "${COMPREPLY[@]}"').split()

    def test_every_command_has_a_page_with_all_its_flags(self):
        self.assertGreaterEqual(len(self.commands), 7)
        for command in self.commands:
            page = self.text(f"man1/silhouette-{command}.1")
            told = said_by(PROGRAM, command, "--help")
            for flag in re.findall(r"^  (?:-o, )?(--[a-z0-9-]+)", told, re.M):
                self.assertIn(flag, page, command)
            self.assertIn(f"silhouette-{command}", self.text(
                "man1/silhouette.1"))

    def test_every_setting_is_in_the_page_and_in_the_file(self):
        self.assertGreaterEqual(len(self.settings), 20)
        page = self.text("man5/silhouette.conf.5")
        file = (self.out / "silhouette.conf").read_text(encoding="utf-8")
        for name in self.settings:
            self.assertIn(f"\n{name} = ", page)
            self.assertIn(f"\n#{name} = ", file)

    def test_what_the_file_shows_is_what_the_program_takes(self):
        """Each default, uncommented: no setting is refused."""
        file = (self.out / "silhouette.conf").read_text(encoding="utf-8")
        lines = [line[1:] for line in file.splitlines()
                 if re.fullmatch(r"#[a-z0-9_]+ = [a-z0-9.:]+", line)]
        self.assertGreaterEqual(len(lines), 20)
        conf = self.out / "whole.conf"
        conf.write_text("\n".join(lines) + "\n", encoding="utf-8")
        done = subprocess.run([PROGRAM, "check", "--config", conf,
                               "--models", ROOT / "models",
                               "--store", f"dir:{ROOT}/samples"],
                              capture_output=True, text=True, check=False)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        self.assertIn("whole.conf", done.stdout)

    def test_every_call_and_error_is_in_the_page_of_the_library(self):
        page = self.text("man3/silhouette.3")
        header = (ROOT / "include/silhouette.h").read_text(encoding="utf-8")
        calls = set(re.findall(r"\b(sil_\w+)\(", header.split("#endif")[1]))
        self.assertGreaterEqual(len(re.findall(r"\bsil_\w+\(", header)), 20)
        for call in calls | set(re.findall(r"\bSIL_E_[A-Z]{3}\w+", header)):
            self.assertIn(call, page)

    @unittest.skipUnless(shutil.which("groff"), "groff isn't installed")
    def test_groff_has_nothing_to_say(self):
        pages = sorted(self.out.glob("man?/*"))
        self.assertEqual(len(pages), len(self.commands) + 3)
        for path in pages:
            done = subprocess.run(
                ["groff", "-man", "-Tutf8", "-ww", "-z", path],
                capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ""), path)

    def test_bash_completes(self):
        self.assertEqual(self.completed("silhouette", "se"),
                         ["segment", "serve"])
        self.assertEqual(self.completed("silhouette", "segment", "--thr"),
                         ["--threshold"])
        self.assertEqual(
            self.completed("silhouette", "segment", "--quality", ""),
            ["fast", "best"])
        for name in self.settings:
            flag = "--" + name.replace("_", "-")
            for command in ("serve", "check"):
                self.assertIn(flag, self.completed("silhouette", command,
                                                   flag))

    def test_zsh_and_fish_know_every_flag(self):
        for name in ("_silhouette", "silhouette.fish"):
            text = (self.out / "completions" / name).read_text(
                encoding="utf-8")
            for command in self.commands:
                told = said_by(PROGRAM, command, "--help")
                for flag in re.findall(r"^  (--[a-z0-9-]+)", told, re.M):
                    wanted = (f"'{flag}[" if name == "_silhouette" else
                              f"{command}' -l {flag[2:]} ")
                    self.assertIn(wanted, text)

    @unittest.skipUnless(shutil.which("zsh"), "zsh isn't installed")
    def test_zsh_can_read_it(self):
        said_by("zsh", "-n", str(self.out / "completions/_silhouette"))

    @unittest.skipUnless(shutil.which("fish"), "fish isn't installed")
    def test_fish_can_read_it(self):
        said_by("fish", "-n", str(self.out / "completions/silhouette.fish"))


if __name__ == "__main__":
    unittest.main()
