"""``python -m tests.deploy``: see the package."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE

from dialnexa.local import sandbox_accounts
from tests.deploy.blocks import GUIDE, Block, read_blocks
from tests.deploy.debian import Debian, bare_debian, prepare

ROOT = GUIDE.parents[1]
SANDBOX = "http://127.0.0.1:8900"
PASSWORD = "deploy-" + "x" * 16
DEMO = ("DIALNEXA_MOVABLE_CLOCK", "DIALNEXA_STAFF_MFA")  # production refuses them
LATER = "0.1.1"  # the release that is put in place while somebody is there


def main() -> int:
    parser = argparse.ArgumentParser("make deploy-check")
    parser.add_argument("--bare", type=Path, help="a bare Debian root to copy, instead of making one")
    parser.add_argument("--tree", default="HEAD", help="what is deployed: a commit or tree")
    options = parser.parse_args()
    if why := missing(options.bare):
        print(f"NOT CHECKED: {why}")
        return 0 if not os.environ.get("CI") else 1
    blocks = read_blocks(GUIDE.read_text())
    say(f"Making a bare Debian; then {len(blocks)} blocks of docs/deploy.md …")
    try:
        with bare_debian(options.bare) as debian:
            prepare(debian)
            archive(debian, options.tree, "0.1.0")
            first_start(debian, [block for block in blocks if block.mark != "upgrade"])
            with sandbox(debian):
                use(debian)
                upgrade(debian, options.tree, blocks)
    except subprocess.CalledProcessError as error:
        print("\n".join((error.output or "").splitlines()[-40:]))
        print(f"FAILED: {' '.join(map(str, error.cmd))} ended with {error.returncode}")
        return 1
    say("Followed to the end: a customer signed in, bought a number, and noticed nothing of the upgrade.")
    return 0


def missing(bare: Path | None) -> str:
    if os.geteuid() != 0:
        return "it needs root, for namespaces and a root folder."
    programs = ("unshare", "nsenter", "ip", *(() if bare else ("mmdebstrap",)))
    absent = [program for program in programs if not shutil.which(program)]
    return f"it needs {', '.join(absent)}." if absent else ""


def archive(debian: Debian, tree: str, version: str) -> None:
    """What the guide asks for in /root."""
    target = debian.root / f"root/dialnexa-numbers-{version}.tar.gz"
    command = ["git", "archive", "--prefix=dialnexa-numbers/", f"--output={target}", tree]
    subprocess.run(command, cwd=ROOT, check=True)


def first_start(debian: Debian, blocks: list[Block]) -> None:
    for block in blocks:
        follow(debian, block)
        if "fill-environment" in block.commands:
            fill_in(debian)


def follow(debian: Debian, block: Block) -> None:
    began = time.monotonic()
    said = debian.run(block.script, internet=block.mark == "internet")
    say(f"{block.heading}: {len(block.commands.splitlines())} lines, {time.monotonic() - began:.0f} s")
    for line in said.splitlines()[-4:] if block.mark != "internet" else ():
        print(f"        {line[:150]}")


def fill_in(debian: Debian) -> None:
    """What the guide leaves to the operator: mail, and a carrier."""
    accounts = {name: told for name, told in sandbox_accounts(SANDBOX).items() if name not in DEMO}
    mail = {"DIALNEXA_EMAIL_URL": "smtp://127.0.0.1:9"}
    path = debian.root / "etc/dialnexa/common.env"
    with path.open("a") as file:
        file.writelines(f"{name}={told}\n" for name, told in (mail | accounts).items())


@contextmanager
def sandbox(debian: Debian) -> Iterator[None]:
    """The carrier: somebody else's machine, as far as the guide is concerned."""
    command = ("/usr/local/sbin/numbers-manage", "sandbox_carrier", "--port", "8900")
    process = subprocess.Popen(
        debian.command(*command), stdout=subprocess.PIPE, env={"PATH": "/usr/sbin:/usr/bin"}
    )
    try:
        assert process.stdout
        assert process.stdout.readline(), "The sandbox carrier did not start."
        yield
    finally:
        process.terminate()
        process.wait()


def use(debian: Debian) -> None:
    debian.run(f"numbers-manage make_demo --password {PASSWORD}")
    customer(debian, "sign-in", "demo@dialnexa.example", PASSWORD)
    key = debian.run("numbers-manage create_api_key demo --scopes all").split()[-1]
    customer(debian, "buy", key)
    say(f"The books: {debian.run('numbers-manage prove_ledger').strip().splitlines()[-1]}")


def customer(debian: Debian, *does: str) -> None:
    hear(talk(debian, *does), does[0])


def hear(visitor: subprocess.Popen[str], what: str) -> None:
    print(visitor.communicate()[0], end="")
    if visitor.returncode:
        raise subprocess.CalledProcessError(visitor.returncode, [what])


def talk(debian: Debian, *does: str) -> subprocess.Popen[str]:
    certificate = str(debian.root / "etc/dialnexa/tls/fullchain.pem")
    command = debian.beside(sys.executable, "-m", "tests.deploy.customer", certificate, *does)
    return subprocess.Popen(command, cwd=ROOT, stdin=PIPE, stdout=PIPE, text=True)


def upgrade(debian: Debian, tree: str, blocks: list[Block]) -> None:
    """The same code under another version, with its own environment, while somebody looks at pages."""
    archive(debian, tree, LATER)
    debian.run(f"sed -i 's/^export VERSION=.*/export VERSION={LATER}/' /root/.shell")
    for block in [block for block in blocks if block.heading == "The release"][:2]:
        follow(debian, block)
    visitor = talk(debian, "stay")
    for block in [block for block in blocks if block.mark == "upgrade"]:
        follow(debian, block)
    hear(visitor, "staying during the upgrade")
    print(debian.run("readlink /opt/dialnexa/current"), end="")


def say(sentence: str) -> None:
    print(f"── {sentence}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
