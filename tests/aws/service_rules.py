"""Rules of the services themselves that moto does not check, and the Lambda functions.

Each function returns the Response that AWS would give, or None where the request may go on.
"""

import base64
import calendar
import hashlib
import json
import re
import time

import error_shapes

MOST_PAYLOAD = 6 * 1024 * 1024
MOST_MESSAGE = 256 * 1024


class FunctionError(Exception):
    """Raised by a stand-in's handler: the function failed. `fields` is its error object."""

    def __init__(self, fields, kind="Unhandled"):
        super().__init__(str(fields))
        self.fields, self.kind = fields, kind


class Function:
    """A Lambda function of the test: `answer` is a callable (payload -> value), or a list that is
    used up one by one (the last one stays). A value that is bytes is sent as it is."""

    def __init__(self, answer, log="START\nEND\n"):
        self.answer, self.log, self.payloads = answer, log, []
        self._next = 0

    def __call__(self, payload):
        self.payloads.append(payload)
        if callable(self.answer):
            return self.answer(payload)
        answer = self.answer[min(self._next, len(self.answer) - 1)]
        self._next += 1
        if isinstance(answer, Exception):
            raise answer
        return answer


def invoke(request, arn, functions):
    if len(request.body) > MOST_PAYLOAD:
        return error_shapes.response("lambda", 413, "RequestTooLargeException", "Request must be "
                                     "smaller than 6291456 bytes for the InvokeFunction operation")  # fmt: skip
    function = functions.get(arn)
    if function is None:
        return error_shapes.response(
            "lambda", 404, "ResourceNotFoundException", f"Function not found: {arn}")  # fmt: skip
    kind = request.header("x-amz-invocation-type") or "RequestResponse"
    if kind != "RequestResponse":
        return error_shapes.response(
            "lambda", 400, "InvalidParameterValueException", f"unexpected invocation type {kind}")  # fmt: skip
    try:
        payload = json.loads(request.body or b"{}")
    except ValueError as error:
        return error_shapes.response("lambda", 400, "InvalidRequestContentException",
                                     f"Could not parse request body into json: {error}")  # fmt: skip
    headers = [("Content-Type", "application/json"), ("X-Amz-Executed-Version", "$LATEST"),
               ("x-amzn-RequestId", error_shapes.request_id())]  # fmt: skip
    try:
        answer = function(payload)
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    except FunctionError as error:
        headers.append(("X-Amz-Function-Error", error.kind))
        fields = error.fields
        body = fields if isinstance(fields, bytes) else json.dumps(fields).encode()
    if (request.header("x-amz-log-type") or "") == "Tail":
        tail = function.log.encode()[-4096:]
        headers.append(("X-Amz-Log-Result", base64.b64encode(tail).decode()))
    return error_shapes.Response(200, headers, body)


def with_unconfirmed(response, unconfirmed):
    """A list of subscriptions as SNS gives it: moto takes every one for confirmed.
    https://docs.aws.amazon.com/sns/latest/api/API_Subscription.html"""
    body = response.body.decode()
    for arn in unconfirmed:
        body = body.replace(f"<SubscriptionArn>{arn}<", "<SubscriptionArn>PendingConfirmation<")
    return error_shapes.Response(response.status, response.headers, body.encode())


def with_its_root(response, operation):
    """S3's documents under their own names, where moto puts the operation's.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html"""
    if operation != "GetBucketVersioning" or response.status != 200:
        return response
    body = response.body.replace(b"GetBucketVersioningResponse", b"VersioningConfiguration")
    return error_shapes.Response(response.status, response.headers, body)


