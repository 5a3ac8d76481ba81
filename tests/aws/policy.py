"""IAM policy documents, as far as the shipped ones use them: Effect, Action, Resource, wildcards, the
conditions of CONDITIONS, and a resource's own policy that denies. A statement with anything else is
refused, or a test would pass for a wrong reason.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import functools
import re


@functools.lru_cache(maxsize=None)
def _pattern(text, flags):
    pieces = re.split(r"([*?])", text)
    return re.compile("".join({"*": ".*", "?": "."}.get(p) or re.escape(p) for p in pieces), flags)


def _listed(value):
    return [value] if isinstance(value, (str, dict)) else list(value)


def _matches(patterns, text, flags=re.DOTALL):
    return any(_pattern(p, flags).fullmatch(text) for p in _listed(patterns))


def _is_absent(values, said):
    return (said is None) == (values == ["true"])


# {operator: {key: what it is compared with}}. A key that the request does not have meets no condition
# but Null's. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
CONDITIONS = {
    "Bool": (("aws:SecureTransport",), lambda values, said: said in values),
    "Null": (("s3:if-none-match", "s3:x-amz-server-side-encryption"), _is_absent),
    "StringEquals": (("kms:ViaService",), lambda values, said: said in values),
}  # fmt: skip


def _check_conditions(conditions):
    for operator, compared in conditions.items():
        keys, _ = CONDITIONS.get(operator, ((), None))
        for key, values in compared.items():
            if key not in keys:
                raise ValueError(f"not evaluated: {operator} of {key}")
            if operator in ("Bool", "Null") and _listed(values) not in (["true"], ["false"]):
                raise ValueError(f"neither true nor false: {key}: {values}")


def _holds(conditions, context):
    return all(
        CONDITIONS[operator][1](_listed(values), context.get(key))
        for operator, compared in conditions.items() for key, values in compared.items())  # fmt: skip


def checked(document, of_resource=False):
    """The document, once it says nothing that this evaluator would overlook. `of_resource`: it is the
    policy of a bucket, and for everybody."""
    if document.get("Version") != "2012-10-17" or set(document) - {"Version", "Id", "Statement"}:
        raise ValueError(f"no policy document: {document}")
    for statement in _listed(document["Statement"]):
        known = {"Sid", "Effect", "Action", "Resource", "Condition"}
        if set(statement) - (known | {"Principal"} if of_resource else known):
            raise ValueError(f"not evaluated: {sorted(statement)}")
        if statement["Effect"] not in ("Allow", "Deny"):
            raise ValueError(f"no effect: {statement['Effect']}")
        if of_resource and (statement["Effect"], statement.get("Principal")) != ("Deny", "*"):
            raise ValueError("not evaluated: a resource's policy that does not deny everybody")
        _check_conditions(statement.get("Condition", {}))
        for action in _listed(statement["Action"]):
            if action != "*" and not re.fullmatch(r"[a-z0-9-]+:[A-Za-z0-9*?]+", action):
                raise ValueError(f"no action: {action}")
        for resource in _listed(statement["Resource"]):
            if resource != "*" and not resource.startswith("arn:"):
                raise ValueError(f"no resource: {resource}")
    return document


def decide(documents, action, resource, context=None):
    """'allowed', 'denied' (by a Deny) or 'silent' (nothing allows it). `context`: {condition key: what
    the request has}, without those that it has not."""
    decision = "silent"
    for document in documents:
        for statement in _listed(document["Statement"]):
            # Actions are compared without regard to case, resources with.
            if not _matches(statement["Action"], action, re.DOTALL | re.IGNORECASE):
                continue
            if not _matches(statement["Resource"], resource):
                continue
            if not _holds(statement.get("Condition", {}), context or {}):
                continue
            if statement["Effect"] == "Deny":
                return "denied"
            decision = "allowed"
    return decision
