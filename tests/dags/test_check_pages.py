"""The page 核查 in a real Airflow: who gets in, what an upload becomes, who reads the answer, what nobody ever finds.

Three clerks of two departments, an auditor and a stranger; the people asked about are of a region that no one is of.
"""

import hashlib
import hmac
import io
import json
import re
import sqlite3
import time
from datetime import UTC, datetime
from http.client import HTTPConnection
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
from python_calamine import CalamineWorkbook

from asked_checks import CHECK, a_row, make_asked, write_form
from checked_county import REGISTER, number, publish_all
from shuyuan.language import say
from shuyuan.orchestration.check_pages import MEGABYTES, PREFIX
from shuyuan.orchestration.identity import check_dag_id
from shuyuan.orchestration.local import CATALOG_ONLY, LocalAirflow
from shuyuan.warehouses import open_warehouse

USERS = {
    "wang": ("civil_affairs", "operator"),
    "looker": ("civil_affairs", "operator"),
    "auditor": ("civil_affairs", "auditor"),
    "zhao": ("traffic_police", "operator"),
}
AIRFLOW = "admin:admin,wang:user,looker:viewer,auditor:user,zhao:user,stranger:admin"
NAME = "欧阳娜仁托娅"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture(scope="module")
def center(tmp_path_factory):
    """A county with one check that civil affairs may ask, its people published, and an Airflow that runs it."""
    with pytest.MonkeyPatch.context() as patch:
        root = tmp_path_factory.mktemp("checks")
        county = make_asked(root / "center", patch)
        county.now = datetime.now(UTC)
        publish_all(county, {REGISTER: [(number(1), NAME, "H1", "02"), (number(2), "李四", "H1", "12")]})
        project = county.project
        users = {login: {"department": folder, "role": role} for login, (folder, role) in USERS.items()}
        project.check_users.write_text(json.dumps({"kind": "CheckUsers", "users": users}), encoding="utf-8")
        tuned = {"SHUYUAN_VAR": str(project.var), "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": AIRFLOW}
        with LocalAirflow(project, CATALOG_ONLY, tuned) as airflow:
            wait_for(lambda: check_dag_id(CHECK) in airflow.client.dag_ids(), 60)
            yield SimpleNamespace(project=project, airflow=airflow, client=airflow.client, root=root)


def wait_for(done, seconds=90):
    limit = time.monotonic() + seconds
    while not (found := done()):
        assert time.monotonic() < limit, "it took too long"
        time.sleep(0.3)
    return found


def send(center, method, path, login=None, body=None, **headers):
    """One request to the page: status, headers, bytes."""
    if login:
        headers["Cookie"] = f"_token={token_of(center, login)}"
    line = HTTPConnection("127.0.0.1", center.airflow.ports.people, timeout=60)
    line.request(method, f"{PREFIX}{path}", body, headers)
    answer = line.getresponse()
    return answer.status, answer.headers, answer.read()


def token_of(center, login):
    password = json.loads((center.airflow.home / "logins.json").read_text())[login]
    line = HTTPConnection("127.0.0.1", center.airflow.ports.people, timeout=30)
    body = json.dumps({"username": login, "password": password})
    line.request("POST", "/auth/token", body, {"Content-Type": "application/json"})
    return json.loads(line.getresponse().read())["access_token"]


def get(center, path, login=None, **headers):
    status, told, content = send(center, "GET", path, login, **headers)
    return status, told, content.decode("utf-8", "replace")


def seal_of(center, login, path=f"/checks/{CHECK}"):
    return re.search(r'name="seal" value="([0-9a-f]{64})"', get(center, path, login)[2])[1]