def check_publish(fields, region):
    """https://docs.aws.amazon.com/sns/latest/api/API_Publish.html"""

    def invalid(message, code="InvalidParameter"):
        return error_shapes.response("sns", 400, code, message)

    topic = fields.get("TopicArn", "")
    if not re.fullmatch(rf"arn:aws:sns:{region}:\d{{12}}:[A-Za-z0-9_-]+(\.fifo)?", topic):
        return invalid("Invalid parameter: TopicArn")
    subject = fields.get("Subject")
    if subject is not None and not re.fullmatch(r"[!-~][ -~]{0,99}", subject):
        return invalid("Invalid parameter: Subject")
    if not fields.get("Message"):
        return invalid("Invalid parameter: Empty message")
    size = len(fields["Message"].encode())
    for number in range(1, 1000):
        prefix = f"MessageAttributes.entry.{number}."
        name = fields.get(prefix + "Name")
        if name is None:
            break
        kind, value = fields.get(prefix + "Value.DataType"), fields.get(prefix + "Value.StringValue")
        if not re.fullmatch(r"(?!AWS\.|Amazon\.|\.)[A-Za-z0-9_.-]{1,256}(?<!\.)", name):
            return invalid(f"Invalid parameter: MessageAttributes Reason: name {name}")
        if kind != "String" or not value:
            return invalid(f"The message attribute '{name}' must contain non-empty message attribute "
                           f"value for message attribute type '{kind}'.", "ParameterValueInvalid")  # fmt: skip
        size += len(name) + len(kind) + len(value.encode())
    if size > MOST_MESSAGE:
        return invalid("Invalid parameter: Message too long")
    group, once = fields.get("MessageGroupId"), fields.get("MessageDeduplicationId")
    for value in (group, once):
        if value is not None and not re.fullmatch(r"[!-~]{1,128}", value):
            return invalid("Invalid parameter: MessageGroupId or MessageDeduplicationId")
    if topic.endswith(".fifo") and not group:
        return invalid("Invalid parameter: The MessageGroupId parameter is required for FIFO topics")
    if not topic.endswith(".fifo") and once is not None:
        return invalid("Invalid parameter: MessageDeduplicationId Reason: The request includes "
                       "MessageDeduplicationId parameter that is not valid for this topic type")  # fmt: skip
    return None


def published(fields):
    """What a subscriber would see."""
    attributes = {}
    for name, value in fields.items():
        found = re.fullmatch(r"MessageAttributes\.entry\.(\d+)\.Name", name)
        if found:
            attributes[value] = fields[f"MessageAttributes.entry.{found[1]}.Value.StringValue"]
    return {
        "topic": fields["TopicArn"], "subject": fields.get("Subject"), "message": fields["Message"],
        "attributes": attributes, "group_id": fields.get("MessageGroupId"),
        "deduplication_id": fields.get("MessageDeduplicationId")}  # fmt: skip


def check_put(request, bucket, exists, now):
    """`bucket`: {"region", "lock"} or None; `exists`: whether the key has an object."""

    def refused(status, code, message, **more):
        return error_shapes.response("s3", status, code, message, **more)

    if bucket is None:
        return refused(404, "NoSuchBucket", "The specified bucket does not exist")
    said = request.header("x-amz-checksum-sha256")
    if said is not None:
        actual = base64.b64encode(hashlib.sha256(request.body).digest()).decode()
        if said != actual:
            return refused(400, "BadDigest",
                           "The SHA256 you specified did not match the calculated checksum.")  # fmt: skip
    condition = request.header("if-none-match")
    if condition not in (None, "*"):
        return refused(501, "NotImplemented", "A header you provided implies functionality that is "
                       "not implemented", Header="If-None-Match")  # fmt: skip
    encryption = request.header("x-amz-server-side-encryption")
    key = request.header("x-amz-server-side-encryption-aws-kms-key-id")
    if encryption not in (None, "AES256", "aws:kms") or (key and encryption != "aws:kms"):
        return refused(400, "InvalidArgument", "The encryption method specified is not supported")
    mode = request.header("x-amz-object-lock-mode")
    until = request.header("x-amz-object-lock-retain-until-date")
    if mode or until:
        if not bucket["lock"]:
            return refused(400, "InvalidRequest", "Bucket is missing Object Lock Configuration")
        if not (mode and until):
            return refused(400, "InvalidArgument", "x-amz-object-lock-retain-until-date and "
                           "x-amz-object-lock-mode must both be supplied")  # fmt: skip
        if mode not in ("GOVERNANCE", "COMPLIANCE"):
            return refused(400, "InvalidArgument", "Unknown wormMode directive.")
        if said is None and request.header("content-md5") is None:
            return refused(400, "InvalidRequest", "Content-MD5 OR x-amz-checksum- HTTP header is "
                           "required for Put Object requests with Object Lock parameters")  # fmt: skip
        try:
            moment = calendar.timegm(time.strptime(until[:19], "%Y-%m-%dT%H:%M:%S"))
        except ValueError:
            return refused(400, "InvalidArgument", "The retain until date must be provided in ISO 8601 format")
        if moment <= now:
            return refused(400, "InvalidArgument", "The retain until date must be in the future!")
    if condition == "*" and exists:
        return refused(412, "PreconditionFailed", "At least one of the pre-conditions you specified "
                       "did not hold", Condition="If-None-Match")  # fmt: skip
    return None
