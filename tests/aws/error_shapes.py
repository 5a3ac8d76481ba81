"""Errors in the words, statuses and bodies of each protocol.

lambda: rest-json; secretsmanager and ssm: JSON 1.1; sns, sts and iam: query (XML); s3: its own XML.
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
"""

import json
import uuid
from xml.sax.saxutils import escape

PROTOCOLS = {
    "lambda": "rest-json", "secretsmanager": "json", "ssm": "json", "sns": "query", "sts": "query",
    "iam": "query", "s3": "s3", "events": "json", "monitoring": "query", "container": "rest-json", "imds": "rest-json",
}  # fmt: skip
NAMESPACES = {
    "sns": "http://sns.amazonaws.com/doc/2010-03-31/",
    "sts": "https://sts.amazonaws.com/doc/2011-06-15/",
    "monitoring": "http://monitoring.amazonaws.com/doc/2010-08-01/",
    "iam": "https://iam.amazonaws.com/doc/2010-05-08/",
}
# reason: {protocol: (code, status)}
REASONS = {
    "anonymous": {
        "rest-json": ("MissingAuthenticationTokenException", 403),
        "json": ("MissingAuthenticationTokenException", 400),
        "query": ("MissingAuthenticationToken", 403), "s3": ("AccessDenied", 403)},
    "malformed": {
        "rest-json": ("IncompleteSignatureException", 403),
        "json": ("IncompleteSignatureException", 400), "query": ("IncompleteSignature", 400),
        "s3": ("AuthorizationHeaderMalformed", 400)},
    "unknown_key": {
        "rest-json": ("UnrecognizedClientException", 403),
        "json": ("UnrecognizedClientException", 400), "query": ("InvalidClientTokenId", 403),
        "s3": ("InvalidAccessKeyId", 403)},
    "bad_token": {
        "rest-json": ("UnrecognizedClientException", 403),
        "json": ("UnrecognizedClientException", 400), "query": ("InvalidClientTokenId", 403),
        "s3": ("InvalidToken", 400)},
    "expired_token": {
        "rest-json": ("ExpiredTokenException", 403), "json": ("ExpiredTokenException", 400),
        "query": ("ExpiredToken", 403), "s3": ("ExpiredToken", 400)},
    "signature": {
        "rest-json": ("InvalidSignatureException", 403),
        "json": ("InvalidSignatureException", 400), "query": ("SignatureDoesNotMatch", 403),
        "s3": ("SignatureDoesNotMatch", 403)},
    "expired": {
        "rest-json": ("InvalidSignatureException", 403),
        "json": ("InvalidSignatureException", 400), "query": ("SignatureDoesNotMatch", 403),
        "s3": ("RequestTimeTooSkewed", 403)},
    "unsigned_header": {
        "rest-json": ("InvalidSignatureException", 403),
        "json": ("InvalidSignatureException", 400), "query": ("SignatureDoesNotMatch", 403),
        "s3": ("AccessDenied", 403)},
    "denied": {
        "rest-json": ("AccessDeniedException", 403), "json": ("AccessDeniedException", 400),
        "query": ("AccessDenied", 403), "s3": ("AccessDenied", 403)},
    "content_sha256": {"s3": ("XAmzContentSHA256Mismatch", 400)},
    "no_content_sha256": {"s3": ("InvalidRequest", 400)},
    "not_implemented": {"s3": ("NotImplemented", 501)},
    "unknown_operation": {
        "rest-json": ("UnknownOperationException", 404), "json": ("UnknownOperationException", 400),
        "query": ("InvalidAction", 400), "s3": ("MethodNotAllowed", 405)},
    # What only a server in trouble says; see faults.
    "bad_request": {
        "rest-json": ("InvalidParameterValueException", 400), "json": ("ValidationException", 400),
        "query": ("InvalidParameter", 400), "s3": ("InvalidRequest", 400)},
    "not_found": {
        "rest-json": ("ResourceNotFoundException", 404), "json": ("ResourceNotFoundException", 404),
        "query": ("NotFound", 404), "s3": ("NoSuchBucket", 404)},
    "too_many": {
        "rest-json": ("TooManyRequestsException", 429), "json": ("TooManyRequestsException", 429),
        "query": ("Throttled", 429), "s3": ("TooManyRequestsException", 429)},
    "internal": {
        "rest-json": ("ServiceException", 500), "json": ("InternalServiceError", 500),
        "query": ("InternalError", 500), "s3": ("InternalError", 500)},
    "unavailable": {
        "rest-json": ("ServiceUnavailableException", 503),
        "json": ("ServiceUnavailableException", 503), "query": ("ServiceUnavailable", 503),
        "s3": ("ServiceUnavailable", 503)},
    "throttled": {
        "rest-json": ("TooManyRequestsException", 429), "json": ("ThrottlingException", 400),
        "query": ("Throttling", 400), "s3": ("SlowDown", 503)},
}  # fmt: skip
REASONS["early"] = REASONS["expired"]
MESSAGES = {
    "anonymous": "Missing Authentication Token",
    "unknown_key": "The security token included in the request is invalid.",
    "bad_token": "The security token included in the request is invalid.",
    "expired_token": "The security token included in the request is expired",
    "signature": "The request signature we calculated does not match the signature you provided. "
    "Check your AWS Secret Access Key and signing method. Consult the service documentation for "
    "details.",
    "unsigned_header": "There were headers present in the request which were not signed",
    "content_sha256": "The provided 'x-amz-content-sha256' header does not match what was computed.",
    "no_content_sha256": "Missing required header for this request: x-amz-content-sha256",
    "not_implemented": "A header you provided implies functionality that is not implemented",
    "unknown_operation": "The requested operation is not supported here",
    "bad_request": "The request was refused",
    "not_found": "What was asked for does not exist",
    "too_many": "Rate exceeded",
    "internal": "We encountered an internal error. Please try again.",
    "unavailable": "Service is unable to handle request.",
    "throttled": "Rate exceeded",
}
S3_MESSAGES = {
    "anonymous": "Access Denied",
    "unknown_key": "The AWS Access Key Id you provided does not exist in our records.",
    "bad_token": "The provided token is malformed or otherwise invalid.",
    "expired_token": "The provided token has expired.",
    "expired": "The difference between the request time and the current time is too large.",
    "early": "The difference between the request time and the current time is too large.",
    "throttled": "Please reduce your request rate.",
}


