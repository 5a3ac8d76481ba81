"""IAM policy documents, as far as the shipped policy uses them: Effect, Action, Resource,
wildcards. A statement with anything else is refused, or a test would pass for a wrong reason.
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


def checked(document):
    """The document, once it says nothing that this evaluator would overlook."""
    if document.get("Version") != "2012-10-17" or set(document) - {"Version", "Id", "Statement"}:
        raise ValueError(f"no policy document: {document}")
    for statement in _listed(document["Statement"]):
        if set(statement) - {"Sid", "Effect", "Action", "Resource"}:
            raise ValueError(f"not evaluated: {sorted(statement)}")
        if statement["Effect"] not in ("Allow", "Deny"):
            raise ValueError(f"no effect: {statement['Effect']}")
        for action in _listed(statement["Action"]):
            if action != "*" and not re.fullmatch(r"[a-z0-9-]+:[A-Za-z0-9*?]+", action):
                raise ValueError(f"no action: {action}")
        for resource in _listed(statement["Resource"]):
            if resource != "*" and not resource.startswith("arn:"):
                raise ValueError(f"no resource: {resource}")
    return document


def decide(documents, action, resource):
    """'allowed', 'denied' (by a Deny) or 'silent' (nothing allows it)."""
    decision = "silent"
    for document in documents:
        for statement in _listed(document["Statement"]):
            # Actions are compared without regard to case, resources with.
            if not _matches(statement["Action"], action, re.DOTALL | re.IGNORECASE):
                continue
            if not _matches(statement["Resource"], resource):
                continue
            if statement["Effect"] == "Deny":
                return "denied"
            decision = "allowed"
    return decision
