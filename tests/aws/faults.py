"""What can go wrong with one call, and how each is played on the wire."""

import threading
import time

import error_shapes

# At the door: the call never reaches the server. Played by pointing AWS_ENDPOINT_URL_<SERVICE> (or
# whatever names the endpoint) elsewhere, see Aws.environment.
REFUSED = "connection refused"
TLS_FAILURE = "TLS failure"
# On the wire.
RESET = "reset"
SLOW = "slow first byte"
NO_ANSWER = "no answer"
LATE = [SLOW, NO_ANSWER]
TRUNCATED = "truncated body"
OVERSIZED = "oversized body"
# What a server in trouble answers.
STATUSES = {
    "HTTP 400": "bad_request", "HTTP 403": "denied", "HTTP 404": "not_found",
    "HTTP 429": "too_many", "HTTP 500": "internal", "HTTP 503": "unavailable",
    "throttling code": "throttled", "expired token": "expired_token",
}  # fmt: skip
MALFORMED = "malformed body"
# Lambda's HTTP 502 for a function whose set-up keeps it from starting. No part of ALL.
KEY_DISABLED = "function's key is disabled"
SKEWED = "skewed clock"

AT_THE_DOOR = [REFUSED, TLS_FAILURE]
ALL = [*AT_THE_DOOR, RESET, SLOW, NO_ANSWER, TRUNCATED, OVERSIZED, *STATUSES, MALFORMED, SKEWED]

OVERSIZE_BYTES = 24 << 20  # above every cap of the program
SKEW_SECONDS = 3600


class Rule:
    """`matches`: a predicate on (action, resource). `attempts`: which of the matching calls, from
    1; None is all of them."""

    def __init__(self, fault, matches, attempts=None, seconds=60.0):
        self.fault, self.matches, self.attempts, self.seconds = fault, matches, attempts, seconds
        self.seen = 0
        self._lock = threading.Lock()

    def strikes(self, action, resource):
        if not self.matches(action, resource):
            return False
        with self._lock:
            self.seen += 1
            return self.attempts is None or self.seen in self.attempts


def answer_of(fault, service, principal_arn, action, resource):
    """The response of a fault that is one, else None."""
    if fault in STATUSES:
        reason = STATUSES[fault]
        message = denial(principal_arn, action, resource, "silent") if reason == "denied" else None
        return error_shapes.refusal(service, reason, message)
    if fault == KEY_DISABLED:
        return error_shapes.response(service, 502, "KMSDisabledException", "Lambda was unable to "
                                     "decrypt the environment variables: the KMS key is disabled")  # fmt: skip
    if fault == MALFORMED:
        # Cut in the middle, in the protocol's own syntax and with its content type.
        if service == "s3":  # a stored object has no body, so the body is that of an error
            return error_shapes.Response(
                400, [("Content-Type", "application/xml")], b"<?xml version=\"1.0\"?><Error><Co")  # fmt: skip
        if error_shapes.PROTOCOLS[service] == "query":
            return error_shapes.Response(
                200, [("Content-Type", "text/xml")], b"<?xml version=\"1.0\"?><PublishResponse><Pub")  # fmt: skip
        return error_shapes.Response(
            200, [("Content-Type", "application/x-amz-json-1.1")], b'{"SecretString": "{\\"rows')  # fmt: skip
    return None


def denial(principal_arn, action, resource, decision):
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html"""
    why = {"silent": f"because no identity-based policy allows the {action} action",
           "denied": "with an explicit deny in an identity-based policy",
           "denied by the resource": "with an explicit deny in a resource-based policy"}[decision]  # fmt: skip
    return f"User: {principal_arn} is not authorized to perform: {action} on resource: {resource} {why}"


def wait(seconds, stopped):
    """Sleeps, but not past the end of the server."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not stopped.is_set():
        stopped.wait(min(0.5, end - time.monotonic()))
