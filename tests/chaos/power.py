"""A loss of power, after the fact: what a process wrote and never synced is taken back.

The disk shim remembers what each write overwrote, and each sync (disk_shim/disk_shim.c). What is taken
back is the content and the length of files; a file that was made, renamed or removed stays so.
"""

import os
import pathlib
import struct

# kind, device, inode, offset, size of the file before, bytes of old content that follow.
RECORD = struct.Struct("=c7xQQQQQ")


def records(data):
    """(kind, file, offset, old size, old content) of each whole record, in order."""
    at = 0
    while at + RECORD.size <= len(data):
        kind, device, inode, offset, size, length = RECORD.unpack_from(data, at)
        at += RECORD.size
        if at + length > len(data):
            return  # the process died while it wrote this one
        yield kind, (device, inode), offset, size, data[at:at + length]
        at += length


def unsynced(data):
    """The writes that no sync covers, the last first: (file, offset, old size, old content)."""
    safe = {}  # file -> the number of the first record that no sync of it covers
    kept = list(records(data))
    for kind, file, offset, _, _ in kept:
        if kind == b"s":
            safe[file] = max(safe.get(file, 0), offset)
    return [(file, offset, size, old)
            for number, (kind, file, offset, size, old) in reversed(list(enumerate(kept)))
            if kind == b"w" and number >= safe.get(file, 0)]


def take_back(folder, undo):
    """Returns how many writes were taken back. The undo file is gone then."""
    undo = pathlib.Path(undo)
    if not undo.exists():
        return 0
    writes = unsynced(undo.read_bytes())
    paths = {}
    for path in pathlib.Path(folder).rglob("*"):
        if path.is_file():
            status = path.stat()
            paths[status.st_dev, status.st_ino] = path
    count = 0
    for file, offset, size, old in writes:
        if file not in paths:
            continue  # it was removed
        with open(paths[file], "r+b") as changed:
            changed.truncate(max(size, offset + len(old)))
            os.pwrite(changed.fileno(), old, offset)
            changed.truncate(size)
        count += 1
    undo.unlink()
    return count
