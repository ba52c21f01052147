"""The compose file and the local stack agree, and the compose file is hardened, pinned and without a secret."""

import re
import stat
from importlib import import_module

import pytest
import yaml

from shuyuan.orchestration.local_settings import PRELOADED
from shuyuan.orchestration.stack import servers
from shuyuan.orchestration.stack.compose import ROOT, Places, airflow_services, read_compose, read_environment
from shuyuan.orchestration.stack.local import SERVERS, SHARED, LocalStack
from shuyuan.orchestration.stack.secret_files import ADDRESSES, OWNER, SecretFiles
from shuyuan.warehouses.server import SCHEMAS

COMPOSE = read_compose()
SERVICES = COMPOSE["services"]
AIRFLOW = {service.name: service for service in airflow_services()}
LASTING = [name for name, told in SERVICES.items() if told.get("restart") != "no"]
CONTROL = ("api-server", "scheduler", "dag-processor", "triggerer")
WORKERS = ("worker-1", "worker-2")


@pytest.fixture
def stack(tmp_path):
    names = ("postgres", "mariadb", "redis", "storage", "frontend", "gateway", "api-server", "scheduler-health")
    return LocalStack(tmp_path, ports={name: 20_000 + at for at, name in enumerate(names)})


def test_the_local_stack_starts_every_service_of_the_compose_file():
    assert set(SERVICES) == {*AIRFLOW, *SERVERS, "volumes"}  # volumes only gives folders to their owner
    assert set(ADDRESSES) <= set(SERVICES)


def test_airflow_is_what_the_product_needs():
    assert {name for name, one in AIRFLOW.items() if not one.once} == {*CONTROL, *WORKERS}
    assert [one.name for one in AIRFLOW.values() if one.once] == ["bucket", "migrate"]
    for name in (*CONTROL, *WORKERS):
        assert AIRFLOW[name].environment["AIRFLOW__CORE__EXECUTOR"] == "CeleryExecutor"
        assert AIRFLOW[name].environment["TZ"] == "UTC"


def test_a_local_service_has_exactly_the_compose_files_settings(stack):
    for service in AIRFLOW.values():
        local = stack.environment_of(service)
        inherited = {"PATH", "LANG", "TZ"}
        assert set(local) == set(service.environment) | set(stack.tuned()) | inherited
        for value in local.values():
            assert not re.search(r"/run/|/srv/|0\.0\.0\.0|//(api-server|storage)", value.replace("/run/airflow", "")), (
                value
            )


def test_what_is_tuned_locally_is_no_more_than_places_and_pace(stack):
    assert set(stack.tuned()) == {
        "AIRFLOW__API__HOST",
        "AIRFLOW__API__PORT",
        "AIRFLOW__API__WORKERS",
        "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_HOST",
        "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT",
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME",
    }


def test_workers_have_homes_and_working_folders_of_their_own(stack):
    one, other = (stack.environment_of(AIRFLOW[name]) for name in WORKERS)
    for key in ("HOME", "AIRFLOW_HOME", "SHUYUAN_VAR"):
        assert one[key] != other[key]
    mounted = [{mount["source"]: mount["target"] for mount in SERVICES[name]["volumes"][2:]} for name in WORKERS]
    shared = {room: f"/srv/var/{room}" for room in SHARED}
    assert mounted == [{"logs": "/srv/logs", f"work-{at}": "/srv/var", **shared} for at in (1, 2)]
    assert [told["SHUYUAN_STAGING"].partition(":")[0] for told in (one, other)] == ["s3", "s3"]


def test_workers_import_the_preload_list_once_a_process():
    module, _, name = AIRFLOW["worker-1"].environment["AIRFLOW__CELERY__CELERY_CONFIG_OPTIONS"].rpartition(".")
    assert "broker_url" in getattr(import_module(module), name)
    assert import_module(module).PRELOADED is PRELOADED


def test_a_service_gets_just_the_secrets_that_its_settings_name():
    for service in AIRFLOW.values():
        named = set(re.findall(r"/run/secrets/([a-z_.]+)", " ".join(service.environment.values())))
        assert named == service.secrets, service.name
    assert not {"metadata_url", "fernet_key", "jwt_secret"} & AIRFLOW["worker-1"].secrets
    assert not [name for name in CONTROL if AIRFLOW[name].secrets & {"warehouse_url", "connections.json"}]


def test_airflow_really_reads_those_settings_from_a_command():
    """Only what Airflow marks as sensitive has a ``_CMD`` form; any other would be passed over in silence."""
    from airflow.configuration import conf

    known = {f"AIRFLOW__{section.upper()}__{key.upper()}_CMD" for section, key in conf.sensitive_config_values}
    used = {name for one in AIRFLOW.values() for name in one.environment if name.endswith("_CMD")}
    assert used
    assert used <= known


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_hardened(name):
    told = SERVICES[name]
    assert told["read_only"] is True
    assert told["cap_drop"] == ["ALL"]
    assert told["security_opt"] == ["no-new-privileges:true"]
    assert told["pids_limit"] == 512
    assert "mem_limit" in told
    if name == "volumes":
        assert (told["user"], told["cap_add"], told["network_mode"]) == ("0:0", ["CHOWN"], "none")
    else:
        assert told["user"] == f"{OWNER}:0"
        assert "cap_add" not in told
    assert not {"privileged", "pid", "ipc"} & set(told)


