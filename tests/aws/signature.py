"""Is this raw request signed by who it says? Computed by botocore, never by schema-drift."""

import calendar
import datetime
import hashlib
import hmac
import re
import time
from urllib.parse import parse_qsl

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

WINDOW = 5 * 60
S3_WINDOW = 15 * 60
UNSIGNED = "UNSIGNED-PAYLOAD"


class Refused(Exception):
    """`reason` is a word of error_shapes.REASONS."""

    def __init__(self, reason, message=None, **fields):
        super().__init__(reason)
        self.reason, self.message, self.fields = reason, message, fields


class Claim:
    """What a request says about its own signature."""

    def __init__(self, key_id, scope, signed, signature, timestamp, token, expires=None):
        self.key_id, self.signature, self.timestamp = key_id, signature, timestamp
        self.token, self.expires = token, expires
        self.date, self.region, self.service, end = scope
        self.signed = signed
        if end != "aws4_request":
            raise Refused("malformed", "Credential should end in aws4_request")

    @property
    def presigned(self):
        return self.expires is not None


def claim_of(request):
    """None where a request is unsigned. Throws Refused for what is no version-4 signature."""
    header = request.header("authorization")
    query = dict(parse_qsl(request.query, keep_blank_values=True))
    if header is None and "X-Amz-Signature" not in query:
        return None
    if header is None:
        credential = query.get("X-Amz-Credential", "").split("/")
        if query.get("X-Amz-Algorithm") != "AWS4-HMAC-SHA256" or len(credential) < 5:
            raise Refused("malformed", "a presigned query needs algorithm and credential")
        return Claim(credential[0], credential[-4:], query["X-Amz-SignedHeaders"].split(";"),
                     query["X-Amz-Signature"], query["X-Amz-Date"],
                     query.get("X-Amz-Security-Token"), int(query["X-Amz-Expires"]))  # fmt: skip
    found = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=([^,/\s]+)/(\d{8})/([^,/\s]+)/([^,/\s]+)/([^,/\s]+),\s*"
        r"SignedHeaders=([a-z0-9;-]+),\s*Signature=([0-9a-f]{64})", header)  # fmt: skip
    if not found:
        raise Refused("malformed", "Authorization header requires Credential, SignedHeaders and Signature")
    key_id, *scope, signed, signature = found.groups()
    return Claim(key_id, scope, signed.split(";"), signature, request.header("x-amz-date") or "",
                 request.header("x-amz-security-token"))  # fmt: skip


def check_time(claim, now):
    try:
        signed_at = calendar.timegm(time.strptime(claim.timestamp, "%Y%m%dT%H%M%SZ"))
    except ValueError:
        raise Refused("malformed", "X-Amz-Date must be in ISO 8601 basic format") from None
    if claim.date != claim.timestamp[:8]:
        raise Refused("malformed", "the date of the credential is not that of X-Amz-Date")
    stamp = datetime.datetime.fromtimestamp(now, datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    if claim.presigned:
        if now > signed_at + claim.expires:
            raise Refused("expired", signed_at=claim.timestamp, now=stamp)
        if signed_at > now + WINDOW:
            raise Refused("early", signed_at=claim.timestamp, now=stamp)
        return
    window = S3_WINDOW if claim.service == "s3" else WINDOW
    if signed_at < now - window:
        raise Refused("expired", signed_at=claim.timestamp, now=stamp)
    if signed_at > now + window:
        raise Refused("early", signed_at=claim.timestamp, now=stamp)


def check_headers_signed(request, claim):
    """Host and every x-amz-* header must be among the signed ones."""
    if "host" not in claim.signed:
        raise Refused("malformed", "'Host' must be a 'SignedHeader' in the AWS Authorization.")
    for name in {name.lower() for name, _ in request.headers}:
        if name.startswith("x-amz-") and name not in claim.signed:
            raise Refused("unsigned_header", header=name)
    for name in claim.signed:
        if request.header(name) is None:
            raise Refused("signature", f"signed header {name} was not sent")


def check_body(request, claim):
    """The body against x-amz-content-sha256. Returns the hash that stands in the signature."""
    actual = hashlib.sha256(request.body).hexdigest()
    said = request.header("x-amz-content-sha256")
    if claim.service == "s3":
        if claim.presigned:
            return UNSIGNED
        if said is None:
            raise Refused("no_content_sha256")
        if said == UNSIGNED:
            return UNSIGNED
        if said.startswith("STREAMING-"):
            raise Refused("not_implemented")
        if said != actual:
            raise Refused("content_sha256", said=said, actual=actual)
        return actual
    return actual


def check_signature(request, claim, secret, payload_hash):
    url = f"{request.scheme}://{request.host}{request.target}"
    query_auth = {"s3": S3SigV4QueryAuth}.get(claim.service, SigV4QueryAuth)
    header_auth = {"s3": S3SigV4Auth}.get(claim.service, SigV4Auth)
    # botocore leaves some headers out whatever the caller signed, so those must not be signed.
    signed = [(n, v) for n, v in request.headers if n.lower() in claim.signed]
    if claim.presigned:
        pairs = [p for p in request.query.split("&") if not p.startswith("X-Amz-Signature=")]
        url = f"{request.scheme}://{request.host}{request.path}?{'&'.join(pairs)}"
    ours = AWSRequest(method=request.method, url=url, data=request.body)
    for name, value in signed:
        ours.headers[name] = value
    # The hash of the body that came, whatever the header says about it.
    del ours.headers["X-Amz-Content-SHA256"]
    ours.context["timestamp"] = claim.timestamp
    credentials = Credentials(claim.key_id, secret)
    if claim.presigned:
        auth = query_auth(credentials, claim.service, claim.region, claim.expires)
    else:
        auth = header_auth(credentials, claim.service, claim.region)
    if request.header("x-amz-content-sha256") is not None:
        ours.headers["X-Amz-Content-SHA256"] = payload_hash
    canonical = auth.canonical_request(ours)
    to_sign = auth.string_to_sign(ours, canonical)
    if not hmac.compare_digest(auth.signature(to_sign, ours), claim.signature):
        raise Refused("signature", canonical=canonical, to_sign=to_sign)
