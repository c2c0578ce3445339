#!/usr/bin/env python3
"""docs/RELIABILITY.md names tests that exist, and has all of its rows."""
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/RELIABILITY.md").read_text(encoding="utf-8")
ROWS = range(1, 56)


def sources():
    """File name -> text of every test."""
    return {path.name: path.read_text(encoding="utf-8")
            for pattern in ("flow/test_*.py", "unit/*/test_*.c",
                            "tools/test_*.py")
            for path in (ROOT / "tests").glob(pattern)}


class Reliability(unittest.TestCase):
    def test_each_name_exists(self):
        tests = sources()
        named = re.findall(r"`(test_\w+\.(?:py|c))(?:::(\w+))?`", PAGE)
        self.assertGreater(len(named), 100)
        for file, name in named:
            self.assertTrue(file in tests, f"there is no {file}")
            if name:
                found = re.search(rf"\b{name}\(void|def {name}\(", tests[file])
                self.assertIsNotNone(found, f"{file} has no {name}")

    def test_each_fuzz_target_exists(self):
        for name in re.findall(r"`(fuzz_\w+)`", PAGE):
            self.assertTrue((ROOT / f"fuzz/{name}.c").exists(), name)

    def test_no_row_is_missing(self):
        rows = [int(row) for row in re.findall(r"^\| (\d+) \|", PAGE, re.M)]
        self.assertEqual(sorted(rows), list(ROWS))


if __name__ == "__main__":
    unittest.main()