def true_seal(center, login):
    """A seal as the site would make it for a login that no form is shown to."""
    secret = json.loads((center.airflow.home / "secrets.json").read_text())["api_secret_key"]
    shift = int(time.time() // (4 * 3600))
    return hmac.new(secret.encode(), f"shuyuan-checks {shift} {login}".encode(), hashlib.sha256).hexdigest()


def press(center, path, login, seal, **headers):
    form = {"Content-Type": "application/x-www-form-urlencoded"} | headers
    return send(center, "POST", path, login, urlencode({"seal": seal}), **form)


def upload(center, login, rows, seal=None, check=CHECK, purpose="2026 年度复核", **headers):
    content = write_form(center.root / "form.xlsx", rows).read_bytes()
    mark = "----shuyuan"
    parts = [("seal", seal or seal_of(center, "wang")), ("purpose", purpose)]
    body = b"".join(
        f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'.encode() for name, text in parts
    )
    told = f'Content-Disposition: form-data; name="file"; filename="{NAME}.xlsx"\r\nContent-Type: {XLSX}'
    body += f"--{mark}\r\n{told}\r\n\r\n".encode() + content + f"\r\n--{mark}--\r\n".encode()
    form = {"Content-Type": f"multipart/form-data; boundary={mark}"} | headers
    return send(center, "POST", f"/checks/{check}", login, body, **form)


def rows():
    return [a_row(1, **{"姓名": NAME}), a_row(2, **{"姓名": "李四"})]


def query(center, sql):
    with open_warehouse(center.project).session() as session:
        return session.query(sql, [])


@pytest.fixture(scope="module")
def asked(center):
    """A request that went in by the form and was answered by the scheduler: its number."""
    status, headers, told = upload(center, "wang", rows())
    assert status == 303, told.decode()
    request_id = headers["Location"].removeprefix(f"{PREFIX}/requests/")
    assert re.fullmatch("[a-z2-7]{26}", request_id)
    wait_for(lambda: say("check_pages.download") in get(center, f"/requests/{request_id}", "wang")[2])
    return request_id


@pytest.mark.parametrize("path", ["/", f"/checks/{CHECK}", f"/checks/{CHECK}/form.xlsx", "/requests/" + "a" * 26])
def test_nobody_gets_in_without_a_login_or_unlisted(center, path):
    assert get(center, path)[0] == 401
    status, headers, _ = get(center, path, Accept="text/html")
    assert (status, headers["Location"]) == (303, f"/auth/login?next={PREFIX}{path}")
    for stranger in ("stranger", "admin"):
        status, _, told = get(center, path, stranger)
        assert (status, told.strip()) == (403, say("check_pages.403"))
        assert "家庭核查" not in told


def test_the_desk_shows_what_a_role_may_do(center, asked):
    mine, theirs, seen = (get(center, "/", login)[2] for login in ("wang", "zhao", "auditor"))
    assert f"/checks/{CHECK}" in mine
    assert asked in mine
    assert f"/checks/{CHECK}" not in theirs + seen
    assert asked not in theirs
    assert asked in seen
    assert say("check_pages.checks_none") in theirs


def test_pages_have_no_script_and_may_stand_in_no_frame(center):
    status, headers, told = get(center, f"/checks/{CHECK}", "wang")
    assert status == 200
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert (headers["Cache-Control"], headers["X-Content-Type-Options"]) == ("no-store", "nosniff")
    assert "<script" not in told


def test_the_empty_form_can_be_fetched(center):
    status, headers, content = send(center, "GET", f"/checks/{CHECK}/form.xlsx", "wang")
    assert (status, headers["Content-Type"]) == (200, XLSX)
    titles = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()[0]
    assert any("身份号码" in str(title) for title in titles)


def test_what_is_not_yours_reads_like_what_is_not_there(center, asked):
    nothing = [
        get(center, "/requests/" + "a" * 26, "wang"),
        get(center, "/requests/x'%20or%201=1", "wang"),
        get(center, f"/requests/{asked}", "zhao"),
        get(center, "/checks/nothing", "wang"),
        get(center, f"/checks/{CHECK}", "zhao"),
        get(center, f"/checks/{CHECK}", "looker"),
        get(center, f"/checks/{CHECK}", "auditor"),
        get(center, "/elsewhere", "wang"),
    ]
    for login in ("zhao", "looker", "auditor"):
        seal = true_seal(center, login)
        for path in (f"/requests/{asked}/report", f"/requests/{asked}/start"):
            status, headers, content = press(center, path, login, seal)
            nothing.append((status, headers, content.decode()))
        status, headers, content = upload(center, login, rows(), seal)
        nothing.append((status, headers, content.decode()))
    assert {(status, text.strip()) for status, _, text in nothing} == {(404, say("check_pages.404"))}


def test_faults_are_listed_and_nothing_is_kept(center):
    before = query(center, "SELECT count(*) AS n FROM ledger.check_requests")
    status, _, told = upload(center, "wang", [a_row(1, **{"姓名": None}), a_row(2, **{"身份号码": "1599011"})])
    text = told.decode()
    assert status == 422
    assert text.count("<td>D7") >= 2
    assert "1599011" not in text
    assert query(center, "SELECT count(*) AS n FROM ledger.check_requests") == before
    assert list((center.project.var / "desk").iterdir()) == []


def test_a_form_from_elsewhere_is_refused(center):
    seal = seal_of(center, "wang")
    assert seal == true_seal(center, "wang")
    for refused in (
        upload(center, "wang", rows(), "0" * 64),
        upload(center, "looker", rows(), seal),
        upload(center, "wang", rows(), seal, **{"Sec-Fetch-Site": "cross-site"}),
        upload(center, "wang", rows(), seal, **{"Sec-Fetch-Site": "same-site"}),
    ):
        assert refused[0] == 409
        assert "P448" in refused[2].decode()
    assert upload(center, None, rows(), seal)[0] == 401
    assert upload(center, "stranger", rows(), seal)[0] == 403


def test_a_body_too_large_is_not_read(center):
    line = HTTPConnection("127.0.0.1", center.airflow.ports.people, timeout=30)
    line.putrequest("POST", f"{PREFIX}/checks/{CHECK}")
    line.putheader("Cookie", f"_token={token_of(center, 'wang')}")
    line.putheader("Content-Length", str((MEGABYTES + 1) * 1024**2))
    line.endheaders()
    assert line.getresponse().status == 413


def test_the_answer_is_read_by_its_department_and_the_audit_knows(center, asked):
    def reads():
        return query(center, "SELECT actor, decision FROM ledger.audit WHERE decision = 'read' ORDER BY seq")

    path = f"/requests/{asked}/report"
    assert reads() == []
    assert get(center, path, "wang")[0] == 404, "fetching is pressed, never looked at"
    status, headers, content = press(center, path, "wang", seal_of(center, "wang"))
    assert status == 200
    assert headers["Content-Disposition"].startswith("attachment")
    page = content.decode()
    assert "核查结果报告" in page
    assert NAME not in page
    assert number(1) not in page
    assert reads() == [{"actor": "wang", "decision": "read"}]
    assert list((center.project.var / "desk").iterdir()) == []


def test_no_value_of_a_request_is_in_an_address_a_log_or_airflows_database(center, asked):
    values = (NAME, number(1), number(2), "SQ2026-001", "2026 年度复核")
    places = [path for path in center.project.var.rglob("*") if path.is_file() and not is_a_store(center, path)]
    assert any("logs" in path.parts for path in places)
    assert [(path.name, value) for path in places for value in values if value.encode() in path.read_bytes()] == []
    with sqlite3.connect(f"file:{center.airflow.home / 'airflow.db'}?mode=ro", uri=True) as database:
        dump = "\n".join(database.iterdump())
    assert asked in dump, "the run was given the number, so the search sees what runs are given"
    assert [value for value in (*values, json.dumps(NAME).strip('"')) if value in dump] == []


def is_a_store(center, path):
    """Where the county's people are by right: what was delivered, the warehouse, the copies that consumers read."""
    var = center.project.var
    return any(path.is_relative_to(place) for place in (var / "lots", center.project.shared, var / "warehouse"))
