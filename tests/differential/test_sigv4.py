"""Signature Version 4: schema-drift's signer against botocore's.

Random requests are built from the pieces that signers disagree about: escapes, dot segments,
repeated and empty parameters, folded headers, ports. Both sides get the same request; botocore is
asked for its canonical request, string to sign and signature, one after the other.
"""

import base64
import hashlib
import json
import pathlib
import random
import subprocess
import sys
import types
import urllib.parse

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from python_venv import build_folder, use_venv  # noqa: E402

SEED = 20261120
HEADER_REQUESTS = 2500
QUERY_REQUESTS = 1000
TOKENS = 500

UNICODE = ["\u00e9", "\u1234", "\u65e5\u672c", "\U0001f40d"]
SEGMENTS = ["a", "v1.2", "-_~", ".", "..", "", "%20", "%2F", "%2f", "%3A", "%", "%zz", " ", "+", "@",
            ":", "a:b", "(x)", "*", "'", "!", ",", ";", "=", "$", "&", "a b", "[1]", *UNICODE]
NAMES = ["a", "b", "A", "Param", "Param-3", "Param1", "x.y", "~", "Qualifier", "key with space",
         "list-type", "a/b", "sl+as:h@", *UNICODE]
VALUES = ["", "", "1", "2", "$LATEST", "a b", "a+b", "a=b", "x/y:z@", "100%", "&", "~-_.", "'\"",
          *UNICODE]
HEADER_NAMES = ["My-Header1", "my-header1", "MY-HEADER2", "X-Amz-Target", "Content-Type",
                "x-amz-meta-b", "Zoo", "X-Amz-Acl", "If-None-Match", "Range"]
HEADER_VALUES = ["value", " value ", "a   b", '"a   b   c"', "  lead", "tab\tand  space", "*",
                 "text/plain; charset=utf-8", "", "a,b", "caf\u00e9", "=", "x" * 300]
UNSIGNED_HEADERS = ["User-Agent", "Expect", "Transfer-Encoding", "X-Amzn-Trace-Id", "Connection",
                    "te", "Traceparent", "baggage"]
HOSTS = [("https", "example.amazonaws.com"), ("https", "example.amazonaws.com:443"),
         ("https", "bucket.s3.eu-central-1.amazonaws.com"), ("http", "127.0.0.1:5000"),
         ("http", "localhost:80"), ("https", "localhost:80"), ("http", "localhost:443"),
         ("http", "[::1]:9000")]
SERVICES = ["lambda", "sns", "secretsmanager", "ssm", "sts", "s3", "s3", "service"]
BODIES = [b"", b"{}", b"Param1=value1", bytes(range(256)), "\u65e5".encode(), b"x" * 70000]
TOKEN = "AQoDYXdzEPT//////////wEXAMPLE+token=="


def spelled(rng, text):
    """One of the ways to write a name or value in a query that mean the same."""
    plain = urllib.parse.quote(text, safe="-_.~")
    roll = rng.random()
    if roll < 0.6 or "%" in text or "&" in text:
        return plain
    if roll < 0.75:
        return plain.lower() if "%" in plain and text.isascii() and text.lower() == text else plain
    # As a careless client would send it: nothing is escaped that need not be.
    return text.replace("=", "%3D") if text.isascii() else text


def random_timestamp(rng):
    year, month, day = rng.randrange(1999, 2040), rng.randrange(1, 13), rng.randrange(1, 29)
    return f"{year}{month:02}{day:02}T{rng.randrange(24):02}{rng.randrange(60):02}0{rng.randrange(10)}Z"


