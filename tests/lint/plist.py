# SPDX-License-Identifier: ISC
"""The property lists under launchd/ say what launchd.plist(5) understands and
what lansplice needs. Writes one line for each fault."""
import pathlib
import plistlib
import re

PROGRAM = "/usr/local/sbin/lansplice"
# Every key and its value: one more is a fault as well as one less.
SERVICE = {
    "Label": "org.lansplice.lansplice",
    "ProgramArguments": [PROGRAM, "run"],
    "RunAtLoad": True,
    "KeepAlive": True,
    "ThrottleInterval": 10,
    "ExitTimeOut": 10,
    "ProcessType": "Interactive",
    "StandardErrorPath": "/var/log/lansplice.log",
    "WorkingDirectory": "/",
    "Umask": 0o77,
}
ENTITLEMENTS = {"com.apple.security.virtualization": True}


def check(path, want):
    """Compares a file, as `make install` would leave it, with what it
    should hold."""
    text = path.read_bytes().replace(b"@PREFIX@", b"/usr/local")
    try:
        have = plistlib.loads(text, fmt=plistlib.FMT_XML)
    except Exception as error:  # expat, plistlib and ValueError alike
        print(f"{path}:1: no property list: {error}")
        return {}
    for key in sorted(want.keys() | have.keys()):
        if key not in have:
            print(f"{path}:1: {key} is missing")
        elif key not in want:
            print(f"{path}:1: {key} is not known here")
        elif (type(have[key]), have[key]) != (type(want[key]), want[key]):
            print(f"{path}:1: {key} is {have[key]!r}, not {want[key]!r}")
    return have


def main():
    services = sorted(pathlib.Path("launchd").glob("*.plist"))
    if len(services) != 1:
        print(f"launchd:1: has {len(services)} plists, not 1")
    for path in services:
        have = check(path, SERVICE)
        if have.get("Label") != path.stem:
            print(f"{path}:1: Label and file name differ")
    check(pathlib.Path("launchd/lansplice.entitlements"), ENTITLEMENTS)

    # service.c finds its places in the files by these texts.
    for source, file in (
            ("src/os/darwin/supervisor_launchd.c", services[0]),
            ("src/os/linux/supervisor_systemd.c",
             pathlib.Path("systemd/lansplice.service"))):
        table = pathlib.Path(source).read_text()
        anchor = re.search(r'\.anchor = "([^"]*)"', table)
        count = file.read_text().count(anchor[1]) if anchor else 0
        if count != 1:
            print(f"{file}:1: has the anchor of {source} {count} times")


main()
