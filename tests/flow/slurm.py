"""A whole Slurm on this machine, for one test: munge, the controller and one
node, by hand and without systemd, in a folder of its own."""
import getpass
import os
import shutil
import socket
import subprocess
import time

from service import clean_environment, free_port, wait_until

START_S = 30
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "scontrol", "squeue")
CONFIGURATION = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={root}/munge.socket,cred_expire=5
CredType=cred/munge
SlurmctldPort={controller_port}
SlurmdPort={node_port}
StateSaveLocation={root}/state
SlurmdSpoolDir={root}/spool
SlurmctldPidFile={root}/slurmctld.pid
SlurmdPidFile={root}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/builtin
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,sched_interval=1
SwitchType=switch/none
MpiDefault=none
MailProg=/bin/true
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
ReturnToService=2
SlurmdParameters=config_overrides
NodeName={host} NodeAddr=127.0.0.1 CPUs=8 RealMemory=8000 State=UNKNOWN
PartitionName=all Nodes={host} Default=YES MaxTime=10 State=UP
"""


def missing():
    """What keeps Slurm from running here; "" if nothing does."""
    path = os.environ["PATH"] + ":/usr/sbin:/sbin"
    gone = [name for name in PROGRAMS if not shutil.which(name, path=path)]
    return "no " + ", ".join(gone) if gone else ""


class Slurm:
    """with Slurm(folder) as slurm: slurm.run("sbatch", …)"""

    def __init__(self, root):
        self.root = root
        self.processes = []
        self.environment = clean_environment(
            SLURM_CONF=str(root / "slurm.conf"),
            PATH=os.environ["PATH"] + ":/usr/sbin:/sbin")

    def start(self, *words):
        output = open(self.root / (words[0] + ".log"), "wb")
        self.processes.append(subprocess.Popen(
            words, stdout=output, stderr=output, stdin=subprocess.DEVNULL,
            env=self.environment))
        output.close()

    def run(self, *words, **environment):
        done = subprocess.run(words, capture_output=True, text=True,
                              timeout=START_S, cwd=self.root,
                              env={**self.environment, **environment})
        assert done.returncode == 0, (words, done.stderr, self.logs())
        return done.stdout.strip()

    def logs(self):
        return "\n".join(path.read_text(errors="replace")[-3000:]
                         for path in sorted(self.root.glob("*.log")))

    def __enter__(self):
        host = socket.gethostname().split(".")[0]
        for name in ("state", "spool"):
            (self.root / name).mkdir()
        self.root.chmod(0o755)
        (self.root / "munge.key").touch(mode=0o600)
        (self.root / "munge.key").write_bytes(os.urandom(128))
        (self.root / "slurm.conf").write_text(CONFIGURATION.format(
            host=host, user=getpass.getuser(), root=self.root,
            controller_port=free_port(), node_port=free_port()))
        self.start("munged", "--foreground", "--force",
                   *(f"--{name}-file={self.root}/munge.{name}"
                     for name in ("key", "pid", "log", "seed")),
                   f"--socket={self.root}/munge.socket")
        try:
            wait_until((self.root / "munge.socket").exists, START_S, "munge")
            self.start("slurmctld", "-D")
            self.start("slurmd", "-D")
            wait_until(self.is_idle, START_S, "an idle node")
        except TimeoutError as error:
            self.stop()
            raise AssertionError(self.logs()) from error
        return self

    def is_idle(self):
        assert all(process.poll() is None for process in self.processes), \
            self.logs()
        said = subprocess.run(["sinfo", "-h", "-o", "%T"], text=True,
                              capture_output=True, env=self.environment)
        return said.stdout.strip() == "idle"

    def jobs(self):
        """{array task: its words} of `scontrol show job`."""
        found = {}
        for line in self.run("scontrol", "show", "job", "-o").splitlines():
            words = dict(word.split("=", 1) for word in line.split()
                         if "=" in word)
            if words.get("ArrayTaskId", "").isdigit():
                found[int(words["ArrayTaskId"])] = words
        return found

    def stop(self):
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(START_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def __exit__(self, *_):
        subprocess.run(["scancel", "--me"], env=self.environment,
                       capture_output=True)
        time.sleep(0.1)
        self.stop()
