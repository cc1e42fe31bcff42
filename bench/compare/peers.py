# SPDX-License-Identifier: Apache-2.0
"""The peers: Nchan, if Debian's packages are installed, a Node server on the ws package, which npm
fetches if it is here, and Centrifugo, if peers/centrifugo/install has built it. What is missing is
skipped, and the reason is printed."""

import os
import pathlib
import shutil
import subprocess

from servers import SDK_LOAD_FLAGS, Server, Unavailable

PEERS = pathlib.Path(__file__).resolve().parent.parent / "peers"
CENTRIFUGO = PEERS.parent.parent / "build" / "peers" / "centrifugo"
NCHAN_MODULES = (
    pathlib.Path("/usr/lib/nginx/modules/ngx_nchan_module.so"),
    pathlib.Path("/usr/share/nginx/modules/ngx_nchan_module.so"),
)


def _nchan_command(port, scratch):
    nginx = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
    module = next((path for path in NCHAN_MODULES if path.exists()), None)
    if nginx is None or module is None:
        raise Unavailable("not installed (script/bootstrap bench)")
    directory = scratch / "nchan"
    directory.mkdir(exist_ok=True)
    text = (PEERS / "nchan" / "nginx.conf.in").read_text(encoding="utf-8")
    values = {
        "MODULE": module,
        "DIRECTORY": directory,
        "PORT": port,
        # As root the workers would change to a user who cannot write here.
        "USER": "user root;" if os.geteuid() == 0 else "",
    }
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value))
    (directory / "nginx.conf").write_text(text, encoding="utf-8")
    return [nginx, "-c", str(directory / "nginx.conf"), "-p", str(directory)]


def _ws_command(port, _):
    node = shutil.which("node")
    if node is None:
        raise Unavailable("node is not installed")
    if not (PEERS / "ws" / "node_modules" / "ws").is_dir():
        raise Unavailable("the ws package is not installed (npm ci in bench/peers/ws)")
    return [node, str(PEERS / "ws" / "server.mjs"), f"--port={port}"]


def _centrifugo_command(port, scratch):
    program = CENTRIFUGO if CENTRIFUGO.exists() else shutil.which("centrifugo")
    if program is None:
        raise Unavailable("not installed (bench/peers/centrifugo/install, which wants Go)")
    text = (PEERS / "centrifugo" / "config.json.in").read_text(encoding="utf-8")
    config = scratch / "centrifugo.json"
    config.write_text(text.replace('"@PORT@"', str(port)), encoding="utf-8")
    return [str(program), f"--config={config}"]


def fetch_packages():
    """What npm can bring; without it, or without a network, the peer is skipped later."""
    if (PEERS / "ws" / "node_modules" / "ws").is_dir() or shutil.which("npm") is None:
        return
    try:
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=PEERS / "ws",
                       capture_output=True, timeout=60, check=False)
    except subprocess.TimeoutExpired:
        pass


def nchan():
    return Server("nchan", "Nchan", _nchan_command, load_flags=("--format=plain",),
                  health="/health")


def ws():
    return Server("ws", "Node ws", _ws_command, health="/health")


def centrifugo():
    return Server("centrifugo", "Centrifugo", _centrifugo_command, load_flags=SDK_LOAD_FLAGS,
                  health="/health")