def random_request(rng, presigned):
    pick = rng.choice
    scheme, host = pick(HOSTS)
    path = "/" + "/".join(pick(SEGMENTS) for _ in range(rng.randrange(0, 6)))
    pairs = [(pick(NAMES), pick(VALUES)) for _ in range(rng.choice([0, 0, 1, 2, 3, 6]))]
    if presigned:  # botocore would keep the first of a repeated name only
        pairs = list(dict(pairs).items())
    query = "&".join(
        spelled(rng, name) + (pick(["=", "=", ""]) if value == "" else "=" + spelled(rng, value))
        for name, value in pairs)  # fmt: skip
    headers = [[pick(HEADER_NAMES), pick(HEADER_VALUES)] for _ in range(rng.randrange(0, 5))]
    if rng.random() < 0.2:
        headers.append([pick(HEADER_NAMES), "one\n  two  words\n\tthree"])
    if rng.random() < 0.3:
        headers.append([pick(UNSIGNED_HEADERS), "whatever"])
    rng.shuffle(headers)
    # No request to S3 is presigned here.
    service = pick([name for name in SERVICES if not presigned or name != "s3"])
    return {
        "method": pick(["GET", "POST", "PUT", "HEAD", "DELETE", "PATCH", "get"]),
        "scheme": scheme,
        "target": path + ("?" + query if query or rng.random() < 0.1 else ""),
        "headers": [["Host", host], *headers],
        "body_b64": "" if presigned else base64.b64encode(pick(BODIES)).decode(),
        "service": service,
        "region": pick(["us-east-1", "eu-central-1", "cn-north-1", "us-gov-west-1"]),
        "timestamp": random_timestamp(rng),
        "access_key_id": pick(["AKIDEXAMPLE", "ASIA" + "Q" * 16]),
        "secret_access_key": pick(["wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "s" * 100, "\u00fc"]),
        "token": pick(["", TOKEN]),
        "omit_session_token": pick([False, False, True]),
        "normalize_path": service != "s3",
        "double_encode_path": service != "s3",
        "sign_body": not presigned and (service == "s3" or rng.random() < 0.2),
        "expires": rng.randrange(1, 604800),
        "pairs": pairs,
    }


def requests(presigned, count):
    rng = random.Random(SEED + presigned)
    return [random_request(rng, presigned) for _ in range(count)]


def credentials_of(request):
    from botocore.credentials import Credentials

    token = None if request.get("omit_session_token") else request["token"] or None
    return Credentials(request["access_key_id"], request["secret_access_key"], token)


def botocore_request(request, presigned):
    from botocore.awsrequest import AWSRequest

    path = request["target"].partition("?")[0]
    host = request["headers"][0][1]
    url = f"{request['scheme']}://{host}{path}"
    body = base64.b64decode(request["body_b64"])
    # botocore signs a query in the spelling it finds in a URL, and services in the canonical one:
    # given as pairs, botocore spells it itself.
    if presigned:
        query = "&".join(f"{urllib.parse.quote(n, safe='-_.~')}={urllib.parse.quote(v, safe='-_.~')}"
                         for n, v in request["pairs"])  # fmt: skip
        theirs = AWSRequest(method=request["method"], url=url + ("?" + query if query else ""))
    else:
        theirs = AWSRequest(method=request["method"], url=url, data=body, params=request["pairs"])
    for name, value in request["headers"][1:]:
        theirs.headers.add_header(name, value)
    if request["sign_body"] and request["service"] != "s3":
        theirs.headers["X-Amz-Content-SHA256"] = hashlib.sha256(body).hexdigest()
    theirs.context["timestamp"] = request["timestamp"]
    return theirs


def botocore_signature(request, presigned):
    from botocore import auth

    kinds = {(False, False): auth.SigV4Auth, (False, True): auth.S3SigV4Auth,
             (True, False): auth.SigV4QueryAuth}  # fmt: skip
    expires = {"expires": request["expires"]} if presigned else {}
    signer = kinds[presigned, request["service"] == "s3"](
        credentials_of(request), request["service"], request["region"], **expires)  # fmt: skip
    theirs = botocore_request(request, presigned)
    signer._modify_request_before_signing(theirs)
    canonical = signer.canonical_request(theirs)
    string_to_sign = signer.string_to_sign(theirs, canonical)
    signature = signer.signature(string_to_sign, theirs)
    result = {"canonical_request": canonical, "string_to_sign": string_to_sign,
              "signature": signature}  # fmt: skip
    signer._inject_signature_to_request(theirs, signature)
    if presigned:
        result["query"] = theirs.url.partition("?")[2]
    else:
        result["authorization"] = theirs.headers["Authorization"]
    return result


def ours(kind, asked):
    program = str(build_folder() / "tests" / "sigv4_vector")
    done = subprocess.run([program, kind], input=json.dumps(asked), capture_output=True,
                          text=True, timeout=300)  # fmt: skip
    assert done.returncode == 0, done.stderr
    answered = json.loads(done.stdout)
    assert len(answered) == len(asked)
    return answered


@pytest.fixture(scope="module", autouse=True)
def botocore():
    use_venv("botocore", ["botocore"], ["botocore"])


def pairs_of(query):
    return sorted(urllib.parse.parse_qsl(query, keep_blank_values=True))


def differences(asked, ours_answered, presigned):
    for request, our in zip(asked, ours_answered):
        their = botocore_signature(request, presigned)
        if presigned:
            # The order is free: both are signed sorted. Ours has a token that is not signed.
            token = [("X-Amz-Security-Token", request["token"])]
            unsigned = token if request["token"] and request["omit_session_token"] else []
            our = {**our, "query": pairs_of(our["query"].replace("+", "%2B"))}
            their["query"] = sorted(pairs_of(their["query"]) + unsigned)
        if our != their:
            yield json.dumps({"asked": request, "ours": our, "botocore": their}, indent=1)


@pytest.mark.parametrize("kind, count", [("header", HEADER_REQUESTS), ("query", QUERY_REQUESTS)])
def test_every_request_is_signed_as_botocore_signs_it(kind, count):
    presigned = kind == "query"
    asked = requests(presigned, count)
    found = list(differences(asked, ours(kind, asked), presigned))
    assert not found, f"{len(found)} differ:\n" + "\n".join(found[:3])


def test_the_comparison_covers_what_signers_disagree_about():
    asked = requests(False, HEADER_REQUESTS)

    def count(predicate):
        return sum(map(bool, map(predicate, asked)))

    def path(request):
        return request["target"].partition("?")[0]

    names = [[name.lower() for name, _ in request["headers"]] for request in asked]
    assert count(lambda request: "/../" in path(request)) > 100
    assert count(lambda request: "//" in path(request)) > 100
    assert count(lambda request: "%" in path(request)) > 300
    assert count(lambda request: not path(request).isascii()) > 300
    assert count(lambda request: len(dict(request["pairs"])) < len(request["pairs"])) > 100
    assert count(lambda request: "+" in request["target"].partition("?")[2]) > 50
    assert count(lambda request: request["token"] and request["omit_session_token"]) > 200
    assert count(lambda request: request["service"] == "s3") > 400
    assert count(lambda request: any("\n" in value for _, value in request["headers"])) > 300
    assert sum(len(set(found)) < len(found) for found in names) > 300


def test_another_request_has_another_signature():
    """A comparison of constants would pass as well."""
    asked = requests(False, HEADER_REQUESTS)
    signatures = {answer["signature"] for answer in ours("header", asked)}
    assert len(signatures) > 0.99 * len(asked)


SUITE_TOKEN = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"

# Requests of the signing suite that AWS publishes
# (https://github.com/awslabs/aws-c-auth/tree/main/tests/aws-signing-test-suite/v4), and the
# signatures it gives for them: in a header, in a query. None where it has none. Without
# the one of a value of several lines, whose lines it takes for values of their own: RFC 9112 and
# botocore take them for one. botocore normalises every path but S3's.
PUBLISHED = {
    "a header three times, not sorted": (
        {"headers": [["My-Header1", "value2"], ["My-Header1", "value2"], ["My-Header1", "value1"]]},
        "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
        "3349ee0b81b4b589da0ff28a395c3591e04de515651dd74f298fa992d1507a97"),
    "spaces around a value and inside quotes": (
        {"headers": [["My-Header1", " value1"], ["My-Header2", ' "a   b   c"']]},
        "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
        "e7bb0fd515e125e1aec2ecc4c0c17484fb06f6846b927c35e46005dd3df3acd4"),
    "a path in unicode": (
        {"target": "/\u1234"},
        "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85",
        "10eae3f14a260bd3911cc6d008d3c576d143b05b62f09782a7a4b37f52178e44"),
    "a path with a space": (
        {"target": "/example space/"},
        "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741", None),
    "a relative path, normalised": (
        {"target": "/example1/example2/../.."},
        "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31", None),
    "a relative path as it is": (
        {"target": "/example1/example2/../..", "normalize_path": False},
        "dc33e0856fd4baca4d7aa2146c38958283844764f38c74252a333df5e613003b",
        "b45db0bfd1cf15003493b733e33aa208dd981bd0e63037a6ed953f71d2118a16"),
    "slashes, normalised": (
        {"target": "//example//"},
        "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84", None),
    "slashes as they are": (
        {"target": "//example//", "normalize_path": False},
        "87cca117541a147f6df867677d98a7d80dff226d2bfca9e4ffa899665623c7e5", None),
    "a query out of order": (
        {"target": "/?Param2=value2&Param1=value1"},
        "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500", None),
    "a query whose order depends on the encoding": (
        {"target": "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1"},
        "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac",
        "c5f1848ceec943ac2ca68ee720460c23aaae30a2300586597ada94c4a65e4787"),
    "a query in unicode": (
        {"target": "/?\u1234=bar"},
        "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04", None),
    "a session token that is signed": (
        {"token": SUITE_TOKEN},
        "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8",
        None),
    "a session token that is added after signing": (
        {"method": "POST", "token": SUITE_TOKEN, "omit_session_token": True},
        "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b", None),
}


def published(changes):
    request = {
        "method": "GET", "scheme": "https", "target": "/", "headers": [], "body_b64": "",
        "service": "service", "region": "us-east-1", "timestamp": "20150830T123600Z",
        "access_key_id": "AKIDEXAMPLE",
        "secret_access_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "token": "",
        "omit_session_token": False, "normalize_path": True, "double_encode_path": True,
        "sign_body": False, "expires": 3600, **changes}  # fmt: skip
    return {**request, "headers": [["Host", "example.amazonaws.com"], *request["headers"]]}


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_published_signatures_are_ours(name):
    changes, in_header, in_query = PUBLISHED[name]
    (signed,) = ours("header", [published(changes)])
    assert signed["signature"] == in_header, signed["canonical_request"]
    assert signed["authorization"].endswith("Signature=" + in_header)
    if in_query is not None:
        (signed,) = ours("query", [published(changes)])
        assert signed["signature"] == in_query, signed["canonical_request"]
        assert ("X-Amz-Signature", in_query) in pairs_of(signed["query"])


CASES = {  # what random requests seldom have together; name -> what differs from the plain request
    **{name: changes for name, (changes, _, _) in PUBLISHED.items()},
    "lines, repeated and folded at once": {"headers": [
        ["My-Header1", "one\n two  three\n\tfour "], ["my-header1", " five  six"],
        ["MY-HEADER1", ""], ["Zoo", '"x   y"']]},
    "a token with what a query escapes": {"token": TOKEN},
    "the same token, not signed": {"token": TOKEN, "omit_session_token": True},
    "a token and a form": {"method": "POST", "token": TOKEN,
                           "headers": [["Content-Type", "application/x-www-form-urlencoded"]],
                           "body_b64": base64.b64encode(b"Param1=value1").decode()},
    "unicode, dots and escapes in one path": {"target": "/\u65e5/./a%2Fb/../%C3%A9//\u1234/"},
    "an empty name, an empty value, no value": {"target": "/?=x&a=&b&a=1&a=+"},
    "names that differ in case": {"target": "/?b=1&B=2&a=3&A=4"},
}  # fmt: skip


def of_query(target):
    query = target.partition("?")[2]
    return [tuple(map(urllib.parse.unquote, (name, value)))
            for name, _, value in (pair.partition("=") for pair in query.split("&") if query)]


@pytest.mark.parametrize("kind", ["header", "query"])
@pytest.mark.parametrize("name", CASES)
def test_each_case_is_signed_as_botocore_signs_it(kind, name):
    presigned = kind == "query"
    request = published(CASES[name])
    pairs = of_query(request["target"])
    if presigned:
        if len(dict(pairs)) < len(pairs):
            pairs = list(dict(pairs).items())  # botocore would keep one of a repeated name
            request["target"] = request["target"].partition("?")[0] + "?" + "&".join(
                f"{urllib.parse.quote(n, safe='')}={urllib.parse.quote(v, safe='')}" for n, v in pairs)
        request["body_b64"] = ""
    # botocore leaves the path alone for S3, and for no other service; no request to S3 is presigned.
    if not request["normalize_path"]:
        if presigned:
            return
        request |= {"service": "s3", "double_encode_path": False,
                    "target": urllib.parse.quote(request["target"], safe="/."),
                    "sign_body": True}
    request["pairs"] = pairs
    found = list(differences([request], ours(kind, [request]), presigned))
    assert not found, found[0]


def test_a_token_that_is_not_signed_changes_no_signature_and_is_sent():
    for kind in ("header", "query"):
        plain, unsigned, signed = ours(kind, [published(more) for more in (
            {}, {"token": TOKEN, "omit_session_token": True}, {"token": TOKEN})])  # fmt: skip
        assert unsigned["canonical_request"] == plain["canonical_request"]
        assert unsigned["signature"] == plain["signature"] != signed["signature"]
        assert "security-token" in signed["canonical_request"].lower()
        if kind == "query":
            assert ("X-Amz-Security-Token", TOKEN) in pairs_of(unsigned["query"].replace("+", "%2B"))


def random_token_request(rng):
    pick = rng.choice
    return {
        "host": pick(["db.abc.eu-central-1.rds.amazonaws.com", "DB.example", "10.1.2.3",
                      "proxy.proxy-abc.us-east-1.rds.amazonaws.com"]),
        "port": pick([5432, 5433, 443, 80, 6543]),
        "user": pick(["drift_reader", "drift reader", "a+b@c:d/e", "100%", "'", *UNICODE]),
        "region": pick(["us-east-1", "eu-central-1"]),
        "timestamp": random_timestamp(rng),
        "access_key_id": "AKIDEXAMPLE",
        "secret_access_key": pick(["wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "s"]),
        "token": pick(["", TOKEN]),
    }  # fmt: skip


def botocore_token(request, monkeypatch):
    import datetime

    from botocore import auth, hooks, signers
    from botocore.model import ServiceId

    now = datetime.datetime.strptime(request["timestamp"], "%Y%m%dT%H%M%SZ")
    monkeypatch.setattr(auth, "get_current_datetime", lambda *_, **__: now)
    emitter = hooks.HierarchicalEmitter()  # the signer keeps no reference of its own
    signer = signers.RequestSigner(ServiceId("rds"), request["region"], "rds", "v4",
                                   credentials_of(request), emitter)  # fmt: skip
    client = types.SimpleNamespace(_request_signer=signer)
    return signers.generate_db_auth_token(client, request["host"], request["port"], request["user"],
                                          request["region"])  # fmt: skip


def test_every_database_token_is_botocores(monkeypatch):
    rng = random.Random(SEED)
    asked = [random_token_request(rng) for _ in range(TOKENS)]
    for request, our in zip(asked, ours("rds", asked)):
        our_address, _, our_query = our["token"].partition("?")
        address, _, query = botocore_token(request, monkeypatch).partition("?")
        assert our_address == address, request
        assert pairs_of(our_query) == pairs_of(query), request


@pytest.mark.parametrize("text, problem", [
    ("not json", "sigv4_vector: "),
    ("{}", "sigv4_vector: "),
    ('{"method": "GET", "target": "/", "headers": [], "service": "s", "region": "r", '
     '"timestamp": "20150830T123600Z", "access_key_id": "a", "secret_access_key": "b"}',
     "sigv4_vector: a request without a Host header cannot be signed"),
])  # fmt: skip
def test_what_cannot_be_signed_is_told(text, problem):
    program = str(build_folder() / "tests" / "sigv4_vector")
    done = subprocess.run([program, "header"], input=text, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(problem)
