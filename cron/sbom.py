#!/usr/bin/python3
"""Prints what schema-drift is made of, as CycloneDX 1.5 (https://cyclonedx.org/docs/1.5/json/):

    cron/sbom.py PROGRAM                  linked libraries, and what was compiled in
    cron/sbom.py PROGRAM --installed ROOT and every package installed below ROOT, as for an image

cron/lambda/make-zip packs the first with each packed file's hash, cron/debian/make-package ships it
below /usr/share/doc, cron/Dockerfile makes the second. Names and versions are dpkg's. The same input
gives the same bytes, so there is no time in it.
"""

import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import uuid

# Libraries of headers alone: nothing in the program names them. tests/deploy/test_sbom.py compares
# the list with the headers that the compiler read.
COMPILED_IN = ("libboost1.74-dev", "libcli11-dev", "libpg-query-dev", "libstdc++-12-dev", "nlohmann-json3-dev")
# Short names of Debian's copyright files that SPDX calls otherwise, or the same.
# https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/#license-specification
SPDX = {"Expat": "MIT", "MIT": "MIT", "BSD-3-clause": "BSD-3-Clause", "BSD-2-clause": "BSD-2-Clause",
        "Apache-2.0": "Apache-2.0", "BSL-1.0": "BSL-1.0", "Zlib": "Zlib", "ISC": "ISC", "GPL-2": "GPL-2.0-only",
        "GPL-2+": "GPL-2.0-or-later", "GPL-3+": "GPL-3.0-or-later", "LGPL-2.1": "LGPL-2.1-only",
        "LGPL-2.1+": "LGPL-2.1-or-later", "LGPL-3+": "LGPL-3.0-or-later", "PostgreSQL": "PostgreSQL"}  # fmt: skip


PROJECT = pathlib.Path(__file__).resolve().parent.parent / "CMakeLists.txt"


class Refused(Exception):
    pass


def _told(*words):
    return subprocess.run(words, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})


def dynamic(path, what):
    return subprocess.run(["readelf", "-W", what, str(path)], check=True, capture_output=True, text=True).stdout


def needed_by(path):
    return re.findall(r"\(NEEDED\).*\[(.+)\]", dynamic(path, "-d"))


def libraries_below(root, program):
    """As libraries_of, of a program of another architecture whose libraries lie below `root`."""
    interpreter = re.search(r"interpreter: (\S+?)\]", dynamic(program, "-l"))
    if not interpreter:
        raise Refused(f"{program} is linked statically: it names no loader")
    found, unseen = {}, [pathlib.Path(interpreter[1]).name, *needed_by(program)]
    while unseen:
        name = unseen.pop()
        if name in found:
            continue
        paths = [*root.glob(f"usr/lib/*-linux-gnu/{name}"), *root.glob(f"usr/lib/{name}")]
        if not paths:
            raise Refused(f"{program} needs {name}, which is not below {root}")
        found[name] = paths[0].resolve()
        unseen += needed_by(found[name])
    return found


def libraries_of(program):
    """{name: path} of the loader and of every library, as the loader itself finds them."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LD_")}
    listed = subprocess.run(
        ["ldd", str(program)], capture_output=True, text=True, env={**environment, "LC_ALL": "C"})  # fmt: skip
    if listed.returncode != 0:
        raise Refused(f"{program}: {listed.stderr.strip() or listed.stdout.strip()}")
    found = {}
    for line in listed.stdout.splitlines():
        if "=> not found" in line:
            raise Refused(f"{program} needs {line.split()[0]}, which is not installed")
        match = re.search(r"(?:^\s*|=> )(/\S+) \(0x", line)
        if match:  # all but the vdso, which is the kernel's
            path = pathlib.Path(match[1])
            found[path.name] = path.resolve()
    if not any(name.startswith("ld-linux") for name in found):
        raise Refused(f"{program} is linked statically or for another system: it names no loader")
    return found


def packages_of(paths, root="/"):
    """{path: the name of its package, or None}"""
    # Since the merge of /lib into /usr, dpkg may know a file by either name.
    names = {}
    for path in paths:
        inside = "/" + str(path.relative_to(pathlib.Path(root).resolve()))
        names |= {inside: path, inside.removeprefix("/usr"): path}
    found = dict.fromkeys(paths)
    database = f"--admindir={pathlib.Path(root) / 'var/lib/dpkg'}"
    for line in _told("dpkg-query", database, "-S", *names).stdout.splitlines():
        package, _, name = line.partition(": ")
        if name in names:
            found[names[name]] = package.split(",")[0].partition(":")[0]
    return found


FIELDS = "${Package}\\t${Version}\\t${Architecture}\\t${source:Package}\\t${source:Version}\\n"


def packages(names=(), root="/"):
    """{name: (version, architecture, source, source version)} of packages, or of all."""
    database = pathlib.Path(root) / "var/lib/dpkg"
    if not (database / "status").is_file():
        raise Refused(f"{database} holds no status of installed packages")
    told = _told("dpkg-query", f"--admindir={database}", "-W", "-f", FIELDS, *names)
    if told.returncode != 0:
        raise Refused(told.stderr.strip())
    rows = [line.split("\t") for line in told.stdout.splitlines()]
    return {name: tuple(rest) for name, *rest in rows}


def licences(name, root="/"):
    """What the package's copyright file names, where that can be read by a program."""
    path = pathlib.Path(root) / "usr/share/doc" / name / "copyright"
    try:
        text = path.read_text(errors="replace")
    except OSError:
        return []
    if not text.lstrip().startswith("Format:"):
        return []
    found = sorted(set(re.findall(r"^License: *([^\s,]+) *$", text, re.MULTILINE)))
    return [{"license": {"id": SPDX[one]} if one in SPDX else {"name": one}} for one in found]


