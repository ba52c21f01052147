"""Each fault of a front-end machine or its line ends in the right class, in time, and leaves no file behind."""

from __future__ import annotations

import hashlib
import os
import random
import socket
import time
from datetime import date, datetime, timedelta
from pathlib import Path

import asyncssh
import pytest
from hostile_sftp import HOST_KEY, LOGIN_KEY, Plan, Proxy, connection_to, manifest_of, resource_of, serving

from shuyuan import sources
from shuyuan.problems import DeliveryError, NotYetDelivered, PassingError, PlatformError, ShuyuanError

DAY, NOW = date(2026, 11, 22), datetime(2026, 11, 22, 1, 0)
CONTENT = random.Random(7).randbytes(3_000_000)


@pytest.fixture
def folder(tmp_path) -> Path:
    out = tmp_path / "machine" / "out"
    out.mkdir(parents=True)
    (out / "persons.csv").write_bytes(CONTENT)
    (out / "persons.ok").touch()
    return out


@pytest.fixture
def machine(folder):
    plan = Plan()
    with serving(plan, folder.parent) as port:
        yield plan, port


READY = {"ready_when": "/out/persons.ok"}


def fetch(workdir: Path, connection, resource=None, now=NOW):
    return sources.fetch(resource or resource_of(**READY), DAY, workdir, connection, now)


def failing(workdir: Path, connection, resource=None, within: float = 8) -> ShuyuanError:
    """Fetch, expect a problem in time, and expect nothing at a final name."""
    begun = time.monotonic()
    with pytest.raises(ShuyuanError) as caught:
        fetch(workdir, connection, resource)
    assert time.monotonic() - begun < within
    assert not list(workdir.glob("raw/*.data"))
    assert str(caught.value)
    return caught.value


def kind(error: ShuyuanError) -> tuple[type, str]:
    return type(error), error.problem.code


# Whom we talk to


def test_a_changed_host_key_is_refused_and_never_retried(tmp_path, folder):
    plan = Plan()
    with serving(plan, folder.parent, asyncssh.generate_private_key("ssh-ed25519")) as port:
        error = failing(tmp_path / "w", connection_to(port))
    assert kind(error) == (PlatformError, "P102")
    assert not error.passing
    assert plan.logins == []


def test_a_host_key_of_another_kind_is_refused(tmp_path, folder):
    with serving(Plan(), folder.parent, asyncssh.generate_private_key("ecdsa-sha2-nistp256")) as port:
        assert kind(failing(tmp_path / "w", connection_to(port))) == (PlatformError, "P102")


@pytest.mark.parametrize(
    ("extra", "code"),
    [
        ({"host_key": None}, "P101"),
        ({"host_key": "  \n"}, "P101"),
        ({"host_key": "ssh-ed25519 not-base64!"}, "P109"),
        ({"no_host_key_check": True}, "P103"),
        ({"allow_host_key_change": "false"}, "P103"),
        ({"private_key": "nonsense"}, "P109"),
        ({"reply_timeout": "soon"}, "P109"),
        ({"name_encoding": "big5"}, "P109"),
    ],
)
def test_an_unsafe_connection_is_refused_before_the_line_is_opened(tmp_path, extra, code):
    assert kind(failing(tmp_path / "w", connection_to(1, **extra))) == (PlatformError, code)


def test_one_of_several_pinned_keys_is_enough(tmp_path, machine):
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    both = other + HOST_KEY.export_public_key().decode()
    assert fetch(tmp_path / "w", connection_to(machine[1], host_key=both)).evidence == "marker"


def test_a_wrong_key_is_tried_once(tmp_path, machine):
    plan, port = machine
    stranger = asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()
    error = failing(tmp_path / "w", connection_to(port, private_key=stranger))
    assert kind(error) == (PlatformError, "P104")
    assert plan.logins == ["key"]


def test_passwords_work_and_a_wrong_one_is_tried_once(tmp_path, machine):
    plan, port = machine
    told = connection_to(port, private_key=None)
    assert fetch(tmp_path / "w", type(told)(**{**vars(told), "password": "right"})).files
    error = failing(tmp_path / "v", type(told)(**{**vars(told), "password": "wrong"}))
    assert kind(error) == (PlatformError, "P104")
    assert plan.logins == ["password", "password"]


