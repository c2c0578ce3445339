"""The chart and the plain manifests: rendered by Helm itself, and held against
the schemas of Kubernetes, without a cluster."""
import os
import re
import subprocess

import pytest
import yaml

from service import BINARY, ROOT, clean_environment

CHART = ROOT / "deploy/helm/silhouette"
PLAIN = ROOT / "deploy/kubernetes"
HELM = ROOT / ".deps/bin/helm"
VALIDATE = ROOT / ".deps/bin/kubectl-validate"
VERSION = "1.30"

# Values that reach every branch of the templates.
EVERYTHING = """
image: {repository: registry.example/silhouette, tag: "9", pullPolicy: Always}
imagePullSecrets: [{name: pull}]
serviceAccount:
  annotations: {eks.amazonaws.com/role-arn: "arn:aws:iam::1:role/r"}
aws: {region: eu-west-1, endpoint: "http://minio:9000", existingSecret: keys}
serve:
  store: s3://b/p
  flags: [--workers, "4"]
  existingKeysSecret: api-keys
  nodeSelector: {kind: cpu}
  tolerations: [{key: a, operator: Exists}]
networkPolicy:
  from: [{namespaceSelector: {matchLabels: {a: b}}}]
  storeCIDRs: [10.0.0.0/8, 192.168.0.0/16]
  storePorts: [443, 9000]
batch:
  enabled: true
  source: s3://b/in
  dest: s3://b/out
  parts: 12
  flags: [--format, json]
  nodeSelector: {kind: cpu}
  tolerations: [{key: a, operator: Exists}]
"""
KINDS = {"ServiceAccount", "Deployment", "PodDisruptionBudget", "Service",
         "HorizontalPodAutoscaler", "NetworkPolicy", "Job"}


def helm(*words, ok=True):
    done = subprocess.run([str(HELM), *map(str, words)], capture_output=True,
                          text=True, timeout=60, cwd=ROOT,
                          env=clean_environment(HOME="/nonexistent"))
    assert (done.returncode == 0) == ok, done.stderr + done.stdout
    return done.stdout if ok else done.stderr


def rendered(tmp_path, values):
    path = tmp_path / "values.yaml"
    path.write_text(values)
    text = helm("template", "test", CHART, "--kube-version", VERSION, "-f",
                path)
    return text, [item for item in yaml.safe_load_all(text) if item]


def valid(path, ok=True):
    """kubectl-validate: unknown members, wrong types, missing ones."""
    done = subprocess.run([str(VALIDATE), str(path), "--version", VERSION],
                          capture_output=True, text=True, timeout=120,
                          env=clean_environment(HOME="/nonexistent"))
    assert (done.returncode == 0) == ok, done.stdout + done.stderr
    return done.stdout + done.stderr


def one(items, kind):
    (found,) = [item for item in items if item["kind"] == kind]
    return found


VALUES = {"default": "{}", "everything": EVERYTHING,
          "batch alone": "{serve: {enabled: false}, batch: {enabled: true}}",
          "without autoscaling": "{serve: {autoscaling: {enabled: false}}}",
          "cpu alone": "{serve: {autoscaling: {queueDepth: 0}}}",
          "without policy": "{networkPolicy: {enabled: false}}"}


@pytest.mark.parametrize("name", VALUES)
def test_chart_is_valid_kubernetes(tmp_path, name):
    text, items = rendered(tmp_path, VALUES[name])
    (tmp_path / "out.yaml").write_text(text)
    valid(tmp_path / "out.yaml")
    if name == "everything":
        assert {item["kind"] for item in items} == KINDS
    assert len({(item["kind"], item["metadata"]["name"])
                for item in items}) == len(items)


def test_lint():
    assert "0 chart(s) failed" in helm("lint", "--strict", CHART)


@pytest.mark.parametrize("values", [
    "{serve: {store: /pictures}}", "{batch: {parts: 0}}", "{typo: 1}",
    "{serve: {autoscaling: {cpuPercent: 0}}}"])
def test_wrong_values_are_refused(tmp_path, values):
    path = tmp_path / "values.yaml"
    path.write_text(values)
    assert "schema" in helm("template", "test", CHART, "-f", path, ok=False)


