"""AWS as a server on loopback that proves a client wrong.

moto keeps the state; this layer in front of it sees each request raw, as it was sent, and checks
what moto does not: signature (by botocore), clock, body hash, session token, IAM rights with their
real action names and resources, rules of the services, and errors in each protocol's own shape.

    with Aws() as aws:
        user = aws.user(policy=...)
        aws.function("sql-api", [{"columns": ["version_num"], "rows": [["a1"]], "row_count": 1}])
        run("check", ..., env=aws.environment(user))
        aws.calls, aws.published, aws.puts
"""

import contextlib
import email.utils
import functools
import http.client
import http.server
import json
import os
import pathlib
import socket
import socketserver
import ssl
import struct
import subprocess
import tempfile
import threading
import time

import boto3
from botocore.config import Config

import error_shapes
import faults
import policy as policies
import service_rules
import signature
from credential_endpoints import CredentialEndpoints
from operations import ACCOUNT, context_of, form, function_arn, operation_of, service_of
from principals import Principals

REGION = "eu-central-1"
SERVICES = ("LAMBDA", "S3", "SNS", "SECRETS_MANAGER", "SSM", "STS")

_moto = None
_moto_lock = threading.Lock()
_making = threading.Lock()  # boto3 makes clients of one session, which is not for threads


def moto_port():
    """Of one moto per process: its state is global anyway."""
    global _moto
    with _moto_lock:
        if _moto is None:
            # Buckets are never taken from Host: this layer has done so already.
            os.environ["S3_IGNORE_SUBDOMAIN_BUCKETNAME"] = "true"
            import logging

            logging.getLogger("werkzeug").setLevel(logging.ERROR)
            from moto.server import ThreadedMotoServer

            _moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
            _moto.start()
        return _moto.get_host_and_port()[1]


def free_closed_port():
    """A port that refuses connections for as long as the returned socket lives."""
    held = socket.socket()
    held.bind(("127.0.0.1", 0))
    return held, held.getsockname()[1]


class Request:
    """As it came: nothing decoded, nothing normalised."""

    def __init__(self, scheme, method, target, headers, body):
        self.scheme, self.method, self.target = scheme, method, target
        self.path, _, self.query = target.partition("?")
        self.headers, self.body = headers, body

    def header(self, name):
        values = [v for n, v in self.headers if n.lower() == name.lower()]
        return ", ".join(values) if values else None

    @property
    def host(self):
        return self.header("host") or ""


class Call:
    """One request that came in, and what became of it."""

    def __init__(self, action, resource, principal, status, code, started, ended, connection, fault):
        self.action, self.resource, self.principal = action, resource, principal
        self.status, self.code, self.fault = status, code, fault
        self.started, self.ended, self.connection = started, ended, connection

    def __repr__(self):
        return f"Call({self.action} on {self.resource}: {self.status} {self.code or ''})"


@functools.lru_cache
def _admin(service, region, moto_port):
    """One for all: to make a client takes as long as five calls do, and threads may share it."""
    with _making:
        return boto3.client(
            service, region_name=region, endpoint_url=f"http://127.0.0.1:{moto_port}",
            aws_access_key_id="admin", aws_secret_access_key="admin",
            config=Config(s3={"addressing_style": "path"}))  # fmt: skip


