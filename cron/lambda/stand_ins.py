"""Libraries of the same name and functions as Debian's that do nothing, for those that nothing asks.

libcurl, libgit2 and libpq are linked with what their other users want: LDAP, RTMP, Kerberos, cookies,
HTTP/2, compressed answers, names in other letters. The loader wants each of them at every start. In the
zip a stand-in takes the place of each, and what only those need is left out.
"""

import pathlib
import re
import subprocess

from sbom import Refused, dynamic, needed_by

SOURCES = pathlib.Path(__file__).resolve().parent / "stand-ins"

# {soname: why nothing asks it}. What has a file in stand-ins/ answers the few questions that do come,
# by that there is nothing; every other function says that it is none, and ends the program.
STOOD_IN = {
    r"librtmp\.so\.\d+": "requests are http and https alone (drift/http/transfer.cc)",
    r"libldap[-\d.]*\.so\.\d+": "as above; libpq wants it only for a service file that says so",
    r"liblber[-\d.]*\.so\.\d+": "as above",
    r"libnghttp2\.so\.\d+": "requests are HTTP/1.1 (drift/http/transfer.cc)",
    r"libgssapi_krb5\.so\.\d+": "a function has no ticket, and no way to get one",
    r"libidn2\.so\.\d+": "hosts are ASCII (drift/base/url.cc)",
    r"libpsl\.so\.\d+": "cookies are never turned on",
    r"libzstd\.so\.\d+": "compressed answers are not asked for",
    r"libbrotlidec\.so\.\d+": "compressed answers are not asked for",
}

ABSENT = """
#include <unistd.h>
__attribute__((used)) static void absent(void) {{
  static const char why[] = "schema-drift: {name} is not part of this package\\n";
  if (write(2, why, sizeof why - 1)) {{}}
  _exit(70);
}}
"""


def is_stood_in(name):
    return any(re.fullmatch(pattern, name) for pattern in STOOD_IN)


def loaded_with(program, libraries):
    """The names of those that the program needs, itself or through others that are whole."""
    names, unseen = set(), [*needed_by(program)]
    while unseen:
        name = unseen.pop()
        if name in names or name not in libraries:
            continue
        names.add(name)
        if not is_stood_in(name):
            unseen += needed_by(libraries[name])
    return names | {name for name in libraries if name.startswith("ld-linux")}


def asked_of(name, libraries):
    """{symbol: (its type, version or "")} of what whole libraries want of this one."""
    defined, wanted = set(), {}
    for line in dynamic(libraries[name], "--dyn-syms").splitlines():
        if " UND " not in line and (found := re.search(r"(?:FUNC|OBJECT|IFUNC).*\s(\w+)(?:@@?\S+)?$", line)):
            defined.add(found[1])
    for other, path in libraries.items():
        if is_stood_in(other) or name not in needed_by(path):
            continue
        for line in dynamic(path, "--dyn-syms").splitlines():
            found = re.search(r"(\w+)\s+\w+\s+\w+\s+UND (\w+)(?:@(\S+))?", line)
            if found and found[2] in defined:
                wanted[found[2]] = (found[1], found[3] or "")
    return wanted


def stand_in(name, libraries, folder, tools=""):
    """The bytes of a library of this name. `tools`: what the compiler's name begins with."""
    asked = asked_of(name, libraries)
    source, script, made = (pathlib.Path(folder) / f"{name}{end}" for end in (".c", ".map", ""))
    sources, answered = [str(source)], set()
    own = SOURCES / f"{re.match(r'lib[a-z0-9_]+', name)[0]}.c"
    if own.is_file():
        sources.append(str(own))
        answered = {symbol for symbol in asked if re.search(rf"\b{symbol}\b", own.read_text())}
    text = ABSENT.format(name=name)
    for symbol, (kind, _) in sorted(asked.items()):
        if symbol not in answered:
            if kind != "FUNC":
                raise Refused(f"{symbol} of {name}, which is wanted, is no function")
            text += f'void {symbol}(void) __attribute__((alias("absent")));\n'
    source.write_text(text)
    versions = {}
    for symbol, (_, version) in asked.items():
        versions.setdefault(version, []).append(symbol)
    # What is local is nobody's: an own source may answer more than is asked.
    hidden = " local: *;" if len(versions) == 1 else ""
    script.write_text("".join(
        f"{version} {{ global: {' '.join(s + ';' for s in sorted(symbols))}{hidden} }};\n"
        for version, symbols in sorted(versions.items()) if version or hidden))  # fmt: skip
    words = [f"{tools}gcc", "-shared", "-fPIC", "-Os", "-fno-builtin",
             f"-ffile-prefix-map={SOURCES}=.", f"-Wl,-soname,{name}", "-Wl,--build-id=none", "-s"]  # fmt: skip
    if script.read_text():
        words.append(f"-Wl,--version-script={script}")
    subprocess.run([*words, "-o", str(made), *sources], check=True)
    return made.read_bytes()
