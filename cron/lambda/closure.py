"""The program with the loader and the libraries that it needs, as the Lambda zip and the image hold them."""

import dataclasses
import pathlib
import platform
import shutil
import subprocess
import tempfile

from sbom import Refused, dynamic, libraries_below, libraries_of, packages, packages_of
from stand_ins import is_stood_in, loaded_with, stand_in

# The machine that readelf names -> how Debian, the loader's folder and an image's platform call it.
MACHINES = {"X86-64": ("x86_64", "amd64"), "AArch64": ("aarch64", "arm64")}


@dataclasses.dataclass
class Closure:
    program: bytes  # stripped
    files: dict  # {soname: bytes}: whole libraries, the loader among them, and stand-ins
    libraries: dict  # {soname: path}: those that are whole
    owners: dict  # {path: its package, or None}
    contents: bytes  # a line for each library: which version of which package it is
    machine: str  # "x86_64", "aarch64"
    architecture: str  # "amd64", "arm64"


def machine_of(program):
    header = dynamic(program, "-h")
    for word, names in MACHINES.items():
        if f"{word}\n" in header:
            return names
    raise Refused(f"{program} is for none of {', '.join(names[1] for names in MACHINES.values())}")


def _stripped(program, folder, tools):
    copy = pathlib.Path(folder) / program.name
    shutil.copyfile(program, copy)
    subprocess.run([f"{tools}strip", "--strip-all", str(copy)], check=True)
    return copy.read_bytes()


def closure(program, sysroot="/"):
    """`sysroot`: "/" for what runs here, or the root of cron/lambda/make-sysroot."""
    root = pathlib.Path(sysroot).resolve()
    machine, architecture = machine_of(program)
    tools = "" if platform.machine() == machine else f"{machine}-linux-gnu-"
    every = libraries_of(program) if sysroot == "/" else libraries_below(root, program)
    loaded = loaded_with(program, every)
    whole = {name: path for name, path in every.items() if name in loaded and not is_stood_in(name)}
    owners = packages_of(whole.values(), root)
    versions = packages(sorted(filter(None, set(owners.values()))), root)
    files, origins = {}, []
    with tempfile.TemporaryDirectory() as folder:
        stripped = _stripped(program, folder, tools)
        for name in sorted(loaded - set(whole)):
            files[name] = stand_in(name, every, folder, tools)
            origins.append(f"{name}\ta stand-in of schema-drift\n")
    for name, path in whole.items():
        files[name] = path.read_bytes()
        package = owners[path]
        origins.append(f"{name}\t{f'{package} {versions[package][0]}' if package else 'no package'}\n")
    return Closure(stripped, files, whole, owners, "".join(sorted(origins)).encode(), machine, architecture)