class Aws:
    """See the module. `tls`: over TLS, with an authority of its own in `ca_file`."""

    def __init__(self, tls=False, region=REGION):
        self.region, self.tls = region, tls
        self.calls, self.published, self.puts = [], [], []
        self.refusals = []  # signature.Refused of each request that was not accepted
        self.functions = {}
        self.bucket_policies = {}  # JSON by bucket, as it is told; moto would obey it without its conditions
        self.obeyed_policies = {}  # documents by bucket: see obey_bucket_policy
        self.unconfirmed = set()  # ARNs of subscriptions that nobody has confirmed
        self.credentials = CredentialEndpoints()
        self.raw = []  # each request as text: what went over the wire
        self.skew = 0.0  # seconds that the server's clock is ahead
        self.latency = 0.0  # added to every response
        self._rules = []
        self._put_lock = threading.Lock()
        self._stopped = threading.Event()
        self._servers, self._held = [], []
        self._ca = None
        self._untrusted = None

    def __enter__(self):
        self._folder = contextlib.ExitStack()
        self.folder = pathlib.Path(self._folder.enter_context(tempfile.TemporaryDirectory()))
        self.moto_port = moto_port()
        self.principals = Principals(self)
        if self.tls:
            self.ca_file, self.port = self._listen_with_tls("trusted")
        else:
            self.ca_file, self.port = None, self._listen(None)
        self.url = f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"
        return self

    def __exit__(self, *_):
        self._stopped.set()
        for server in self._servers:
            server.shutdown()
            server.server_close()
        for held in self._held:
            held.close()
        self._folder.close()

    # --- what a test sets up ------------------------------------------------------------------

    def admin(self, service, region=None):
        """A boto3 client that may do everything: it talks to moto alone."""
        return _admin(service, region or self.region, self.moto_port)

    def client(self, service, principal, **more):
        """A boto3 client through this layer, as that principal."""
        config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
        config = config.merge(more.pop("config", Config()))
        return boto3.client(
            service, region_name=more.pop("region_name", self.region), endpoint_url=self.url,
            aws_access_key_id=principal.key_id, aws_secret_access_key=principal.secret,
            aws_session_token=principal.token, verify=str(self.ca_file) if self.ca_file else None,
            config=config, **more)  # fmt: skip

    def user(self, policy=None, name="drift"):
        return self.principals.user(name, [policy] if policy else [])

    def role(self, name, policy=None, trust=(), external_id=None, web_identity_token=None):
        """Its ARN. `trust`: ARNs of principals that may assume it."""
        return self.principals.role(
            name, [policy] if policy else [], trust, external_id, web_identity_token)  # fmt: skip

    def bucket(self, name, lock=False, region=None):
        region = region or self.region
        place = {} if region == "us-east-1" else {
            "CreateBucketConfiguration": {"LocationConstraint": region}}  # fmt: skip
        s3 = self.admin("s3", region)
        # moto outlives this server, so the bucket may be there from an earlier one.
        with contextlib.suppress(s3.exceptions.BucketAlreadyOwnedByYou):
            s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=lock, **place)
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return name

    def obey_bucket_policy(self, bucket, document):
        """Denies what the policy denies, over plain HTTP too where it says so, and tells it."""
        self.obeyed_policies[bucket] = policies.checked(document, of_resource=True)
        self.bucket_policies[bucket] = json.dumps(document)

    def topic(self, name):
        fifo = {"Attributes": {"FifoTopic": "true"}} if name.endswith(".fifo") else {}
        return self.admin("sns").create_topic(Name=name, **fifo)["TopicArn"]

    def subscription(self, topic, protocol, endpoint, confirmed=True):
        arn = self.admin("sns").subscribe(
            TopicArn=topic, Protocol=protocol, Endpoint=endpoint, ReturnSubscriptionArn=True)["SubscriptionArn"]  # fmt: skip
        if not confirmed:
            self.unconfirmed.add(arn)
        return arn

    def secret(self, name, value, **more):
        """Its ARN, which ends in six random characters."""
        manager = self.admin("secretsmanager")
        try:
            return manager.create_secret(Name=name, SecretString=value, **more)["ARN"]
        except manager.exceptions.ResourceExistsException:
            return manager.put_secret_value(SecretId=name, SecretString=value)["ARN"]

    def parameters(self, path, **values):
        for name, value in values.items():
            self.admin("ssm").put_parameter(
                Name=f"{path}/{name}", Value=value, Type="SecureString", Overwrite=True)  # fmt: skip

    def function(self, name, answer, qualifier=None, **more):
        """A stand-in; see service_rules.Function. Its ARN is function_arn(name)."""
        arn = function_arn(name, qualifier, self.region)
        self.functions[arn] = service_rules.Function(answer, **more)
        return self.functions[arn]

    def fault(self, fault, action, resource=None, attempts=None, seconds=60.0):
        """Lets calls of that action (and a resource that contains `resource`) fail."""
        self._rules.append(faults.Rule(
            fault, lambda a, r: a == action and (resource is None or resource in r),
            attempts, seconds))  # fmt: skip
        return self._rules[-1]

    def environment(self, principal=None, door=None):
        """For a client. `door`: {service: fault of faults.AT_THE_DOOR}, service as in SERVICES."""
        variables = {
            "AWS_ENDPOINT_URL": self.url, "AWS_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent"}  # fmt: skip
        if self.ca_file:
            variables["AWS_CA_BUNDLE"] = str(self.ca_file)
        if principal is not None:
            variables |= principal.environment()
        for service, fault in (door or {}).items():
            variables[f"AWS_ENDPOINT_URL_{service}"] = self._door(fault)
        return variables

    def container(self, principal, token, fault=None):
        """Variables for a client whose credentials come from its container's agent."""
        variables = self.credentials.container(principal, token)
        variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = (
            self._door(fault) + variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"])  # fmt: skip
        return variables

    def instance(self, principal, fault=None):
        """Variables for a client whose credentials come from the instance it runs on."""
        variables = self.credentials.instance(principal)
        # A host of its own, as there: no connection of another service is reused for it.
        url = self._door(fault).replace("127.0.0.1", "localhost")
        return variables | {"AWS_EC2_METADATA_SERVICE_ENDPOINT": url}

    def _door(self, fault):
        return {None: lambda: self.url, faults.REFUSED: self.refused_url,
                faults.TLS_FAILURE: self.untrusted_url}[fault]()  # fmt: skip

    def refused_url(self):
        held, port = free_closed_port()
        self._held.append(held)
        return f"http://127.0.0.1:{port}"

    def untrusted_url(self):
        """This server over TLS, with a certificate of an authority that nobody knows."""
        if self._untrusted is None:
            self._untrusted = self._listen_with_tls("untrusted")[1]
        return f"https://127.0.0.1:{self._untrusted}"

    # --- what the layer asks ------------------------------------------------------------------

    def now(self):
        return time.time() + self.skew

    def describe_secret(self, secret_id, region):
        try:
            return self.admin("secretsmanager").describe_secret(SecretId=secret_id)
        except Exception:  # unknown or malformed: GetSecretValue itself shall say so
            return {}

    def describe_bucket(self, name):
        s3 = self.admin("s3")
        try:
            where = s3.get_bucket_location(Bucket=name)["LocationConstraint"] or "us-east-1"
        except Exception:
            return None
        try:
            s3.get_object_lock_configuration(Bucket=name)
            return {"region": where, "lock": True}
        except Exception:
            return {"region": where, "lock": False}

    def key_of_object(self, bucket, key):
        """The KMS key that an object is encrypted with; None without one, or without the object."""
        try:
            return self.admin("s3").head_object(Bucket=bucket, Key=key).get("SSEKMSKeyId")
        except Exception:
            return None

    def key_of_bucket(self, bucket):
        """The KMS key that the bucket gives what asks for nothing; None without one."""
        try:
            (rule, *_) = self.admin("s3").get_bucket_encryption(
                Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]  # fmt: skip
        except Exception:
            return None
        return rule["ApplyServerSideEncryptionByDefault"].get("KMSMasterKeyID")

    def object_exists(self, bucket, key):
        try:
            self.admin("s3").head_object(Bucket=bucket, Key=key)
            return True
        except Exception:
            return False

    # --- servers ------------------------------------------------------------------------------

    def _listen(self, context):
        server = _Server(("127.0.0.1", 0), _Handler)
        server.aws, server.context, server.stopped = self, context, self._stopped
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        self._servers.append(server)
        return server.server_address[1]

    def _listen_with_tls(self, name):
        ca, key, certificate = (self.folder / f"{name}.{end}" for end in ("ca.pem", "key", "pem"))

        def openssl(*words):
            subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)

        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                f"/CN={name} authority", "-keyout", self.folder / f"{name}.ca.key", "-out", ca)  # fmt: skip
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", key,
                "-out", self.folder / f"{name}.csr")  # fmt: skip
        extensions = self.folder / f"{name}.ext"
        extensions.write_text("subjectAltName=DNS:localhost,DNS:*.localhost,IP:127.0.0.1\n")
        openssl("x509", "-req", "-in", self.folder / f"{name}.csr", "-CA", ca, "-CAkey",
                self.folder / f"{name}.ca.key", "-CAcreateserial", "-days", "2", "-extfile",
                extensions, "-out", certificate)  # fmt: skip
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        return ca, self._listen(context)

    # --- one request --------------------------------------------------------------------------

    def answer(self, request, connection):
        """(Response, fault or None). What is on the wire is the handler's business."""
        started = time.monotonic()
        local = self.credentials.operation(request)
        service = local.service if local else service_of(request)
        principal, operation, fault = None, None, None
        self.raw.append(f"{request.method} {request.target}\n{request.headers}\n{request.body!r}")
        try:
            if local:
                operation = local
                response, fault = self._answer_local(request, local)
            else:
                response, principal, operation, fault = self._answer(request, service)
        except signature.Refused as refused:
            self.refusals.append(refused)
            operation = refused.fields.pop("operation", None)
            fault = refused.fields.pop("fault", None)
            response = error_shapes.refusal(service, refused.reason, refused.message, **refused.fields)
        if self.latency:
            faults.wait(self.latency, self._stopped)
        self.calls.append(Call(
            operation.action if operation else service, operation.resource if operation else "",
            principal.arn if principal else None, response.status, _code(service, response),
            started, time.monotonic(), connection, fault))  # fmt: skip
        return response, fault

    def _answer_local(self, request, operation):
        rule = next((r for r in self._rules if r.strikes(operation.action, "")), None)
        fault = rule.fault if rule else None
        played = faults.answer_of(fault, operation.service, "anonymous", operation.action, "")
        if played is None and fault in faults.LATE:
            faults.wait(rule.seconds, self._stopped)
        if fault == faults.RESET:
            played = error_shapes.Response(0, [], b"")
        return played or self.credentials.answer(request, operation), fault

    def _answer(self, request, service):
        claim = signature.claim_of(request)
        region = claim.region if claim else self.region
        operation = operation_of(request, service, region, self)
        action = operation.action if operation else service
        resource = operation.resource if operation else ""
        rule = next((r for r in self._rules if r.strikes(action, resource)), None)
        fault = rule.fault if rule else None
        now = self.now() + (faults.SKEW_SECONDS if fault == faults.SKEWED else 0)
        principal = None
        try:
            if claim is None:
                if not (operation and operation.name == "AssumeRoleWithWebIdentity"):
                    raise signature.Refused("anonymous")
            else:
                principal = self._verified(request, claim, service, now)
            if operation is None:
                raise signature.Refused("unknown_operation")
            if principal is not None:
                for right, target in operation.rights:
                    decision = self._decision(principal, right, target, request, operation, region)
                    if decision != "allowed":
                        raise signature.Refused("denied", faults.denial(
                            principal.arn, right, target, decision), operation=operation)  # fmt: skip
        except signature.Refused as refused:
            refused.fields.setdefault("operation", operation)
            refused.fields["fault"] = fault  # its clock may be what refused
            raise
        played = faults.answer_of(fault, service, principal.arn if principal else "anonymous",
                                  action, resource)  # fmt: skip
        if played is not None:
            return played, principal, operation, fault
        if fault in faults.LATE:
            faults.wait(rule.seconds, self._stopped)
        if fault == faults.RESET:
            return error_shapes.Response(0, [], b""), principal, operation, fault
        return self._served(request, operation, principal, region), principal, operation, fault

    def _decision(self, principal, right, target, request, operation, region):
        context = context_of(request, operation, region)
        of_bucket = self.obeyed_policies.get(operation.details.get("bucket"))
        if of_bucket and policies.decide([of_bucket], right, target, context) == "denied":
            return "denied by the resource"
        return principal.decide(right, target, context)

    def _verified(self, request, claim, service, now):
        if claim.service != service:
            raise signature.Refused(
                "signature", f"Credential should be scoped to correct service: '{service}'.")  # fmt: skip
        principal = self.principals.by_key(claim.key_id)
        if principal is None:
            raise signature.Refused("unknown_key")
        if claim.token != principal.token:
            # A temporary key without its token is no known key at all.
            raise signature.Refused("unknown_key" if claim.token is None else "bad_token")
        signature.check_headers_signed(request, claim)
        signature.check_time(claim, now)
        payload_hash = signature.check_body(request, claim)
        signature.check_signature(request, claim, principal.secret, payload_hash)
        if principal.expires is not None and now >= principal.expires:
            raise signature.Refused("expired_token")
        return principal

    def _served(self, request, operation, principal, region):
        if operation.service == "lambda":
            return service_rules.invoke(request, operation.details["arn"], self.functions)
        if operation.service == "sns" and operation.name != "Publish":
            return service_rules.with_unconfirmed(self._forward(request), self.unconfirmed)
        if operation.service == "sns":
            refused = service_rules.check_publish(operation.details["form"], region)
            if refused is not None:
                return refused
            response = self._forward(request)
            if response.status == 200:
                self.published.append(service_rules.published(operation.details["form"]))
            return response
        if operation.service == "sts":
            return self.principals.assume(request, operation, principal, self._forward)
        if operation.service == "s3":
            return self._s3(request, operation, principal, region)
        return self._forward(request)

    def _s3(self, request, operation, principal, region):
        bucket, key = operation.details["bucket"], operation.details["key"]
        described = self.describe_bucket(bucket)
        if described and described["region"] != region:
            return error_shapes.response(
                "s3", 400, "AuthorizationHeaderMalformed", "The authorization header is malformed; "
                f"the region '{region}' is wrong; expecting '{described['region']}'",
                Region=described["region"])  # fmt: skip
        path_style = Request(request.scheme, request.method, request.target, request.headers, request.body)
        if not request.path.startswith(f"/{bucket}"):
            path_style.target = f"/{bucket}{request.target}"
        if operation.name == "GetObject" and not self.object_exists(bucket, key):
            # Whoever may not list the bucket does not learn what it lacks.
            if principal.decide("s3:ListBucket", f"arn:aws:s3:::{bucket}") != "allowed":
                raise signature.Refused("denied", faults.denial(
                    principal.arn, "s3:ListBucket", f"arn:aws:s3:::{bucket}", "silent"),
                    operation=operation)  # fmt: skip
        if operation.name == "GetBucketPolicy" and bucket in self.bucket_policies:
            body = self.bucket_policies[bucket].encode()
            return error_shapes.Response(200, [("Content-Type", "application/json")], body)
        if operation.name != "PutObject":
            return service_rules.with_its_root(self._forward(path_style), operation.name)
        with self._put_lock:
            exists = described is not None and self.object_exists(bucket, key)
            refused = service_rules.check_put(request, described, exists, self.now())
            if refused is not None:
                return refused
            response = self._forward(path_style)
        if response.status == 200:
            self.puts.append({
                "bucket": bucket, "key": key, "body": request.body,
                "headers": {n.lower(): v for n, v in request.headers}})  # fmt: skip
        return response

    def _forward(self, request):
        connection = http.client.HTTPConnection("127.0.0.1", self.moto_port, timeout=60)
        try:
            connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
            dropped = {"host", "content-length", "connection", "transfer-encoding", "expect", "if-none-match"}
            for name, value in request.headers:
                if name.lower() not in dropped:
                    connection.putheader(name, value)
            connection.putheader("Host", f"127.0.0.1:{self.moto_port}")
            connection.putheader("Content-Length", str(len(request.body)))
            connection.putheader("Connection", "close")
            connection.endheaders(request.body)
            answer = connection.getresponse()
            body = answer.read()
            hop = {"connection", "content-length", "date", "server", "transfer-encoding"}
            headers = [(n, v) for n, v in answer.getheaders() if n.lower() not in hop]
            return error_shapes.Response(answer.status, headers, body)
        finally:
            connection.close()