class Response:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, list(headers), body


def request_id():
    return str(uuid.uuid4())


def response(service, status, code, message, **more):
    """One error of `service`, in its protocol. `more` are further elements of an S3 error."""
    protocol = PROTOCOLS[service]
    identity = request_id()
    if protocol == "rest-json":
        return Response(status, [
            ("Content-Type", "application/json"), ("x-amzn-RequestId", identity),
            ("x-amzn-ErrorType", code)],
            json.dumps({"Type": "User" if status < 500 else "Service", "Message": message}).encode())
    if protocol == "json":
        # Errors of the front door carry its namespace, those of the service none.
        front = "com.amazon.coral.service#" if code.startswith(("Unrecog", "InvalidSig", "Expired")) else ""
        return Response(status, [
            ("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-RequestId", identity)],
            json.dumps({"__type": front + code, "message" if front else "Message": message}).encode())
    if protocol == "query":
        kind = "Sender" if status < 500 else "Receiver"
        body = (f'<ErrorResponse xmlns="{NAMESPACES[service]}">\n  <Error>\n    <Type>{kind}</Type>\n'
                f"    <Code>{code}</Code>\n    <Message>{escape(message)}</Message>\n  </Error>\n"
                f"  <RequestId>{identity}</RequestId>\n</ErrorResponse>\n")  # fmt: skip
        return Response(status, [("Content-Type", "text/xml"), ("x-amzn-RequestId", identity)],
                        body.encode())  # fmt: skip
    identity = identity.replace("-", "")[:16].upper()
    extra = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in more.items())
    body = (f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code>'
            f"<Message>{escape(message)}</Message>{extra}<RequestId>{identity}</RequestId>"
            f"<HostId>{identity * 2}</HostId></Error>")  # fmt: skip
    return Response(status, [("Content-Type", "application/xml"), ("x-amz-request-id", identity),
                             ("x-amz-id-2", identity * 2)], body.encode())  # fmt: skip


def refusal(service, reason, message=None, **fields):
    """The response for a word of REASONS."""
    code, status = REASONS[reason][PROTOCOLS[service]]
    if service == "sns" and reason == "denied":
        code = "AuthorizationError"
    if service == "ssm" and reason == "internal":
        code = "InternalServerError"
    if message is None and service == "s3":
        message = S3_MESSAGES.get(reason)
    if message is None and reason == "expired":
        message = f"Signature expired: {fields['signed_at']} is now earlier than {fields['now']}"
    if message is None and reason == "early":
        message = f"Signature not yet current: {fields['signed_at']} is still later than {fields['now']}"
    return response(service, status, code, message or MESSAGES[reason])
