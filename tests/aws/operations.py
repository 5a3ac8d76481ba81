"""From a raw request to the IAM actions and resource ARNs that AWS would check.
https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html
"""

import json
import re
from urllib.parse import parse_qs, unquote

ACCOUNT = "123456789012"
# By the Version that a query (XML) request names.
QUERY_SERVICES = {"2010-03-31": "sns", "2011-06-15": "sts", "2010-05-08": "iam", "2010-08-01": "monitoring"}


class Operation:
    """`rights`: (action, resource) pairs that the caller needs, the main one first."""

    def __init__(self, service, name, rights=(), **details):
        self.service, self.name, self.rights = service, name, list(rights)
        self.details = details

    @property
    def action(self):
        return self.rights[0][0] if self.rights else f"{self.service}:{self.name}"

    @property
    def resource(self):
        return self.rights[0][1] if self.rights else "*"


def service_of(request):
    """Which service a request is shaped for, whatever its signature says."""
    if request.path.startswith("/2015-03-31/functions"):
        return "lambda"
    target = request.header("x-amz-target") or ""
    if target.startswith("secretsmanager."):
        return "secretsmanager"
    if target.startswith("AWSEvents."):
        return "events"
    if target.startswith("AmazonSSM."):
        return "ssm"
    if (request.header("content-type") or "").startswith("application/x-www-form-urlencoded"):
        version = parse_qs(request.body.decode("utf-8", "replace")).get("Version", [""])[0]
        if version in QUERY_SERVICES:
            return QUERY_SERVICES[version]
    return "s3"


def context_of(request, operation, region):
    """{condition key: what a policy's conditions see of the request}."""
    context = {"aws:SecureTransport": "true" if request.scheme == "https" else "false",
               "kms:ViaService": f"{operation.service}.{region}.amazonaws.com"}  # fmt: skip
    if operation.name == "PutObject":
        for name in ("if-none-match", "x-amz-server-side-encryption"):
            if request.header(name) is not None:
                context[f"s3:{name}"] = request.header(name)
    return context


def operation_of(request, service, region, aws):
    """None where the service knows no such operation. `aws` is asked for what an ARN needs."""
    return {"lambda": _lambda, "secretsmanager": _secrets, "ssm": _ssm, "sns": _sns, "sts": _sts,
            "events": _events, "monitoring": _monitoring, "s3": _s3}.get(service, _nothing)(request, region, aws)  # fmt: skip


def _nothing(request, region, aws):
    return None


def function_arn(function, qualifier, region):
    """The full ARN for a name, NAME:QUALIFIER, ACCOUNT:function:NAME or an ARN."""
    found = re.fullmatch(
        r"(?:(?:arn:aws:lambda:([a-z0-9-]+):)?(\d{12}):function:)?([A-Za-z0-9_-]+)(?::([$\w-]+))?",
        function)  # fmt: skip
    if not found:
        return None
    arn = f"arn:aws:lambda:{found[1] or region}:{found[2] or ACCOUNT}:function:{found[3]}"
    qualifier = qualifier or found[4]
    return f"{arn}:{qualifier}" if qualifier else arn


def _lambda(request, region, aws):
    found = re.fullmatch(r"/2015-03-31/functions/([^/]+)/invocations", request.path)
    if request.method != "POST" or not found:
        return None
    qualifier = parse_qs(request.query).get("Qualifier", [None])[0]
    arn = function_arn(unquote(found[1]), qualifier, region)
    return Operation("lambda", "InvokeFunction", [("lambda:InvokeFunction", arn)], arn=arn)


def _json_call(request):
    try:
        arguments = json.loads(request.body)
    except ValueError:
        return None, {}
    return request.header("x-amz-target").split(".", 1)[1], arguments


def _secrets(request, region, aws):
    name, arguments = _json_call(request)
    if name != "GetSecretValue":
        return None
    secret = aws.describe_secret(arguments.get("SecretId", ""), region)
    arn = secret.get("ARN") or (
        arguments["SecretId"] if arguments.get("SecretId", "").startswith("arn:")
        else f"arn:aws:secretsmanager:{region}:{ACCOUNT}:secret:{arguments.get('SecretId', '')}")  # fmt: skip
    rights = [("secretsmanager:GetSecretValue", arn)]
    if secret.get("KmsKeyId"):
        rights.append(("kms:Decrypt", key_arn(secret["KmsKeyId"], region)))
    return Operation("secretsmanager", name, rights)


def key_arn(key, region):
    return key if key.startswith("arn:") else f"arn:aws:kms:{region}:{ACCOUNT}:key/{key}"


def _ssm(request, region, aws):
    name, arguments = _json_call(request)
    if name == "GetParameter":
        parameter = arguments.get("Name", "").lstrip("/")
        arn = f"arn:aws:ssm:{region}:{ACCOUNT}:parameter/{parameter}"
        return Operation("ssm", name, [("ssm:GetParameter", arn)])
    if name != "GetParametersByPath":
        return None
    path = arguments.get("Path", "").rstrip("/")
    arn = f"arn:aws:ssm:{region}:{ACCOUNT}:parameter{path}"
    return Operation("ssm", name, [("ssm:GetParametersByPath", arn)])