def _code(service, response):
    """The error code of a response, for `calls`."""
    if response.status < 400:
        return None
    text = response.body.decode("utf-8", "replace")
    if "<Code>" in text:
        return text.split("<Code>", 1)[1].split("</Code>", 1)[0]
    if '"__type"' in text:
        return text.split('"__type": "', 1)[-1].split('"', 1)[0].split("#")[-1]
    return dict(response.headers).get("x-amzn-ErrorType")


class _Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request, client_address):
        pass  # a client that went away is no news here


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 120

    def setup(self):
        if self.server.context is not None:
            self.request.settimeout(20)
            # Here and not in the listener: a failed handshake must not hold up the others.
            self.request = self.server.context.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self):
        super().finish()
        self.request.close()  # over TLS this is not the socket that the server closes

    def log_message(self, *_):
        pass

    def handle_one_request(self):
        try:
            super().handle_one_request()
        except (ConnectionError, ssl.SSLError, TimeoutError):
            self.close_connection = True

    def _exchange(self):
        # Not self.path: http.server mends a leading "//", and what was sent is what was signed.
        target = self.requestline.split(" ")[1]
        body = self._body()
        scheme = "https" if self.server.context else "http"
        request = Request(scheme, self.command, target, list(self.headers.items()), body)
        connection = f"{self.server.server_address[1]}/{self.client_address[1]}"
        response, fault = self.server.aws.answer(request, connection)
        self._send(response, fault)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _exchange

    def _body(self):
        if (self.headers.get("Transfer-Encoding") or "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        pieces = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(pieces)

    def _send(self, response, fault):
        body = response.body
        if fault == faults.RESET:
            # A linger time of zero turns close into a reset.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
            return
        length = len(body)
        if fault == faults.TRUNCATED:
            body = body[: length // 2]
            length = max(length, 64)
        if fault == faults.OVERSIZED:
            body += b" " * faults.OVERSIZE_BYTES
            length = len(body)
        now = self.server.aws.now() + (faults.SKEW_SECONDS if fault == faults.SKEWED else 0)
        lines = [f"HTTP/1.1 {response.status} {http.client.responses.get(response.status, '')}"]
        lines += [f"{name}: {value}" for name, value in response.headers]
        lines += [f"Date: {email.utils.formatdate(now, usegmt=True)}", f"Content-Length: {length}"]
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        self.wfile.write(head + (b"" if self.command == "HEAD" else body))
        if fault == faults.TRUNCATED:
            self.close_connection = True


__all__ = ["ACCOUNT", "Aws", "REGION", "SERVICES", "form"]