def _component(name, about, root, files):
    version, architecture, source, source_version = about
    component = {
        "type": "library", "bom-ref": f"pkg:deb/debian/{name}@{version}?arch={architecture}", "name": name,
        "version": version, "purl": f"pkg:deb/debian/{_escaped(name)}@{_escaped(version)}?arch={architecture}",
        "properties": [{"name": "debian:source", "value": f"{source} {source_version}"}]}  # fmt: skip
    if named := licences(name, root):
        component["licenses"] = named
    if files:
        component["components"] = _files(files)
    return component


def _files(files):
    return [
        {"type": "file", "name": file, "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(content).hexdigest()}]}
        for file, content in sorted(files.items())]  # fmt: skip


def _escaped(text):
    """https://github.com/package-url/purl-spec: what is not plain is in percents."""
    return re.sub(r"[^A-Za-z0-9.:~_-]", lambda found: f"%{ord(found[0]):02X}", text)


def bill_of_materials(program, content, packed=None, root=None, libraries=None, sysroot="/"):
    """The document. `content`: the program's bytes as they are shipped; `packed`: {name in the archive:
    bytes} of libraries that come along; `root`: whose installed packages are named, too; `libraries`:
    {name: path} where those are not all that the program is linked with; `sysroot`: where they lie,
    with what was compiled in."""
    of_library = {}
    paths = libraries_of(program) if libraries is None else libraries
    owners = packages_of(paths.values(), sysroot)
    for name, path in paths.items():
        of_library.setdefault(owners[path], []).append(name)
    if None in of_library:
        raise Refused(f"no package has {', '.join(of_library[None])}")
    linked = packages(sorted(of_library), sysroot)
    components = {}
    for package, about in {**linked, **packages(COMPILED_IN, sysroot)}.items():
        files = {f"lib/{name}": packed[f"lib/{name}"] for name in of_library.get(package, ()) if packed}
        components[package] = _component(package, about, sysroot, files)
        components[package]["scope"] = "required"
    if root is not None:
        for package, about in packages(root=root).items():
            if package != "schema-drift":
                components[package] = _component(package, about, root, None)
    version = re.search(r"^project\(schema_drift VERSION ([0-9.]+)", PROJECT.read_text(), re.MULTILINE)
    compiler = _told("readelf", "-p", ".comment", str(program)).stdout
    main = {
        "type": "application", "bom-ref": "schema-drift", "name": "schema-drift",
        "version": version[1], "licenses": [{"license": {"id": "MIT"}}],
        "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(content).hexdigest()}],
        "properties": [{"name": "compiler", "value": one} for one in sorted(set(
            re.findall(r"^ *\[ *[0-9a-f]+\] +(.+?) *$", compiler, re.MULTILINE)))]}  # fmt: skip
    # What comes along and is of no package was made with the program.
    own = {name: content for name, content in (packed or {}).items()
           if name.startswith("lib/") and name.removeprefix("lib/") not in paths}  # fmt: skip
    if own:
        main["components"] = _files(own)
    ordered = [components[name] for name in sorted(components)]
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json", "bomFormat": "CycloneDX",
        "specVersion": "1.5", "version": 1, "metadata": {"component": main}, "components": ordered,
        "dependencies": [{"ref": "schema-drift", "dependsOn": [
            components[name]["bom-ref"] for name in sorted(set(linked) | set(COMPILED_IN))]}]}  # fmt: skip
    # Of what it says, and so the same for the same.
    number = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(document, sort_keys=True))
    return json.dumps({**document, "serialNumber": f"urn:uuid:{number}"}, indent=1) + "\n"


def main(words):
    if len(words) not in (1, 3) or (len(words) == 3 and words[1] != "--installed"):
        print(__doc__.strip(), file=sys.stderr)
        return 64
    program = pathlib.Path(words[0])
    try:
        sys.stdout.write(bill_of_materials(
            program, program.read_bytes(), root=words[2] if len(words) == 3 else None))  # fmt: skip
    except (Refused, OSError) as error:
        print(f"sbom.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
