"""STS, a container agent and an instance metadata service on one loopback port, by path.

Access key ids tell where they came from: STS hands out "ASIA-ROLE-by-SIGNER", so a whole chain of
roles shows in its last key.
"""

import http.server
import json
import re
import threading
import time
import urllib.parse

SECRET = "canary-secret-7Q"
TOKEN = "canary-token-8R"


def rfc3339(seconds_from_now):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds_from_now))


class Places:
    def __init__(self):
        self.requests = []  # (method, path, headers in lower case, body)
        self.lifetime = 3600
        self.failures = {}  # path -> list of (status, body) that come first; None closes
        self.delay = {}  # path -> seconds
        places = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.exchange(b"")

            def do_POST(self):
                self.exchange(self.rfile.read(int(self.headers.get("Content-Length", 0))))

            do_PUT = do_POST

            def exchange(self, body):
                headers = {name.lower(): value for name, value in self.headers.items()}
                places.requests.append((self.command, self.path, headers, body.decode()))
                answer = places.answer(self.command, self.path, headers, body.decode())
                if answer is None:
                    self.close_connection = True
                    return
                status, text = answer
                self.send_response(status)
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_):
                pass

            def handle(self):
                try:
                    super().handle()
                except ConnectionError:  # a client that had enough
                    pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def paths(self):
        return [path for _, path, _, _ in self.requests]

    def answer(self, method, path, headers, body):
        time.sleep(self.delay.get(path, 0))
        if self.failures.get(path):
            return self.failures[path].pop(0)
        if path == "/":
            return self.sts(headers, dict(urllib.parse.parse_qsl(body)))
        if path.startswith("/container"):
            return 200, json.dumps({
                "AccessKeyId": "ASIA-container", "SecretAccessKey": SECRET, "Token": TOKEN,
                "Expiration": rfc3339(self.lifetime)})  # fmt: skip
        found = re.fullmatch(r"/imds(?P<kind>[a-z0-9-]*)/latest/(?P<rest>.*)", path)
        return self.imds(method, found["kind"], found["rest"], headers) if found else (404, "")

    def imds(self, method, kind, rest, headers):
        if rest == "api/token":
            if method != "PUT" or headers.get("x-aws-ec2-metadata-token-ttl-seconds") != "21600":
                return 400, ""
            return {"-v1": (404, ""), "-dead": (500, "")}.get(kind, (200, "metadata-token"))
        if kind != "-v1" and headers.get("x-aws-ec2-metadata-token") != "metadata-token":
            return 401, ""
        if rest == "meta-data/iam/security-credentials/":
            return (404, "no role") if kind == "-norole" else (200, "app-role")
        if rest != "meta-data/iam/security-credentials/app-role":
            return 404, ""
        if kind == "-denied":
            return 200, json.dumps({"Code": "AssumeRoleUnauthorizedAccess", "Message": "EC2 cannot assume"})
        return 200, json.dumps({
            "Code": "Success", "AccessKeyId": f"ASIA-imds{kind}", "SecretAccessKey": SECRET,
            "Token": TOKEN, "Expiration": rfc3339(self.lifetime)})  # fmt: skip

    def sts(self, headers, fields):
        role = fields.get("RoleArn", "").rsplit("/", 1)[-1]
        if fields.get("Action") == "AssumeRoleWithWebIdentity":
            if "authorization" in headers:
                return self.sts_error(400, "Signed", "the call must not be signed")
            signer = fields.get("WebIdentityToken", "")[:8]
        else:
            found = re.search(r"Credential=([^/]+)/", headers.get("authorization", ""))
            signer = found[1] if found else "nobody"
        if role == "forbidden" or (role == "with-id" and fields.get("ExternalId") != "42"):
            return self.sts_error(403, "AccessDenied", f"User: {signer} is not authorized to perform: "
                                  f"sts:AssumeRole on resource: {fields['RoleArn']}")  # fmt: skip
        action = fields["Action"]
        return 200, (
            f'<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{action}Result>'
            f"<Credentials><AccessKeyId>ASIA-{role}-by-{signer}</AccessKeyId>"
            f"<SecretAccessKey>{SECRET}</SecretAccessKey><SessionToken>{TOKEN}</SessionToken>"
            f"<Expiration>{rfc3339(self.lifetime)}</Expiration></Credentials></{action}Result>"
            f"<ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></{action}Response>")

    @staticmethod
    def sts_error(status, code, message):
        return status, (f'<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error>'
                        f"<Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
                        "<RequestId>r-2</RequestId></ErrorResponse>")  # fmt: skip
