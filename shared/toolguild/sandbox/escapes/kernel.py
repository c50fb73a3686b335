"""Kernel interfaces that no tool needs: the filter answers before the kernel looks."""

from toolguild.sandbox.checks import Check, ends_as
from toolguild.sandbox.escapes.attack import Case, attack, family, filtered, forking, refused

_MORE = """
def run():
    table = dict(io_uring_setup=425, io_uring_enter=426, io_uring_register=427, bpf=321, userfaultfd=323, keyctl=250, add_key=248, request_key=249, perf_event_open=298,
        personality=135, modify_ldt=154, memfd_create=319, memfd_secret=447, execveat=322, seccomp=317, landlock_create=444, landlock_add=445, landlock_restrict=446,
        open_by_handle_at=304, name_to_handle_at=303, fanotify_init=300, fanotify_mark=301, inotify_init1=294, quotactl=179, quotactl_fd=443, swapon=167, swapoff=168,
        kexec_load=246, kexec_file_load=320, init_module=175, finit_module=313, delete_module=176, acct=163, syslog=103, reboot=169, iopl=172, ioperm=173,
        vmsplice=278, splice=275, tee=276, mbind=237, set_mempolicy=238, get_mempolicy=239, migrate_pages=256, move_pages=279, remap_file_pages=216, io_setup=206,
        lookup_dcookie=212, vhangup=153, nfsservctl=180, uselib=134, ustat=136, sysfs=139, _sysctl=156, create_module=174, mincore=27, process_mrelease=448,
        set_mempolicy_home_node=450, cachestat=451, map_shadow_stack=453, futex_wake=454, statmount=457, listmount=458, lsm_get_self_attr=459, lsm_set_self_attr=460,
        mseal=462, pkey_mprotect=329, pkey_alloc=330, epoll_ctl_old=214, restart_syscall=219, mq_notify=244, msgctl=71, shmctl=31, unknown=999)
    return {name: syscall(number, 0, 0, 0, 0, 0, 0) for name, number in table.items()}
"""


def checks() -> list[Check]:
    """Return every attack of this kind."""
    return family("kernel interfaces", _cases())


def _cases() -> list[Case]:
    return [
        ("kernel interfaces that need no privilege", ("filter",), attack(_MORE), filtered),
        ("kernel interfaces, from a program's process", ("filter",), forking(_MORE), filtered),
        ("the x32 calling convention", ("filter",), attack("def run():\n    return syscall(0x40000000 | 39)"), ends_as("exited")),
        ("the 32-bit calling convention", ("filter",), attack("""
import mmap
def run():
    page = mmap.mmap(-1, 4096, prot=7)
    page.write(b"\\xb8\\x14\\x00\\x00\\x00\\xcd\\x80\\xc3")  # getpid by int 0x80
    return ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
"""), ends_as("exited")),
        ("typing into a terminal", ("filter",), attack("""
import fcntl
def run():
    tries = {name: syscall(16, 0, number, b"x") for name, number in (("TIOCSTI", 0x5412), ("TIOCLINUX", 0x541C), ("TIOCSCTTY", 0x540E), ("TIOCSTI with high bits", 0x5412 | 7 << 32))}
    tries |= {name: syscall(16, 1, number, 0) for name, number in (("FICLONE", 0x40049409), ("FIONOTIFY", 0x5480), ("BLKROSET", 0x125D), ("SIOCGIFCONF", 0x8912), ("FS_IOC_SETFLAGS", 0x40086602))}
    return tries
"""), filtered),
        ("a terminal of its own", ("filter",), attack("def run():\n    return {'openpty': attempt(os.openpty), 'tty': attempt(lambda: os.open('/dev/tty', 2))}"), refused),
        ("commands on descriptors", ("filter",), attack("""
def run():
    table = dict(SETLEASE=1024, NOTIFY=1026, SETPIPE_SZ=1031, ADD_SEALS=1033, SETOWN=8, SETSIG=10, SETOWN_EX=15, SET_RW_HINT=1036)
    return {name: syscall(72, 1, number, 1 << 20) for name, number in table.items()}
"""), filtered),
        ("restartable sequences with a false signature", ("own process",), attack("""
def run():
    area = ctypes.create_string_buffer(64)
    return [syscall(334, area, 32, 0, 0xDEAD), syscall(334, area, 32, 1, 0xDEAD), syscall(334, 1, 32, 0, 0)] != None
"""), ends_as("ok", "exited")),
        ("system calls from an odd place", ("filter",), attack("""
import mmap, threading
def run():
    page = mmap.mmap(-1, 4096, prot=7)
    page.write(b"\\x48\\x31\\xff\\xb8\\x3f\\x01\\x00\\x00\\x0f\\x05\\xc3")  # memfd_create(0, ...) without libc
    call = ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
    got = []
    thread = threading.Thread(target=lambda: got.append(call())); thread.start(); thread.join()
    return {"main": errno.errorcode[-call()], "thread": errno.errorcode[-got[0]]}
"""), filtered),
    ]  # fmt: skip