def test_a_key_file_works(tmp_path, machine):
    (tmp_path / "key").write_bytes(LOGIN_KEY.export_private_key())
    told = connection_to(machine[1], private_key=None, key_file=str(tmp_path / "key"))
    assert fetch(tmp_path / "w", told).files


# The line


def test_nobody_listening_passes(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    error = failing(tmp_path / "w", connection_to(port))
    assert kind(error) == (PassingError, "P105")
    assert error.passing


def test_a_silent_host_ends_in_time(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        told = connection_to(silent.getsockname()[1], conn_timeout=0.5, banner_timeout=0.5)
        assert kind(failing(tmp_path / "w", told, within=4)) == (PassingError, "P106")


@pytest.mark.parametrize("after", [10, 1500, 2100, 2600])
def test_a_line_cut_before_the_download_passes(tmp_path, machine, after):
    proxy = Proxy(machine[1], after)
    assert type(failing(tmp_path / "w", connection_to(proxy.port))) is PassingError
    proxy.close()


@pytest.mark.parametrize("after", [2600, 400_000])
def test_a_stalled_line_ends_in_time(tmp_path, machine, after):
    proxy = Proxy(machine[1], after, "stall")
    told = connection_to(proxy.port, conn_timeout=0.5, banner_timeout=0.5, auth_timeout=1)
    error = failing(tmp_path / "w", told, within=4)
    assert kind(error) == (PassingError, "P106")
    proxy.close()


def test_a_dripping_line_ends_in_time(tmp_path, machine):
    proxy = Proxy(machine[1], 500_000, "drip")
    assert kind(failing(tmp_path / "w", connection_to(proxy.port), within=6)) == (PassingError, "P106")
    proxy.close()


def test_a_crawling_server_is_too_slow(tmp_path, machine):
    plan, port = machine
    plan.shortest, plan.before_read = 4096, lambda offset: time.sleep(0.05)
    told = connection_to(port, min_rate=10_000_000)
    assert kind(failing(tmp_path / "w", told)) == (PassingError, "P106")


def test_the_whole_session_has_an_end(tmp_path, machine):
    plan, port = machine
    plan.before_read = lambda offset: time.sleep(0.3)
    told = connection_to(port, total_timeout=1, min_rate=1)
    assert kind(failing(tmp_path / "w", told, within=4)) == (PassingError, "P106")


def test_a_download_cut_anywhere_is_continued(tmp_path, machine):
    proxy = Proxy(machine[1])
    starts, work = [], tmp_path / "w"
    machine[0].before_read = starts.append
    for step in range(1, 6):
        proxy.after = step * len(CONTENT) // 6
        before = (work / "raw" / "0000.part").stat().st_size if step > 1 else 0
        assert kind(failing(work, connection_to(proxy.port))) == (PassingError, "P105")
        assert (work / "raw" / "0000.part").stat().st_size >= before
        if (work / "raw" / "0000.part").stat().st_size > len(CONTENT) // 2:
            break
    kept = (work / "raw" / "0000.part").stat().st_size
    assert kept > len(CONTENT) // 4
    starts.clear()
    proxy.after = None
    delivery = fetch(work, connection_to(proxy.port))
    assert min(starts) >= kept - 65536
    assert delivery.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert (work / delivery.files[0].path).read_bytes() == CONTENT
    assert [path.name for path in (work / "raw").iterdir()] == ["0000.data"]
    proxy.close()


@pytest.mark.parametrize("harm", ["part", "note", "remote", "longer"])
def test_a_doubtful_part_is_not_continued(tmp_path, machine, folder, harm):
    proxy = Proxy(machine[1], len(CONTENT) // 2)
    work = tmp_path / "w"
    failing(work, connection_to(proxy.port))
    part, stat = work / "raw" / "0000.part", (folder / "persons.csv").stat()
    expected = CONTENT
    if harm == "part":
        part.write_bytes(b"?" + part.read_bytes()[1:])
    elif harm == "note":
        part.with_name("0000.part.note").write_text("{")
    elif harm == "longer":
        part.write_bytes(part.read_bytes() + bytes(len(CONTENT)))
    else:
        expected = CONTENT[::-1]
        (folder / "persons.csv").write_bytes(expected)
        os.utime(folder / "persons.csv", ns=(stat.st_atime_ns, stat.st_mtime_ns))
    proxy.after = None
    delivery = fetch(work, connection_to(proxy.port))
    assert (work / delivery.files[0].path).read_bytes() == expected
    assert delivery.sha256 == hashlib.sha256(expected).hexdigest()
    proxy.close()


# What the machine says


EVIL = [
    "persons_低保.csv".encode("gb18030"),
    b"../persons_a.csv",
    b"../../../etc/passwd",
    b"/etc/persons_a.csv",
    b"persons_\n.csv",
    b"persons_\x1b[2J.csv",
    b"persons_\x00.csv",
    b"persons_\xe2\x80\xae.csv",
    b"persons_" + b"x" * 300 + b".csv",
    b"persons_a.csv/..",
    b"persons_$(id).csv",
    b"persons_;id.csv",
    b"-rf",
    b"=cmd|'/c calc'!A0.csv",
    b"",
]


def test_hostile_names_stop_nothing_else(tmp_path, machine, folder):
    plan, port = machine
    plan.names = EVIL
    for name in ("persons_a.csv", "persons_A.csv", "persons_低保.csv", "other.csv"):
        (folder / name).write_text(name)
    (folder / "persons_link.csv").symlink_to("/etc/passwd")
    (folder / "persons_dir.csv").mkdir()
    os.mkfifo(folder / "persons_pipe.csv")
    work = tmp_path / "w"
    delivery = fetch(work, connection_to(port), resource_of("/out/persons_*.csv", **READY))
    assert [file.name for file in delivery.files] == ["persons_A.csv", "persons_a.csv", "persons_低保.csv"]
    assert [(work / file.path).read_text() for file in delivery.files] == [file.name for file in delivery.files]
    assert sorted(path.name for path in (work / "raw").iterdir()) == ["0000.data", "0001.data", "0002.data"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["machine", "w"]


def test_a_machine_that_writes_gb18030_names_is_read(tmp_path, machine, folder):
    raw = os.fsencode(folder) + b"/" + "低保_20261122.csv".encode("gb18030")
    with open(raw, "wb") as file:
        file.write(b"1")
    told = connection_to(machine[1], name_encoding="gb18030")
    for path in ("/out/低保_{date:%Y%m%d}.csv", "/out/低保_*.csv"):
        assert fetch(tmp_path / "w", told, resource_of(path, **READY)).files[0].name == "低保_20261122.csv"


def test_a_folder_without_end_is_refused(tmp_path, machine, monkeypatch):
    monkeypatch.setattr("shuyuan.sources.sftp_session._NAMES_LIMIT", 500)
    machine[0].names = [b"x"] * 600
    error = failing(tmp_path / "w", connection_to(machine[1]), resource_of("/out/p*.csv", **READY))
    assert kind(error) == (DeliveryError, "D110")


@pytest.mark.parametrize("target", ["/etc/passwd", "persons.ok"])
def test_a_link_is_refused(tmp_path, machine, folder, target):
    (folder / "link.csv").symlink_to(target)
    assert kind(failing(tmp_path / "w", connection_to(machine[1]), resource_of("/out/link.csv", **READY))) == (
        DeliveryError,
        "D103",
    )
    marked = resource_of(ready_when="/out/link.csv")
    assert kind(failing(tmp_path / "w", connection_to(machine[1]), marked)) == (DeliveryError, "D103")


def test_an_unreadable_folder_is_ours_to_ask_for(tmp_path, machine, monkeypatch):
    plan, port = machine

    def refuse(offset):
        raise asyncssh.SFTPPermissionDenied("no")

    plan.before_read = refuse
    assert kind(failing(tmp_path / "w", connection_to(port))) == (PlatformError, "P110")


def test_a_size_beyond_the_cap_is_refused_before_a_byte_moves(tmp_path, machine):
    plan, port = machine
    reads = []
    plan.size, plan.before_read = lambda path, size: 2**62, reads.append
    assert kind(failing(tmp_path / "w", connection_to(port))) == (DeliveryError, "D106")
    assert reads == []


def test_a_size_that_the_disk_cannot_hold_is_refused(tmp_path, machine):
    machine[0].size = lambda path, size: 2**61
    error = failing(tmp_path / "w", connection_to(machine[1]), resource_of(max_bytes=2**62, **READY))
    assert kind(error) == (PlatformError, "P201")


@pytest.mark.parametrize("lie", [-1000, 1000, 1_000_000])
def test_a_lie_about_the_size_is_noticed(tmp_path, machine, lie):
    machine[0].size = lambda path, size: max(0, size + lie)
    assert kind(failing(tmp_path / "w", connection_to(machine[1]))) == (DeliveryError, "D105")


def test_a_file_without_end_is_not_followed(tmp_path, machine):
    machine[0].endless = True
    assert kind(failing(tmp_path / "w", connection_to(machine[1]))) == (DeliveryError, "D105")
    assert not (tmp_path / "w" / "raw" / "0000.part").exists()


def test_short_answers_are_completed(tmp_path, machine):
    machine[0].shortest = 10_000
    assert fetch(tmp_path / "w", connection_to(machine[1])).sha256 == hashlib.sha256(CONTENT).hexdigest()


# Changes while we read


def once(plan: Plan, change) -> None:
    """Do ``change`` while the file is read, after its first part."""
    done = []

    def before_read(offset):
        if offset >= 500_000 and not done:
            done.append(True)
            change()

    plan.before_read = before_read


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def truncate(path: Path) -> None:
    os.truncate(path, 700_000)


def overwrite(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(CONTENT[::-1])
    os.utime(path, (1, 1))


def replace(path: Path) -> None:
    fresh = path.with_name("fresh")
    fresh.write_bytes(CONTENT[::-1])
    os.utime(fresh, (1, 1))
    fresh.replace(path)


def remove(path: Path) -> None:
    path.unlink()


def turn_into_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/passwd")


@pytest.mark.parametrize("change", [grow, truncate, overwrite, replace, remove, turn_into_link])
@pytest.mark.parametrize("promised", [True, False])
def test_a_change_while_we_read_is_noticed(tmp_path, machine, folder, change, promised):
    """A delivery called ready is wrong; one that nobody called ready is still arriving."""
    plan, port = machine
    told = connection_to(port)
    once(plan, lambda: change(folder / "persons.csv"))
    if promised:
        assert kind(failing(tmp_path / "w", told)) == (DeliveryError, "D105")
        return
    resource = resource_of()
    with pytest.raises(NotYetDelivered):
        fetch(tmp_path / "w", told, resource)
    with pytest.raises(NotYetDelivered) as caught:
        fetch(tmp_path / "w", told, resource, NOW + timedelta(seconds=61))
    assert caught.value.problem.code == "D102"
    assert not list(tmp_path.glob("w/raw/*.data"))
    if folder.joinpath("persons.csv").is_symlink() or not folder.joinpath("persons.csv").exists():
        return
    with pytest.raises(NotYetDelivered):
        fetch(tmp_path / "w", told, resource, NOW + timedelta(seconds=62))
    delivery = fetch(tmp_path / "w", told, resource, NOW + timedelta(seconds=200))
    assert delivery.sha256 == hashlib.sha256((folder / "persons.csv").read_bytes()).hexdigest()


def test_a_silent_rewrite_is_caught_by_the_manifest(tmp_path, machine, folder):
    """Same size, same second: only the declared hash can tell."""
    plan, port = machine
    (folder / "persons.json").write_text(manifest_of(("persons.csv", CONTENT)))
    stat = (folder / "persons.csv").stat()

    def rewrite():
        (folder / "persons.csv").write_bytes(CONTENT[::-1])
        os.utime(folder / "persons.csv", ns=(stat.st_atime_ns, stat.st_mtime_ns))

    once(plan, rewrite)
    error = failing(tmp_path / "w", connection_to(port), resource_of(manifest="/out/persons.json"))
    assert kind(error) == (DeliveryError, "D104")
    assert not (tmp_path / "w" / "raw" / "0000.part").exists()


def test_a_full_disk_keeps_what_has_arrived(tmp_path, machine, monkeypatch):
    import errno

    real, written = os.write, []

    def write(descriptor, data):
        if len(data) > 10_000:
            written.append(len(data))
            if len(written) == 4:
                raise OSError(errno.ENOSPC, "full")
        return real(descriptor, data)

    monkeypatch.setattr("shuyuan.sources.transfer.os.write", write)
    error = failing(tmp_path / "w", connection_to(machine[1]))
    assert kind(error) == (PlatformError, "P201")
    monkeypatch.undo()
    assert fetch(tmp_path / "w", connection_to(machine[1])).sha256 == hashlib.sha256(CONTENT).hexdigest()
