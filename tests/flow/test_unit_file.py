"""The unit of systemd: understood whole, and what it exposes."""
import pathlib
import re
import subprocess

UNIT = pathlib.Path(__file__).parents[2] / "deploy/systemd/silhouette.service"
EXPOSURE_MAX = 2.0


def said_by(*arguments):
    done = subprocess.run(["systemd-analyze", *arguments, str(UNIT)],
                          capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_row_51_little_is_exposed():
    said = said_by("security", "--offline=yes", "--no-pager")
    [level] = re.findall(r"Overall exposure level for .*: ([\d.]+)", said)
    assert float(level) <= EXPOSURE_MAX


def test_every_line_is_understood():
    """All but that the program isn't installed here."""
    complaints = [line for line in said_by("verify").splitlines()
                  if "silhouette.service" in line
                  and "is not executable" not in line]
    assert complaints == []
