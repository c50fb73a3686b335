"""The walls leave room for what ordinary tools do: nothing of the libraries breaks on a refused system call."""

import pytest

from toolguild.sandbox.checks import QUICK, javascript, python
from toolguild.sandbox.interface import Call, Sandbox

pytestmark = pytest.mark.asyncio(loop_scope="module")
ROOMY = QUICK.model_copy(update={"memory_mb": 512})
MANY = QUICK.model_copy(update={"processes": 16})

PLAIN = {
    "archives": """
import gzip, io, lzma, tarfile, zipfile, zlib
def run():
    with zipfile.ZipFile("/tmp/a.zip", "w", zipfile.ZIP_DEFLATED) as z: z.writestr("x", "y" * 999)
    with tarfile.open("/tmp/a.tar.xz", "w:xz") as t: t.add("/tmp/a.zip")
    return zipfile.ZipFile("/tmp/a.zip").read("x")[:1].decode() + lzma.decompress(lzma.compress(b"z")).decode() + gzip.decompress(gzip.compress(b"g")).decode()
""",
    "databases": """
import sqlite3
def run():
    with sqlite3.connect("/tmp/a.db") as db:
        db.execute("pragma journal_mode = wal")
        db.execute("create table t (x)")
        db.executemany("insert into t values (?)", [(n,) for n in range(99)])
        return str(db.execute("select sum(x) from t").fetchone()[0])
""",
    "event loops": """
import asyncio, select, selectors, signal
async def work():
    done = await asyncio.gather(asyncio.to_thread(sum, [1, 2]), asyncio.sleep(0.01, 3))
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, print)
    return str(done)
def run():
    return asyncio.run(work())
""",
    "threads and timers": """
import concurrent.futures, signal, threading, time
def run():
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        total = sum(pool.map(len, ["a", "bb"] * 50))
    rang = []
    signal.signal(signal.SIGALRM, lambda *_: rang.append(1))
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    time.sleep(0.05)
    return f"{total} {rang}"
""",
    "files": """
import fcntl, glob, mmap, os, pathlib, shutil, tempfile
def run():
    with tempfile.NamedTemporaryFile() as f:
        f.write(b"x" * 9999); f.flush()
        fcntl.flock(f, fcntl.LOCK_EX); fcntl.lockf(f, fcntl.LOCK_UN)
        with mmap.mmap(f.fileno(), 0) as seen: seen[:1] = b"y"
        shutil.copy2(f.name, "/tmp/copy"); os.posix_fallocate(f.fileno(), 0, 20000); os.fsync(f.fileno())
    shutil.copytree("/tmp", "/output/all"); pathlib.Path("/tmp/copy").rename("/tmp/moved"); os.utime("/tmp/moved", (1, 1))
    shutil.rmtree("/output/all"); os.chmod("/tmp/moved", 0o600); os.symlink("/tmp/moved", "/tmp/link"); os.truncate("/tmp/moved", 3)
    return f"{os.readlink('/tmp/link')} {os.isatty(0)} {os.statvfs('/tmp').f_bsize} {shutil.disk_usage('/tmp').total >> 20}"
""",
    "odds and ends": """
import ctypes, curses, decimal, getpass, hashlib, hmac, locale, multiprocessing, os, platform, random, resource, secrets, socket, ssl, time, uuid, zoneinfo
def run():
    left, right = socket.socketpair(); left.send(b"x")
    locale.setlocale(locale.LC_ALL, "C.UTF-8")
    ssl.create_default_context(); os.nice(1); os.sched_setaffinity(0, os.sched_getaffinity(0));
    resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))
    return right.recv(1).decode() + hashlib.scrypt(b"a", salt=b"b", n=16, r=1, p=1).hex()[:2] + str(len(uuid.uuid4().hex + secrets.token_hex(2) + platform.platform()) > 9)
""",
}
LIBRARIES = """
import io
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
def run():
    a = np.random.default_rng(1).random((200, 200))
    solved = float(np.abs(np.linalg.inv(a) @ a - np.eye(200)).max()) < 1e-6
    np.save("/tmp/a.npy", a); same = bool((np.load("/tmp/a.npy", mmap_mode="r") == a).all()); np.linalg.svd(a); np.fft.fft(a)
    frame = pd.DataFrame({"day": pd.date_range("2024-01-01", periods=99), "k": list("abc") * 33, "x": range(99)})
    frame.to_csv("/tmp/f.csv"); again = pd.read_csv("/tmp/f.csv", parse_dates=["day"])
    top = again.groupby("k").x.sum().sort_values().index[-1]; again.merge(frame, on="day").pivot_table(index="k_x", values="x_x")
    figure, axes = plt.subplots(); axes.plot(frame.day, frame.x, label="ü"); axes.legend()
    for kind in ("png", "svg", "pdf"): figure.savefig(f"/output/plot.{kind}")
    return [solved, same, top]
"""
PROGRAMS = """
import os, subprocess
def run():
    out = subprocess.run("printf 'b\\\\na\\\\n' | sort | head -n 1; cat /etc/alternatives/awk >/dev/null 2>&1; ls -la / | wc -l >/tmp/n; cp /tmp/n /tmp/m; timeout 5 sleep 0.01; seq 3 | awk '{s += $1} END {print s}'; nproc >/dev/null; env | grep -c PATH; find /tmp -name n | xargs wc -c >/dev/null; tar cf /tmp/t.tar /tmp/n 2>/dev/null; sed -n 1p /tmp/n >/dev/null",
        shell=True, capture_output=True, text=True)
    pid = os.posix_spawn("/bin/true", ["true"], {}); os.waitpid(pid, 0)
    if os.fork() == 0: os._exit(7)
    return out.stdout.split() + [os.waitstatus_to_exitcode(os.wait()[1]), out.stderr]
"""
NODE = """
const crypto = require("crypto"), fs = require("fs"), os = require("os"), path = require("path"), util = require("util"), zlib = require("zlib");
const { Worker } = require("worker_threads"), { pipeline } = require("stream/promises"), { EventEmitter, once } = require("events");
async function run() {
  await fs.promises.mkdir("/tmp/d/e", { recursive: true });
  await fs.promises.writeFile("/tmp/d/a", "x".repeat(9999)); await fs.promises.copyFile("/tmp/d/a", "/tmp/d/b");
  await pipeline(fs.createReadStream("/tmp/d/a"), zlib.createGzip(), fs.createWriteStream("/output/a.gz"));
  const back = zlib.gunzipSync(fs.readFileSync("/output/a.gz")).length;
  const key = await util.promisify(crypto.scrypt)("a", "b", 64), hash = crypto.createHash("sha256").update("x").digest("hex").slice(0, 4);
  const worker = new Worker("require('worker_threads').parentPort.postMessage(6 * 7)", { eval: true });
  const [got] = await once(worker, "message"); await new Promise((done) => setTimeout(done, 5)); os.cpus(); os.totalmem(); await fs.promises.rm("/tmp/d", { recursive: true });
  return [back, key.length, hash, got, new Intl.NumberFormat("de").format(1234.5)];
}
"""


