"""State in a bucket: against a small bucket of our own, and against moto (verifies signatures) and s3rver for real."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

import pytest
import requests

from handler.clock import SystemClock
from handler.errors import MissingExtraError, StoreConflictError, StoreDamagedError, StoreError, TransportError
from handler.models import Secret
from handler.state.document import decode, encode
from handler.state.memory import LastRun
from handler.state.obs import NO_CONDITIONS, ObsStore, _etag
from handler.state.obs_objects import ObsKeys, ObsObjects
from handler.transport.http import HttpTransport
from handler.transport.request import Request, Response
from tests.fakes import FakeClock, FakeTransport
from tests.real_servers import free_port, program, running

AT = "2026-11-22T12:00:00Z"
ENDPOINT = "https://obs.eu-de.otc.t-systems.com"


def document(run_at: str = AT) -> dict:
    return encode(LastRun(run_at))


@dataclass
class Bucket:
    """Objects by path. `conditions`: whether PUT honours If-Match and If-None-Match."""

    conditions: bool = True
    objects: dict[str, bytes] = field(default_factory=dict)
    asked: list[Request] = field(default_factory=list)
    fault: object = None

    def __call__(self, request: Request, timeout: float) -> Response:
        self.asked.append(request)
        path = urlsplit(request.url).path
        if self.fault is not None and not path.endswith(".probe") and request.method == "PUT":
            fault, self.fault = self.fault, None
            return fault(self, path, request.body)
        body = self.objects.get(path)
        if request.method == "GET":
            return Response(404) if body is None else Response(200, {"etag": etag(body)}, body)
        headers = {name.lower(): value for name, value in request.headers.items()}
        if self.conditions and headers.get("if-none-match") == "*" and body is not None:
            return Response(412)
        if self.conditions and "if-match" in headers and (body is None or headers["if-match"] != etag(body)):
            return Response(412)
        self.objects[path] = request.body
        return Response(200, {"etag": etag(request.body)})


def etag(body: bytes) -> str:
    return f'"{hashlib.md5(body).hexdigest()}"'


def store_in(transport, endpoint: str = ENDPOINT, keys: ObsKeys | None = None, clock=None) -> ObsStore:
    known = keys or ObsKeys("AKID", Secret("sekret"), Secret("token"))
    return ObsStore(
        ObsObjects("state", endpoint, "eu-de", lambda: known, transport, clock or FakeClock()), "a/last.json", decode
    )


@pytest.fixture(params=[True, False], ids=["conditions", "no conditions"])
def bucket(request):
    return Bucket(request.param)


def test_what_is_saved_is_loaded(bucket):
    assert store_in(bucket).load() == (None, None)
    version = store_in(bucket).save(document(), None)
    assert store_in(bucket).load() == (decode(document()), version)


def test_the_second_writer_of_a_version_loses(bucket):
    store = store_in(bucket)
    version = store.save(document(), None)
    store.save(document("2026-11-22T13:00:00Z"), version)
    for stale in (version, None):
        with pytest.raises(StoreConflictError):
            store_in(bucket).save(document("2026-11-22T14:00:00Z"), stale)
    assert store.load()[0].run_at == "2026-11-22T13:00:00Z"


def test_a_bucket_without_conditions_is_found_out_and_said_once():
    store = store_in(Bucket(conditions=False))
    assert store.warnings == ()
    store.save(document(), store.save(document(), None))
    assert store.warnings == (NO_CONDITIONS,)


def test_a_bucket_with_conditions_needs_one_probe_of_each_and_no_warning():
    bucket = Bucket()
    store = store_in(bucket)
    store.save(document(), store.save(document(), None))
    probes = [one for one in bucket.asked if one.url.endswith(".probe")]
    assert (len(probes), store.warnings) == (3, ())


def test_the_bucket_stands_before_the_host_and_nothing_is_asked_but_get_and_put(bucket):
    store = store_in(bucket)
    store.load()
    store.save(document(), None)
    assert bucket.asked[0].url == "https://state.obs.eu-de.otc.t-systems.com/a/last.json"
    assert {one.method for one in bucket.asked} <= {"GET", "PUT"}


def test_each_request_is_signed_with_the_session_token_and_shows_no_secret(bucket):
    store_in(bucket).save(document(), None)
    for request in bucket.asked:
        headers = {name.lower(): value for name, value in request.headers.items()}
        assert re.match(r"AWS4-HMAC-SHA256 Credential=AKID/20261122/eu-de/s3/aws4_request,", headers["authorization"])
        assert headers["x-amz-security-token"] == "token"
        assert "sekret" not in repr(headers)


def test_a_damaged_object_is_copied_and_may_then_be_replaced(bucket):
    store = store_in(bucket)
    bucket.objects["/a/last.json"] = b"{broken"
    with pytest.raises(StoreDamagedError, match="obs://state/a/last"):
        store.load()
    store.save(document(), None)
    assert bucket.objects["/a/last.json.damaged-20261122T120000Z"] == b"{broken"
    assert store.load()[0] == decode(document())


def lost_after(bucket, path, body):
    bucket.objects[path] = body
    raise TransportError("no answer", sent=True)


def lost_before(bucket, path, body):
    raise TransportError("no answer", sent=True)


def refused(bucket, path, body):
    raise TransportError("refused", sent=False)


def test_a_write_whose_answer_is_lost_is_looked_up(bucket):
    bucket.fault = lost_after
    version = store_in(bucket).save(document(), None)
    assert store_in(bucket).load() == (decode(document()), version)


@pytest.mark.parametrize("fault", [lost_before, refused, lambda *_: Response(500), lambda *_: Response(403)])
def test_a_write_that_did_not_arrive_is_an_error(bucket, fault):
    bucket.fault = fault
    with pytest.raises(StoreError, match="cannot be written"):
        store_in(bucket).save(document(), None)


@pytest.mark.parametrize(
    "answer", [Response(403), Response(500), Response(301), Response(404, body=b"<Code>NoSuchBucket</Code>")]
)
def test_an_object_that_cannot_be_read_is_not_taken_for_none(answer):
    with pytest.raises(StoreError, match="cannot be read"):
        store_in(lambda request, timeout: answer).load()


def _moto_keys(endpoint: str) -> ObsKeys:
    """A user of the server, made with the few calls that it takes without a signature."""
    policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}'
    calls = (
        {"Action": "CreateUser", "UserName": "us"},
        {"Action": "PutUserPolicy", "UserName": "us", "PolicyName": "all", "PolicyDocument": policy},
        {"Action": "CreateAccessKey", "UserName": "us"},
    )
    for call in calls:
        body = urlencode({**call, "Version": "2010-05-08"})
        scope = "AWS4-HMAC-SHA256 Credential=x/20261122/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=x"
        headers = {"Authorization": scope, "Content-Type": "application/x-www-form-urlencoded"}
        answer = requests.post(endpoint, data=body, headers=headers, timeout=30)
        answer.raise_for_status()
    found = [re.search(f"<{tag}>([^<]+)</{tag}>", answer.text) for tag in ("AccessKeyId", "SecretAccessKey")]
    return ObsKeys(found[0][1], Secret(found[1][1]))


@pytest.fixture(scope="module")
def moto():
    port = free_port()
    command = (program("MOTO_SERVER", "moto_server", on_path=False), "-H", "127.0.0.1", "-p", str(port))
    with running(command, port, {"INITIAL_NO_AUTH_ACTION_COUNT": "3"}):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def moto_keys(moto):
    keys = _moto_keys(moto)
    bucket = ObsObjects("state", moto, "us-east-1", lambda: keys, HttpTransport(), SystemClock())
    assert bucket.put("", b"").status == 200  # makes the bucket
    return keys


def _real(endpoint: str, keys: ObsKeys, key: str) -> ObsStore:
    return ObsStore(
        ObsObjects("state", endpoint, "us-east-1", lambda: keys, HttpTransport(), SystemClock()), key, decode
    )


@pytest.mark.real
def test_moto_takes_our_signature_and_its_conditions_are_found(moto, moto_keys):
    store = _real(moto, moto_keys, "conditions.json")
    assert store.load() == (None, None)
    version = store.save(document(), None)
    newer = store.save(document("2026-11-22T13:00:00Z"), version)
    for stale in (version, None):
        with pytest.raises(StoreConflictError):
            store.save(document("2026-11-22T14:00:00Z"), stale)
    assert (store.load()[1], store.warnings) == (newer, ())


@pytest.mark.real
def test_moto_refuses_another_secret(moto, moto_keys):
    wrong = ObsKeys(moto_keys.access_key, Secret("not the secret"))
    with pytest.raises(StoreError, match="HTTP 403") as caught:
        _real(moto, wrong, "conditions.json").load()
    assert "not the secret" not in str(caught.value)


@pytest.mark.real
def test_moto_takes_a_key_with_signs_that_must_be_quoted(moto, moto_keys):
    store = _real(moto, moto_keys, "a b/ü+(1)~.json")
    version = store.save(document(), None)
    assert store.load() == (decode(document()), version)


@pytest.mark.real
def test_s3rver_ignores_conditions_which_is_found_out(tmp_path):
    port = free_port()
    command = (program("S3RVER", "s3rver"), "-d", str(tmp_path), "-a", "127.0.0.1", "-p", str(port))
    with running((*command, "--configure-bucket", "state", "--silent"), port):
        store = _real(f"http://127.0.0.1:{port}", ObsKeys("S3RVER", Secret("S3RVER")), "last.json")
        version = store.save(document(), None)
        store.save(document("2026-11-22T13:00:00Z"), version)
        with pytest.raises(StoreConflictError):
            store.save(document("2026-11-22T14:00:00Z"), version)
        assert store.warnings == (NO_CONDITIONS,)
        assert store.load()[0].run_at == "2026-11-22T13:00:00Z"


@pytest.mark.parametrize(("left", "timeout"), [(900.0, 10.0), (4.0, 4.0), (0.0, 1.0)])
def test_a_request_takes_no_longer_than_the_run_has_left(left, timeout):
    transport = FakeTransport(lambda _: Response(404))
    keys = ObsKeys("AK", Secret("SK"))
    objects = ObsObjects("b", "https://obs.example", "r", lambda: keys, transport, FakeClock(), left=lambda: left)
    objects.get("k")
    assert transport.timeouts == [timeout]


@pytest.mark.parametrize(("status", "looked_up"), [(500, True), (503, True), (200, True), (403, False), (499, False)])
def test_only_where_an_answer_leaves_it_open_is_a_write_looked_up(status, looked_up):
    small = Bucket()
    small.fault = lambda *_: Response(status)
    with pytest.raises(StoreError) as refused:
        store_in(small).save(document(), None)
    assert refused.value.message == f"obs://state/a/last.json cannot be written: HTTP {status}"
    assert ([one.method for one in small.asked].count("GET") == 1) is looked_up


def test_a_write_that_arrived_although_its_answer_says_nothing_is_one():
    small = Bucket()

    def silent(bucket, path, body):
        bucket.objects[path] = body
        return Response(500)

    small.fault = silent
    version = store_in(small).save(document(), None)
    assert version == etag(small.objects["/a/last.json"]).strip('"')


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (lambda *_: Response(403), "HTTP 403"),
        (refused, "refused"),
    ],
)
def test_what_is_damaged_and_cannot_be_copied_may_not_be_replaced(fault, said):
    small = Bucket()
    small.objects["/a/last.json"] = b"{broken"
    small.fault = fault
    with pytest.raises(StoreError) as failed:
        store_in(small).load()
    assert failed.value.message == f"obs://state/a/last.json.damaged-20261122T120000Z cannot be written: {said}"


def test_where_it_is_only_read_what_is_damaged_is_not_copied():
    small = Bucket()
    small.objects["/a/last.json"] = b"{broken"
    keys = ObsKeys("AKID", Secret("sekret"))
    objects = ObsObjects("state", ENDPOINT, "eu-de", lambda: keys, small, FakeClock())
    with pytest.raises(StoreDamagedError) as damaged:
        ObsStore(objects, "a/last.json", decode, read_only=True).load()
    assert damaged.value.message == "obs://state/a/last.json: the state is not JSON"
    assert list(small.objects) == ["/a/last.json"]


def test_what_is_written_is_json_and_another_run_is_named_as_such():
    small = Bucket()
    store = store_in(small)
    store.save(document(), None)
    puts = [one for one in small.asked if one.method == "PUT"]
    assert {dict(one.headers).get("content-type") for one in puts} == {"application/json"}
    with pytest.raises(StoreConflictError) as beaten:
        store.save(document(), None)
    assert beaten.value.message == "obs://state/a/last.json: another run wrote it"


@pytest.mark.parametrize(
    ("answer", "said"),
    [(Response(403), "HTTP 403"), (Response(404, body=b"<Code>NoSuchBucket</Code>"), "HTTP 404")],
)
def test_an_object_that_cannot_be_read_says_what_to_check(answer, said):
    with pytest.raises(StoreError) as failed:
        store_in(lambda request, timeout: answer).load()
    assert failed.value.message == f"obs://state/a/last.json cannot be read: {said}"
    assert "credentials" in failed.value.hint


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        ("https://obs.example", "https://b.obs.example/a%20b/c%2Bd.json"),
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000/b/a%20b/c%2Bd.json"),
    ],
)
def test_an_object_stands_in_its_bucket(endpoint, url):
    assert ObsObjects("b", endpoint, "r", lambda: None, None, None).url("a b/c+d.json") == url


@pytest.mark.parametrize(
    ("headers", "body", "version"),
    [({"etag": ' "abc" '}, b"x", "abc"), ({}, b"x", hashlib.sha256(b"x").hexdigest()), ({}, b"", "")],
)
def test_a_version_is_the_etag_or_the_digest_of_what_came(headers, body, version):
    assert _etag(Response(200, headers, body)) == version


def test_an_ordinary_write_is_asked_once_and_nothing_is_looked_up():
    small = Bucket()
    store_in(small).save(document(), None)
    assert [(one.method, one.url.endswith(".probe")) for one in small.asked] == [("PUT", True)] * 3 + [("PUT", False)]


@dataclass
class Half(Bucket):
    """A bucket that honours a condition of creation, and none of change."""

    def __call__(self, request: Request, timeout: float) -> Response:
        headers = {name: value for name, value in request.headers.items() if name.lower() != "if-match"}
        return super().__call__(request._replace(headers=headers), timeout)


@pytest.mark.parametrize(("small", "probes"), [(Bucket(conditions=False), 2), (Half(), 3)])
def test_a_bucket_that_lacks_a_condition_is_probed_no_further_and_read_before_each_write(small, probes):
    store = store_in(small)
    store.save(document(), None)
    assert sum(one.url.endswith(".probe") for one in small.asked) == probes
    assert store.warnings == (NO_CONDITIONS,)
    with pytest.raises(StoreConflictError) as beaten:
        store.save(document(), None)
    assert beaten.value.message == "obs://state/a/last.json: another run wrote it"


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda store: store.load(), "obs://state/a/last.json cannot be read: refused"),
        (lambda store: store.save(document(), None), "obs://state/a/last.json.probe cannot be written: refused"),
    ],
)
def test_a_bucket_that_cannot_be_reached_is_named_with_what_was_asked(act, said):
    with pytest.raises(StoreError) as failed:
        act(store_in(lambda request, timeout: refused(None, "", b"")))
    assert failed.value.message == said


def test_what_to_check_is_the_key_and_the_endpoint():
    with pytest.raises(StoreError) as failed:
        store_in(lambda request, timeout: Response(403)).load()
    assert failed.value.hint == "Check that the credentials may read and write that object, and OBS_ENDPOINT."


def test_a_version_keeps_all_that_stands_between_its_quotes():
    assert _etag(Response(200, {"etag": '"XabX"'}, b"x")) == "XabX"


def test_what_is_sent_is_signed_with_the_digest_of_its_body_and_without_its_length():
    small = Bucket()
    store_in(small).save(document(), None)
    sent = small.asked[-1]
    headers = {name.lower(): value for name, value in sent.headers.items()}
    assert headers["x-amz-content-sha256"] == hashlib.sha256(sent.body).hexdigest()
    assert "content-length" not in headers


def test_without_the_extra_a_bucket_cannot_be_asked(uninstalled):
    uninstalled("requests_aws4auth", "handler.state.obs_signature")
    with pytest.raises(MissingExtraError) as missing:
        store_in(Bucket()).load()
    assert missing.value.message == MissingExtraError("obs://", "obs").message
