"""A CloudFormation template with its parameters, conditions and functions worked out.

As far as cron/cloudformation.yaml uses them; anything else is an error, not a guess.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

import re

import yaml

NO_VALUE = object()


class _Loader(yaml.SafeLoader):
    pass


def _function(loader, suffix, node):
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        if suffix == "GetAtt":
            value = value.split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {name: value}


_Loader.add_multi_constructor("!", _function)


class Template:
    """`physical`: {logical id: what !Ref gives}, `attributes`: {"Id.Name": what !GetAtt gives}."""

    def __init__(self, text, parameters, region, account, stack):
        self.document = yaml.load(text, _Loader)
        declared = self.document["Parameters"]
        assert set(parameters) <= set(declared), set(parameters) - set(declared)
        self._values = {
            name: parameters.get(name, spec.get("Default")) for name, spec in declared.items()}  # fmt: skip
        for name, spec in declared.items():
            self._values[name] = _typed(name, spec, self._values[name])
        self._values |= {
            "AWS::Region": region, "AWS::AccountId": account, "AWS::Partition": "aws",
            "AWS::StackName": stack, "AWS::NoValue": NO_VALUE}  # fmt: skip
        self.physical, self.attributes = {}, {}

    def resources(self, kind=None):
        """{logical id: resource} of those whose condition holds."""
        return {
            name: resource for name, resource in self.document["Resources"].items()
            if (kind is None or resource["Type"] == kind)
            and ("Condition" not in resource or self.holds(resource["Condition"]))}  # fmt: skip

    def properties(self, name):
        return self.value(self.document["Resources"][name].get("Properties", {}))

    def holds(self, condition):
        return self._truth(self.document["Conditions"][condition])

    def refusals(self):
        """What the rules say against these parameters, as CloudFormation would before it makes anything.
        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html"""
        return [one["AssertDescription"] for rule in self.document["Rules"].values()
                if self._truth(rule["RuleCondition"])
                for one in rule["Assertions"] if not self._truth(one["Assert"])]  # fmt: skip

    def _truth(self, node):
        if "Fn::Not" in node:
            return not self._truth(node["Fn::Not"][0])
        left, right = (str(self.value(side)) for side in node["Fn::Equals"])
        return left == right

    def value(self, node):
        if isinstance(node, list):
            return [v for v in map(self.value, node) if v is not NO_VALUE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((name, argument),) = node.items()
            if name == "Ref":
                return self._reference(argument)
            if name == "Fn::GetAtt":
                return self.attributes[".".join(argument)]
            if name == "Fn::If":
                condition, then, otherwise = argument
                return self.value(then if self.holds(condition) else otherwise)
            if name == "Fn::Join":
                return argument[0].join(self.value(argument[1]))
            if name == "Fn::Split":
                return self.value(argument[1]).split(argument[0])
            if name == "Fn::Sub" and isinstance(argument, list):
                text, own = argument[0], self.value(argument[1])
                return re.sub(r"\$\{([A-Za-z0-9:.]+)\}", lambda m: str(own[m[1]] if m[1] in own else self._named(m[1])), text)
            if name == "Fn::Sub":
                return re.sub(r"\$\{([A-Za-z0-9:.]+)\}", lambda m: str(self._named(m[1])), argument)
            assert not name.startswith("Fn::"), f"not worked out: {name}"
        worked_out = {key: self.value(value) for key, value in node.items()}
        return {key: value for key, value in worked_out.items() if value is not NO_VALUE}

    def _named(self, name):
        return self.attributes[name] if "." in name else self._reference(name)

    def _reference(self, name):
        return self._values[name] if name in self._values else self.physical[name]


def _typed(name, spec, value):
    assert value is not None, f"the parameter {name} has no value"
    allowed = spec.get("AllowedValues")
    assert allowed is None or value in allowed, f"{name}: {value} is none of {allowed}"
    pattern = spec.get("AllowedPattern")
    assert pattern is None or re.fullmatch(pattern, value), f"{name}: {value} is not {pattern}"
    if spec["Type"] == "CommaDelimitedList":
        return value.split(",") if value else []
    return value