def test_validation_sees_mistakes(tmp_path):
    """Or the tests above would show nothing."""
    text, _ = rendered(tmp_path, EVERYTHING)
    for right, wrong in ((r"completionMode:", "completionMod:"),
                         (r"maxReplicas: 20", "maxReplicas: many"),
                         (r"      containers:\n.*?      volumes:",
                          "      volumes:")):
        bad = re.sub(right, wrong, text, flags=re.S)
        assert bad != text
        (tmp_path / "bad.yaml").write_text(bad)
        valid(tmp_path / "bad.yaml", ok=False)


def test_plain_manifests_are_the_chart_s(tmp_path):
    subprocess.run([str(ROOT / "deploy/render"), str(tmp_path)], check=True,
                   timeout=60, env=clean_environment(HOME="/nonexistent"))
    for name in ("serve.yaml", "batch.yaml"):
        assert (tmp_path / name).read_text() == (PLAIN / name).read_text()
        valid(PLAIN / name)


def words_of(command):
    """The flags that --help of a command names."""
    done = subprocess.run([str(BINARY), command, "--help"],
                          capture_output=True, text=True, timeout=60)
    return set(re.findall(r"--[a-z-]+", done.stdout))


def test_commands_and_variables_are_real(tmp_path):
    _, items = rendered(tmp_path, EVERYTHING)
    serve = one(items, "Deployment")["spec"]["template"]["spec"]["containers"]
    batch = one(items, "Job")["spec"]["template"]["spec"]["containers"]
    assert serve[0]["args"] == ["serve", "--workers", "4"]
    assert batch[0]["args"] == ["batch", "s3://b/in", "s3://b/out", "--shard",
                                "auto/12", "--format", "json"]
    for command, container in (("serve", serve[0]), ("batch", batch[0])):
        known = words_of(command)
        assert known, command
        for word in container["args"]:
            assert not word.startswith("--") or word in known
        for variable in container["env"]:
            name = variable["name"]
            if name.startswith("SILHOUETTE_"):
                flag = "--" + name[len("SILHOUETTE_"):].lower()
                assert flag.replace("_", "-") in known


def test_metric_of_the_autoscaler_exists(tmp_path):
    _, items = rendered(tmp_path, "{}")
    metrics = one(items, "HorizontalPodAutoscaler")["spec"]["metrics"]
    (pods,) = [metric["pods"] for metric in metrics
               if metric["type"] == "Pods"]
    assert f'"{pods["metric"]["name"]}"' in (
        ROOT / "src/server/metrics.tbl").read_text() or \
        pods["metric"]["name"] in (ROOT / "docs/METRICS.md").read_text()


def test_pods_may_do_little(tmp_path):
    _, items = rendered(tmp_path, EVERYTHING)
    for kind in ("Deployment", "Job"):
        pod = one(items, kind)["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["securityContext"]["seccompProfile"]["type"] == \
            "RuntimeDefault"
        assert not pod["automountServiceAccountToken"]
        (container,) = pod["containers"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]}}
        assert container["resources"]["limits"]


def test_job_is_an_indexed_one(tmp_path):
    """Each part has a pod, and what its exit codes mean is said."""
    _, items = rendered(tmp_path, EVERYTHING)
    spec = one(items, "Job")["spec"]
    assert spec["completionMode"] == "Indexed" and spec["completions"] == 12
    codes = spec["podFailurePolicy"]["rules"][0]
    assert codes["action"] == "FailIndex"
    assert codes["onExitCodes"]["values"] == [1, 2]
    assert spec["template"]["spec"]["restartPolicy"] == "Never"


def test_indexed_pods_do_their_parts(tmp_path):
    """What the pods of such a Job would run, one after the other."""
    from pictures import encoded, person_picture
    source = tmp_path / "in"
    source.mkdir()
    for index in range(9):
        (source / f"{index}.jpg").write_bytes(
            encoded(person_picture(40, 50), "JPEG"))
    for index in range(3):
        done = subprocess.run(
            [str(BINARY), "batch", str(source), str(tmp_path / "out"),
             "--shard", "auto/3", "--models", str(ROOT / "models")],
            cwd=tmp_path, capture_output=True, timeout=60,
            env=clean_environment(JOB_COMPLETION_INDEX=str(index)))
        assert done.returncode == 0, done.stderr
    assert len(os.listdir(tmp_path / "out")) == 9