@pytest.mark.parametrize("name", PLAIN)
async def test_what_the_standard_library_does_works(name: str, bubblewrap: Sandbox) -> None:
    ran = await bubblewrap.run(python(PLAIN[name]))
    assert (ran.outcome, ran.printed) == ("ok", ""), ran.fault
    assert ran.value


async def test_what_the_libraries_for_data_do_works(bubblewrap: Sandbox) -> None:
    imports = ("numpy", "pandas", "matplotlib")
    ran = await bubblewrap.run(Call(python(LIBRARIES).code, imports=imports, limits=ROOMY))
    assert (ran.value, ran.printed) == ([True, True, "c"], ""), ran.fault
    assert [file.name for file in ran.files] == ["plot.pdf", "plot.png", "plot.svg"]


async def test_granted_programs_work_in_pipelines(bubblewrap: Sandbox) -> None:
    names = "awk cat cp env find grep head ls nproc sed seq sh sleep sort tar timeout true wc xargs"
    granted = tuple(names.split())
    ran = await bubblewrap.run(Call(python(PROGRAMS).code, limits=MANY, programs=granted))
    assert ran.value == ["a", "6", "1", 7, ""], (ran.fault, ran.printed)


async def test_what_node_does_works(bubblewrap: Sandbox) -> None:
    ran = await bubblewrap.run(javascript(NODE, limits=ROOMY))
    assert (ran.value, ran.printed) == ([9999, 64, "2d71", 42, "1.234,5"], ""), ran.fault
