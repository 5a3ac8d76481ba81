"""Who may do what: users, roles and the sessions that AssumeRole hands out."""

import datetime
import itertools
import re
import secrets
import threading

import error_shapes
import policy as policies
import signature
from operations import ACCOUNT


class Principal:
    def __init__(self, arn, key_id, secret, documents, token=None, expires=None):
        self.arn, self.key_id, self.secret, self.token = arn, key_id, secret, token
        self.documents, self.expires = documents, expires

    def decide(self, action, resource, context=None):
        return policies.decide(self.documents, action, resource, context)

    def environment(self):
        variables = {"AWS_ACCESS_KEY_ID": self.key_id, "AWS_SECRET_ACCESS_KEY": self.secret}
        return variables | ({"AWS_SESSION_TOKEN": self.token} if self.token else {})


class Role:
    def __init__(self, arn, documents, trust, external_id, web_identity_token):
        self.arn, self.documents, self.trust = arn, documents, set(trust)
        self.external_id, self.web_identity_token = external_id, web_identity_token


class Principals:
    _numbers = itertools.count(1)

    def __init__(self, aws):
        self._aws, self._by_key, self._roles = aws, {}, {}
        self._lock = threading.Lock()

    def by_key(self, key_id):
        return self._by_key.get(key_id)

    def add(self, principal):
        with self._lock:
            self._by_key[principal.key_id] = principal
        return principal

    def user(self, name, documents):
        """A user of moto's IAM with one access key."""
        iam = self._aws.admin("iam")
        # moto's state outlives one Aws, so names must differ; the ARN shows the plain one.
        unique = f"{name}-{next(self._numbers)}"
        iam.create_user(UserName=unique)
        key = iam.create_access_key(UserName=unique)["AccessKey"]
        return self.add(Principal(
            f"arn:aws:iam::{ACCOUNT}:user/{name}", key["AccessKeyId"], key["SecretAccessKey"],
            [policies.checked(document) for document in documents]))  # fmt: skip

    def session(self, name, documents, seconds=3600):
        """Temporary credentials of a role, as a container or instance endpoint hands them out."""
        return self.add(Principal(
            f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/session",
            "ASIA" + secrets.token_hex(8).upper(), secrets.token_urlsafe(30),
            [policies.checked(document) for document in documents], secrets.token_urlsafe(120),
            self._aws.now() + seconds))  # fmt: skip

    def role(self, name, documents, trust, external_id, web_identity_token):
        arn = f"arn:aws:iam::{ACCOUNT}:role/{name}"
        self._roles[arn] = Role(
            arn, [policies.checked(d) for d in documents], trust, external_id, web_identity_token)  # fmt: skip
        return arn

    def assume(self, request, operation, principal, forward):
        """AssumeRole, AssumeRoleWithWebIdentity and GetCallerIdentity."""
        fields = operation.details["form"]
        if operation.name == "GetCallerIdentity":
            return _identity(principal)
        role = self._roles.get(fields.get("RoleArn"))
        if operation.name == "AssumeRole":
            trusted = role is not None and principal.arn in role.trust and (
                role.external_id is None or fields.get("ExternalId") == role.external_id)  # fmt: skip
            if not trusted:
                raise signature.Refused("denied", f"User: {principal.arn} is not authorized to perform:"
                                        f" sts:AssumeRole on resource: {fields.get('RoleArn')}")  # fmt: skip
        elif role is None or role.web_identity_token is None:
            raise signature.Refused(
                "denied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")  # fmt: skip
        elif fields.get("WebIdentityToken") != role.web_identity_token:
            return error_shapes.response(
                "sts", 400, "InvalidIdentityToken", "No OpenIDConnect provider found in your account")  # fmt: skip
        if not re.fullmatch(r"[\w+=,.@-]{2,64}", fields.get("RoleSessionName", "")):
            return error_shapes.response("sts", 400, "ValidationError", "1 validation error detected: "
                                         "'roleSessionName' failed to satisfy constraint")  # fmt: skip
        response = forward(request)
        if response.status == 200:
            self._remember(role, fields["RoleSessionName"], response.body.decode())
        return response

    def _remember(self, role, session_name, xml):
        def element(name):
            return re.search(rf"<{name}>\s*(.*?)\s*</{name}>", xml, re.DOTALL)[1]

        expires = datetime.datetime.fromisoformat(element("Expiration").replace("Z", "+00:00"))
        name = role.arn.rsplit("/", 1)[1]
        self.add(Principal(
            f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{session_name}", element("AccessKeyId"),
            element("SecretAccessKey"), role.documents, element("SessionToken"),
            expires.timestamp()))  # fmt: skip


def _identity(principal):
    body = (f'<GetCallerIdentityResponse xmlns="{error_shapes.NAMESPACES["sts"]}">'
            f"<GetCallerIdentityResult><Arn>{principal.arn}</Arn><UserId>AIDAEXAMPLE</UserId>"
            f"<Account>{ACCOUNT}</Account></GetCallerIdentityResult><ResponseMetadata><RequestId>"
            f"{error_shapes.request_id()}</RequestId></ResponseMetadata></GetCallerIdentityResponse>")  # fmt: skip
    return error_shapes.Response(200, [("Content-Type", "text/xml")], body.encode())