@pytest.mark.parametrize("name", SERVICES)
def test_every_image_is_pinned(name):
    assert re.fullmatch(r"[a-z/-]+:[A-Za-z0-9.-]*[0-9][A-Za-z0-9.-]*", SERVICES[name]["image"])
    assert all(
        re.search(r":\d+\.\d+\.\d+-", line)
        for line in (ROOT / "Dockerfile").read_text().splitlines()
        if line.startswith("FROM")
    )


@pytest.mark.parametrize("name", LASTING)
def test_every_lasting_service_says_whether_it_is_well(name):
    assert SERVICES[name]["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")


def test_only_the_gateway_is_reachable_from_outside():
    assert [name for name, told in SERVICES.items() if told.get("ports")] == ["gateway"]
    assert COMPOSE["networks"]["control"] == COMPOSE["networks"]["data"] == {"internal": True}


def test_no_password_stands_anywhere():
    """No setting whose name says that it is a secret has a value, and no address holds one."""
    files = [path for path in (ROOT / "deploy").rglob("*") if path.is_file() and "secrets" not in path.parts]
    files += [ROOT / "docker-compose.yml", ROOT / "Dockerfile"]
    for path in files:
        for line in path.read_text(encoding="utf-8").splitlines():
            assert not re.search(r"://[^/ ]*:[^/ ]*@", line), f"{path.name}: {line}"
            found = re.match(r"\s*-?\s*([A-Z_]*(?:PASSWORD|SECRET|_KEY|TOKEN)[A-Z_]*)\s*[:=]\s*(\S.*)", line)
            if found and path.suffix in (".env", ".yml"):
                fine = "/run/secrets/" in found[2] or "deploy/secrets/" in found[2] or found[1].endswith("S_BACKEND")
                assert fine or found[1].endswith("PASSWORDS_FILE"), f"{path.name}: {line}"


def test_secrets_are_made_once_private_and_complete(tmp_path):
    made = SecretFiles(tmp_path / "secrets").make()
    declared = {told["file"].rpartition("/")[2] for told in COMPOSE["secrets"].values()}
    unmounted = {"redis_password", "frontend_login_key"}  # what others are made from
    assert set(made) == declared | unmounted
    assert {name for told in SERVICES.values() for name in told.get("secrets", [])} == set(COMPOSE["secrets"])
    before = {path.name: path.read_bytes() for path in (tmp_path / "secrets").iterdir()}
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "secrets").iterdir()} == {0o600}
    (tmp_path / "secrets" / "tls_certificate").unlink()
    assert SecretFiles(tmp_path / "secrets").make() == ["tls_certificate"]
    after = {path.name: path.read_bytes() for path in (tmp_path / "secrets").iterdir()}
    assert {name: text for name, text in after.items() if text != before[name]}.keys() == {"tls_certificate"}
    other = SecretFiles(tmp_path / "other")
    other.make()
    same = {name for name in made if (tmp_path / "other" / name).read_bytes() == before[name]}
    assert not same


def test_the_pipelines_account_may_work_in_the_warehouses_databases_and_nowhere_else():
    grants = (ROOT / "deploy/mariadb/grants.sql").read_text(encoding="utf-8")
    assert set(re.findall(r"ON ([^ ]+) TO 'loader'@'%'", grants)) == {f"{name}.*" for name in ("shuyuan", *SCHEMAS)}
    assert "GRANT OPTION" not in grants


def test_places_put_longer_texts_first():
    places = Places({"/srv": "/a", "/srv/var": "/b"})
    assert places.translate("/srv/var/x /srv/x", {"/srv/var/x": "/c"}) == "/c /a/x"


def test_an_environment_file_is_read_as_compose_reads_it(tmp_path):
    (tmp_path / "a").write_text('# A=0\nA=1\nB={"x": "y=z"}\n\n', encoding="utf-8")
    (tmp_path / "b").write_text("A=2\n", encoding="utf-8")
    assert read_environment([tmp_path / "a", tmp_path / "b"]) == {"A": "2", "B": '{"x": "y=z"}'}


def test_missing_packages_are_named(monkeypatch):
    monkeypatch.setattr(servers, "_SYSTEM", "")
    monkeypatch.setattr(servers.shutil, "which", lambda name, path=None: None)
    assert {"redis-server", "nginx", "openssh-server"} <= set(servers.missing_packages())


def test_the_compose_files_yaml_has_no_key_twice():
    """Of two keys of one name the later would hold in silence."""

    class Strict(yaml.SafeLoader):
        pass

    def build(loader, node):
        keys = [key.value for key, _ in node.value if key.value != "<<"]
        assert len(keys) == len(set(keys)), keys
        loader.flatten_mapping(node)
        return dict(loader.construct_pairs(node))

    Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, build)
    yaml.load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"), Strict)