def form(request):
    return {name: values[0] for name, values in
            parse_qs(request.body.decode(), keep_blank_values=True).items()}  # fmt: skip


def _sns(request, region, aws):
    fields = form(request)
    action = fields.get("Action")
    if action not in ("Publish", "GetTopicAttributes", "ListSubscriptionsByTopic"):
        return None
    return Operation("sns", action, [(f"sns:{action}", fields.get("TopicArn", "*"))], form=fields)


def _events(request, region, aws):
    name, arguments = _json_call(request)
    if name == "ListRuleNamesByTarget":  # no resource can be named for it
        return Operation("events", name, [("events:ListRuleNamesByTarget", "*")])
    if name != "DescribeRule":
        return None
    arn = f"arn:aws:events:{region}:{ACCOUNT}:rule/{arguments.get('Name', '')}"
    return Operation("events", name, [("events:DescribeRule", arn)])


def _monitoring(request, region, aws):
    if form(request).get("Action") != "DescribeAlarms":
        return None
    return Operation("monitoring", "DescribeAlarms", [
        ("cloudwatch:DescribeAlarms", f"arn:aws:cloudwatch:{region}:{ACCOUNT}:alarm:*")])  # fmt: skip


def _sts(request, region, aws):
    fields = form(request)
    action = fields.get("Action")
    if action == "AssumeRole":
        return Operation("sts", action, [("sts:AssumeRole", fields.get("RoleArn", "*"))], form=fields)
    if action in ("GetCallerIdentity", "AssumeRoleWithWebIdentity"):
        return Operation("sts", action, form=fields)  # needs no right
    return None


def bucket_and_key(request, aws):
    """From Host (virtual-hosted style) or path; the key decoded."""
    host = request.host.rsplit(":", 1)[0]
    path = unquote(request.path)[1:]
    found = re.fullmatch(r"(.+)\.(?:s3[.-].*|localhost)", host)
    if found:
        return found[1], path
    bucket, _, key = path.partition("/")
    return bucket, key


# What a bucket says about itself: (operation, IAM action), which is not always the operation's name.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
BUCKET_SETTINGS = {
    "versioning": ("GetBucketVersioning", "s3:GetBucketVersioning"),
    "encryption": ("GetBucketEncryption", "s3:GetEncryptionConfiguration"),
    "publicAccessBlock": ("GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock"),
    "lifecycle": ("GetBucketLifecycleConfiguration", "s3:GetLifecycleConfiguration"),
    "object-lock": ("GetObjectLockConfiguration", "s3:GetBucketObjectLockConfiguration"),
    "policy": ("GetBucketPolicy", "s3:GetBucketPolicy"),
}  # fmt: skip


def _s3(request, region, aws):
    bucket, key = bucket_and_key(request, aws)
    arn = f"arn:aws:s3:::{bucket}"
    details = {"bucket": bucket, "key": key}
    if not bucket:
        return None
    if not key:
        if request.method not in ("GET", "HEAD"):
            return None
        if request.query.rstrip("=") in BUCKET_SETTINGS:
            name, action = BUCKET_SETTINGS[request.query.rstrip("=")]
            return Operation("s3", name, [(action, arn)], **details)
        return Operation("s3", "ListBucket", [("s3:ListBucket", arn)], **details)
    if request.method in ("GET", "HEAD"):
        rights = [("s3:GetObject", f"{arn}/{key}")]
        if encrypted_with := aws.key_of_object(bucket, key):
            rights.append(("kms:Decrypt", key_arn(encrypted_with, region)))
        return Operation("s3", "GetObject", rights, **details)
    if request.method == "DELETE":
        return Operation("s3", "DeleteObject", [("s3:DeleteObject", f"{arn}/{key}")], **details)
    if request.method != "PUT" or "?" in request.target:
        return None
    rights = [("s3:PutObject", f"{arn}/{key}")]
    if request.header("x-amz-object-lock-mode") or request.header("x-amz-object-lock-retain-until-date"):
        rights.append(("s3:PutObjectRetention", f"{arn}/{key}"))
    if request.header("x-amz-tagging"):
        rights.append(("s3:PutObjectTagging", f"{arn}/{key}"))
    if request.header("x-amz-acl"):
        rights.append(("s3:PutObjectAcl", f"{arn}/{key}"))
    kms = request.header("x-amz-server-side-encryption-aws-kms-key-id")
    if not request.header("x-amz-server-side-encryption"):
        kms = aws.key_of_bucket(bucket)
    if kms:
        rights.append(("kms:GenerateDataKey", key_arn(kms, region)))
    return Operation("s3", "PutObject", rights, **details)
