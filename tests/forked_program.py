"""The command line as a program that scripts call often: one process imports it, and forks for each call.

A call has arguments, working folder, environment, standard streams and exit code of its own, as a program has; it costs a
fifth of one that imports everything anew. `python tests/forked_program.py SOCKET` is that process.
"""

from __future__ import annotations

import marshal
import os
import socket
import subprocess
import sys
import traceback
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
# What `socket` and `os` are made of: importing those two takes as long as all else that a call does.
CALL = f"""#!{sys.executable} -IS
import _socket, marshal, posix, sys
server = _socket.socket(_socket.AF_UNIX)
server.connect({{socket!r}})
call = marshal.dumps((posix.getcwd(), posix.environ, sys.argv[1:]))
streams = b"".join(stream.to_bytes(4, sys.byteorder) for stream in (0, 1, 2))
server.sendmsg([len(call).to_bytes(4, "big")], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams)])
server.sendall(call)
posix._exit(int(server.recv(9)))
"""


@contextmanager
def forked_program(folder: Path, *modules: str) -> Iterator[Path]:
    """Put the program `port-compliance` into the folder; it works inside `with`. The modules are imported beforehand."""
    listens = folder / "socket"
    program = folder / "port-compliance"
    program.write_text(CALL.format(socket=str(listens)), encoding="utf-8")
    program.chmod(0o755)
    environment = {"PATH": os.environ["PATH"]}
    command = [sys.executable, __file__, str(listens), *modules]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == b"listens\n"
        yield program
        server.terminate()


def _serve(path: str, modules: list[str]) -> None:
    sys.path[0] = str(ROOT)
    for module in ("handler.cli", *modules):
        import_module(module)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen()
        print("listens", flush=True)
        while True:
            _answer(*listening.accept())


def _answer(caller: socket.socket, _: object) -> None:
    with caller:
        size, streams, *_ = socket.recv_fds(caller, 4, 3)
        call = caller.makefile("rb").read(int.from_bytes(size, "big"))
        child = os.fork()
        if child == 0:
            _run(*marshal.loads(call), streams)
        for stream in streams:
            os.close(stream)
        caller.sendall(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])).encode())


def _run(folder: str, environment: dict[bytes, bytes], arguments: list[str], streams: list[int]) -> None:
    """In the child: never returns."""
    code = 1
    try:
        os.chdir(folder)
        os.environb.clear()
        os.environb.update(environment)
        for place, stream in enumerate(streams):
            os.dup2(stream, place)
        sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115 - until the end
        code = int(import_module("handler.cli").main(arguments))
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:  # noqa: BLE001 - as where a program ends in one
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve(sys.argv[1], sys.argv[2:])
