"""Pictures out of a real S3 server, which checks the signatures."""
import json

import pytest

import service
from pictures import encoded, mask_of, person_picture
from service import BUCKET, failure

IMAGE = "image load error"
KEYS = ["plain.jpg", "a b.jpg", "a+b.jpg", "a#b.jpg", "a?b=c.jpg",
        "a%20b.jpg", "100%.jpg", "%2e%2e.jpg", "사진/사람 1.jpg", "é.jpg",
        "a&b=c;d,e.jpg", "q'uo\"te.jpg", "a*b(c)!~.jpg", "a:b@c$.jpg",
        "x/y/z/deep.jpg", "[1]{2}|3^4`.jpg", "=.jpg", "...jpg",
        "😀.jpg"]


@pytest.fixture(scope="module")
def bucket(s3):
    root = s3.folder / BUCKET
    content = encoded(person_picture(), "JPEG")
    for key in KEYS:
        path = root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    other = s3.folder / "other"
    other.mkdir(exist_ok=True)
    (other / "plain.jpg").write_bytes(content)
    (root / "pre/fix").mkdir(parents=True, exist_ok=True)
    (root / "pre/fix/in.jpg").write_bytes(content)
    return root


@pytest.fixture(scope="module")
def s3_server(s3, bucket, tmp_path_factory):
    log = tmp_path_factory.mktemp("log") / "server.log"
    with service.Service(f"s3://{BUCKET}", log_path=log,
                         environment=s3.environment()) as running:
        yield running


@pytest.mark.parametrize("key", KEYS)
def test_keys_are_taken_literally(s3_server, key):
    response = s3_server.post(key)
    assert response.status_code == 200, response.text
    assert 0.05 < mask_of(response.json()).mean() < 0.95


def test_escaped_json_is_the_same_key(s3_server):
    body = json.dumps({"imgSrc": "사진/사람 1.jpg"}, ensure_ascii=True)
    assert "\\u" in body
    assert s3_server.post(body=body).status_code == 200


def test_missing_key(s3_server):
    failure(s3_server.post("missing.jpg"), 404, "image_not_found", 0, IMAGE)


def test_default_bucket_by_its_s3_url(s3_server):
    assert s3_server.post(f"s3://{BUCKET}/plain.jpg").status_code == 200


def test_other_bucket_is_forbidden_unless_allowed(s3_server, s3, start):
    failure(s3_server.post("s3://other/plain.jpg"), 403, "image_forbidden", 0,
            IMAGE)
    with start("--buckets", "other", store=f"s3://{BUCKET}",
               environment=s3.environment()) as server:
        assert server.post("s3://other/plain.jpg").status_code == 200
        failure(server.post("s3://third/plain.jpg"), 403, "image_forbidden",
                0, IMAGE)


def test_prefix(s3, bucket, start):
    with start(store=f"s3://{BUCKET}/pre/fix/",
               environment=s3.environment()) as server:
        assert server.post("in.jpg").status_code == 200
        failure(server.post("plain.jpg"), 404, "image_not_found", 0, IMAGE)


def test_wrong_secret_is_store_unavailable(s3, bucket, start):
    """The store refuses the signature: the service's fault, not the key's."""
    with start(store=f"s3://{BUCKET}", ready=False,
               environment=s3.environment(secret="wrong")) as server:
        failure(server.post("plain.jpg"), 503, "store_unavailable", -1, IMAGE)


def test_profile_of_the_credentials_file(s3, bucket, start, tmp_path):
    credentials = tmp_path / "credentials"
    credentials.write_text(
        "[default]\naws_access_key_id = no\naws_secret_access_key = no\n"
        f"[work]\naws_access_key_id = {service.ACCESS_KEY}\n"
        f"aws_secret_access_key = {service.SECRET_KEY}\n")
    config = tmp_path / "config"
    config.write_text(f"[profile work]\nregion = {service.REGION}\n"
                      f"endpoint_url = {s3.url}\n")
    environment = {"AWS_SHARED_CREDENTIALS_FILE": str(credentials),
                   "AWS_CONFIG_FILE": str(config), "AWS_PROFILE": "work"}
    with start(store=f"s3://{BUCKET}", environment=environment) as server:
        assert server.post("plain.jpg").status_code == 200


def test_bytes_limit_of_an_object(s3, bucket, start):
    with start("--image-bytes-max", "1000", store=f"s3://{BUCKET}",
               environment=s3.environment()) as server:
        failure(server.post("plain.jpg"), 413, "image_too_large", 0, IMAGE)
