"""The container's credential agent and the instance's metadata service, on the same server.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
"""

import datetime
import json
import secrets

import error_shapes
from operations import Operation

CONTAINER = "/container/credentials"
METADATA = "/latest/"
ROLE = "schema-drift-role"


class CredentialEndpoints:
    """What each hands out is set by `container()` and `instance()`: a principal, or a function that
    makes a new one each time it is asked."""

    def __init__(self):
        self._container, self._container_token = None, None
        self._instance, self._sessions = None, set()

    def container(self, principal, token):
        """Variables for a client in a container with that principal as its role."""
        self._container, self._container_token = principal, token
        return {"AWS_CONTAINER_CREDENTIALS_FULL_URI": CONTAINER,
                "AWS_CONTAINER_AUTHORIZATION_TOKEN": token}  # fmt: skip

    def instance(self, principal):
        """The same on an instance."""
        self._instance = principal
        return {"AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": ""}

    def operation(self, request):
        """None where the path is none of theirs."""
        if request.path == CONTAINER:
            return Operation("container", "GetCredentials")
        if request.path == "/latest/api/token":
            return Operation("imds", "GetToken")
        if request.path.startswith(METADATA):
            return Operation("imds", "GetCredentials")
        return None

    def answer(self, request, operation):
        if operation.service == "container":
            given = request.header("authorization")
            if self._container is None or request.method != "GET":
                return _plain(404, "not found")
            if given != self._container_token:
                return _plain(401, "unauthorized")
            principal = _current(self._container)
            return _json(_fields(principal) | {"RoleArn": principal.arn})
        if self._instance is None:
            return _plain(404, "not found")
        if operation.name == "GetToken":
            ttl = request.header("x-aws-ec2-metadata-token-ttl-seconds") or ""
            if request.method != "PUT" or not ttl.isdigit() or not 1 <= int(ttl) <= 21600:
                return _plain(400, "bad request")
            token = secrets.token_urlsafe(40)
            self._sessions.add(token)
            return error_shapes.Response(
                200, [("Content-Type", "text/plain"), ("X-aws-ec2-metadata-token-ttl-seconds", ttl)],
                token.encode())  # fmt: skip
        # As instances are set up by default today: without a session there is nothing.
        if request.method != "GET" or request.header("x-aws-ec2-metadata-token") not in self._sessions:
            return _plain(401, "unauthorized")
        folder = "/latest/meta-data/iam/security-credentials/"
        if request.path == folder:
            return _plain(200, ROLE)
        if request.path == folder + ROLE:
            return _json({"Code": "Success", "Type": "AWS-HMAC", "LastUpdated": _time(0)}
                         | _fields(_current(self._instance)))  # fmt: skip
        return _plain(404, "not found")


def _current(handed_out):
    return handed_out() if callable(handed_out) else handed_out


def _fields(principal):
    return {"AccessKeyId": principal.key_id, "SecretAccessKey": principal.secret,
            "Token": principal.token, "Expiration": _time(principal.expires)}  # fmt: skip


def _time(seconds):
    moment = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _json(fields):
    return error_shapes.Response(
        200, [("Content-Type", "application/json")], json.dumps(fields).encode())  # fmt: skip


def _plain(status, text):
    return error_shapes.Response(status, [("Content-Type", "text/plain")], text.encode())
