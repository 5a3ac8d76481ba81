"""Answers the questions of test_aws_settings.py as botocore does; see read_aws_settings.cc."""

import json
import os
import pathlib
import shlex
import sys

import botocore.configloader
import botocore.configprovider
import botocore.exceptions
import botocore.session
from botocore.endpoint_provider import EndpointProvider

SERVICES = ["lambda", "s3", "sns", "secretsmanager", "ssm", "sts"]


def flat(settings):
    if settings is None:
        return None
    result = {}
    for key, value in settings.items():
        if isinstance(value, dict):
            result.update({f"{key}.{name}": inner for name, inner in value.items()})
        else:
            result[key] = value
    return result


def load(loader, path):
    try:
        return loader(str(path))
    except botocore.exceptions.ConfigNotFound:
        return {}


def settings(request):
    folder = pathlib.Path(request["folder"])
    for name in ("config", "credentials"):
        path = folder / name
        path.unlink(missing_ok=True)
        if request[name] is not None:
            path.write_bytes(request[name].encode())
    os.environ.clear()
    os.environ.update(request["variables"])

    config = load(botocore.configloader.load_config, folder / "config")
    credentials = load(botocore.configloader.raw_config_parse, folder / "credentials")
    names = request["names"]
    answer = {
        "config": {name: flat(config.get("profiles", {}).get(name)) for name in names},
        "credentials": {name: flat(credentials.get(name)) for name in names},
        "services": {name: flat(config.get("services", {}).get(name)) for name in names},
    }
    session = botocore.session.Session()
    try:
        scoped = session.get_scoped_config()
    except botocore.exceptions.ProfileNotFound:
        # schema-drift says so when it looks for credentials; until then such a profile is empty.
        return answer | {"profile_not_found": True}
    answer["region"] = session.get_config_variable("region")
    answer["ca_bundle"] = session.get_config_variable("ca_bundle")
    answer["endpoint"] = {service: endpoint(session, scoped, service) for service in SERVICES}
    return answer


def endpoint(session, scoped, service):
    if session.get_config_variable("ignore_configured_endpoint_urls"):
        return None
    try:
        return botocore.configprovider.ConfiguredEndpointProvider(
            session.full_config, scoped, service).provide()  # fmt: skip
    except botocore.exceptions.InvalidConfigError as error:
        return {"error": str(error)}


def endpoints(request):
    loader = botocore.session.Session().get_component("data_loader")
    partitions = loader.load_data("partitions")
    flags = {key: request["variables"].get(f"AWS_USE_{name}_ENDPOINT") == "true"
             for key, name in (("UseFIPS", "FIPS"), ("UseDualStack", "DUALSTACK"))}  # fmt: skip
    providers, answers = {}, []
    for service, region in request["endpoints"]:
        if service not in providers:
            rules = loader.load_service_model(service, "endpoint-rule-set-1")
            providers[service] = EndpointProvider(rules, partitions)
        extra = {
            "s3": {"Accelerate": False, "UseGlobalEndpoint": False, "ForcePathStyle": False,
                   "DisableMultiRegionAccessPoints": False, "UseArnRegion": False},
            "sts": {"UseGlobalEndpoint": False},
        }.get(service, {})  # fmt: skip
        try:
            found = providers[service].resolve_endpoint(Region=region, **flags, **extra)
            answers.append({"url": found.url})
        except botocore.exceptions.EndpointProviderError as error:
            answers.append({"error": str(error)})
    return answers


def words(text):
    try:
        return shlex.split(text)
    except ValueError:
        return None


def regions():
    """Every region that botocore knows, and a plausible new one of each partition."""
    loader = botocore.session.Session().get_component("data_loader")
    partitions = loader.load_data("partitions")["partitions"]
    return {region: partition["id"] for partition in partitions for region in partition["regions"]}


def answer(request):
    if "endpoints" in request:
        return endpoints(request)
    if "words" in request:
        return [words(text) for text in request["words"]]
    if "regions" in request:
        return regions()
    try:
        return settings(request)
    except botocore.exceptions.ConfigParseError as error:
        return {"error": str(error)}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
