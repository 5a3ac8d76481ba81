"""The password of RDS IAM authentication, made here without the code under test.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hashlib
import hmac
import time
from urllib.parse import quote


def rds_token(host, port, user, region, key_id, secret, now):
    """As botocore writes it: a password must be the same text, so the order of the query counts.
    A token for exactly this host, port and user, made at `now` (seconds since 1970)."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    scope = f"{stamp[:8]}/{region}/rds-db/aws4_request"
    query = {
        "Action": "connect",
        "DBUser": user,
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"{key_id}/{scope}",
        "X-Amz-Date": stamp,
        "X-Amz-SignedHeaders": "host",
        "X-Amz-Expires": "900",
    }
    encoded = [f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query.items()]
    empty = hashlib.sha256(b"").hexdigest()
    request = f"GET\n/\n{'&'.join(sorted(encoded))}\nhost:{host}:{port}\n\nhost\n{empty}"
    to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = b"AWS4" + secret.encode()
    for part in (stamp[:8], region, "rds-db", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    return f"{host}:{port}/?{'&'.join(encoded)}&X-Amz-Signature={signature}"
