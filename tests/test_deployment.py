"""Container, compose, systemd and Kubernetes files: what they promise about safety, and that they fit the code.

None of the programs that read these files is needed: what breaks here is a name or a number that has drifted.
"""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from sems_exporter.cli import healthcheck
from sems_exporter.config.options import FILE_VARIABLE, PASSWORD_VARIABLE, SETTINGS
from sems_exporter.model.limits import TEXT_LENGTH

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
UNIT = (DEPLOY / "systemd" / "sems_exporter.service").read_text("utf-8")
GUIDE = (ROOT / "docs" / "deployment.md").read_text("utf-8")
MANIFESTS = [
    *sorted(path for path in KUBERNETES.rglob("*.yml") if path.name != "accounts.yml"),
    KUBERNETES / "secret.yml.example",
]
USER = 65532
PORT = 10736
SCRAPE_LIMITS = ("sample_limit", "label_value_length_limit", "body_size_limit")
STATE = "/var/lib/sems_exporter"
UNITS = {"m": 2**20, "g": 2**30}

Document = dict[str, Any]


def read(path: Path) -> Document:
    document: Document = yaml.safe_load(path.read_text("utf-8"))
    return document


COMPOSE = read(ROOT / "docker-compose.yml")
WITH_ACCOUNT = read(DEPLOY / "compose" / "account.yml")
SERVICES: dict[str, Document] = COMPOSE["services"]
STAYING = {name: service for name, service in SERVICES.items() if name != "reload"}
"""Those that run on; `reload` ends at once."""
PHONE = read(DEPLOY / "compose" / "phone.yml")
ADMINISTRATOR = read(DEPLOY / "compose" / "administrator.yml")
DEPLOYMENT = read(KUBERNETES / "base" / "deployment.yml")
POD: Document = DEPLOYMENT["spec"]["template"]["spec"]
(CONTAINER,) = POD["containers"]
BOARDS = sorted((ROOT / "grafana" / "dashboards").glob("*.json"), key=lambda path: path.stem)


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions with their words, continued lines as one."""
    lines = [line for line in DOCKERFILE.splitlines() if not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in joined.splitlines() if line)]


def last_stage() -> dict[str, str]:
    """The instructions that make the image which is run; of several of a kind the last."""
    found = instructions()
    start = max(place for place, (word, _) in enumerate(found) if word == "FROM")
    return dict(found[start:])


def unit(key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", UNIT, re.MULTILINE)


def mounts(kind: str) -> Iterator[tuple[str, str, str]]:
    """Service, source and target of each mount; kind is "file" for a path of the checkout, "volume" for a named one."""
    for name, service in SERVICES.items():
        for mount in service.get("volumes", ()):
            source, target = mount.split(":")[:2]
            if source.startswith(".") == (kind == "file"):
                yield name, source, target


def strings(document: object) -> Iterator[str]:
    if isinstance(document, dict):
        for key, value in document.items():
            yield from strings(key)
            yield from strings(value)
    elif isinstance(document, list):
        for value in document:
            yield from strings(value)
    else:
        yield str(document)


# --- image ------------------------------------------------------------------------------------------------------------


def test_the_image_does_not_run_as_root() -> None:
    assert last_stage()["USER"] == f"{USER}:{USER}"


def test_the_entrypoint_is_a_program_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

    assert json.loads(last_stage()["ENTRYPOINT"]) == [project["name"]]
    assert project["name"] in project["scripts"]
    assert f'title="{project["name"]}"' in last_stage()["LABEL"]
    assert f'licenses="{project["license"]}"' in last_stage()["LABEL"]
    assert project["description"] in last_stage()["LABEL"]


def test_nothing_is_installed_without_hash_but_the_package_itself() -> None:
    installs = re.findall(
        r"pip (?:--python \S+ )?(?:install|wheel) [^&\n]*", "\n".join(rest for _, rest in instructions())
    )

    assert len(installs) == 5
    for install in installs:
        assert "--require-hashes -r requirements/" in re.sub(r"\s+", " ", install) or "--no-deps" in install


def test_all_stages_stand_on_the_same_base() -> None:
    bases = [rest.split()[0] for word, rest in instructions() if word == "FROM"]

    assert set(bases) == {"${BASE}"}
    assert len(bases) == 2


def test_what_the_dockerfile_copies_is_there_and_not_ignored() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    copied = {
        source
        for word, rest in instructions()
        if word == "COPY" and not rest.startswith("--from")
        for source in rest.split()[:-1]
    }

    assert copied == let_in
    for source in copied:
        assert (ROOT / source).exists()


def test_the_health_check_needs_no_further_program() -> None:
    _, _, words = last_stage()["HEALTHCHECK"].partition(" CMD ")
    program, flag, code = json.loads(words)

    assert (program, flag) == ("python", "-c")
    compile(code, "HEALTHCHECK", "exec")
    assert callable(healthcheck.main)
    assert "from sems_exporter.cli.healthcheck import main" in code


def test_state_and_port_are_where_the_documents_say() -> None:
    final = last_stage()

    assert final["VOLUME"] == STATE
    assert f"SEMS_STATE_DIR={STATE}" in final["ENV"]
    assert STATE in final["RUN"]
    assert final["EXPOSE"] == str(PORT)


# --- compose ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_confined(name: str) -> None:
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["cpus"] <= 1
    assert service["pids_limit"] <= 256
    limit = service["mem_limit"]
    assert int(limit[:-1]) * UNITS[limit[-1]] <= UNITS["g"]
    assert not {"privileged", "network_mode", "pid", "cap_add", "user"} & set(service)


@pytest.mark.parametrize("name", STAYING)
def test_every_port_is_open_on_this_machine_only(name: str) -> None:
    assert SERVICES[name]["ports"]
    for port in SERVICES[name]["ports"]:
        address, outside, inside = port.split(":")
        assert address == "127.0.0.1"
        assert outside == inside
        assert f"http://localhost:{outside}" in GUIDE


@pytest.mark.parametrize("name", STAYING)
def test_every_service_tells_whether_it_is_healthy(name: str) -> None:
    assert "healthcheck" in SERVICES[name] or ("build" in SERVICES[name] and "HEALTHCHECK" in last_stage())


def test_services_start_when_what_they_need_is_healthy() -> None:
    needs = {name: service.get("depends_on", {}) for name, service in SERVICES.items()}

    assert set(needs["grafana"]) == {"prometheus"}
    assert set(needs["prometheus"]) == {"exporter", "alertmanager"}
    for found in needs.values():
        assert all(need == {"condition": "service_healthy"} for need in found.values())


def test_other_peoples_images_have_a_version() -> None:
    for service in SERVICES.values():
        assert "build" in service or re.fullmatch(
            r"[a-z]+/[a-z]+:v?\d+\.\d+\.\d+(@sha256:[0-9a-f]{64})?", service["image"]
        )


def test_mounted_files_exist_and_cannot_be_written() -> None:
    assert list(mounts("file"))
    for _, source, _ in mounts("file"):
        assert (ROOT / source).exists(), source
    for service in SERVICES.values():
        assert all(mount.endswith(":ro") for mount in service.get("volumes", ()) if mount.startswith("."))


def test_every_service_keeps_its_data_in_a_named_volume() -> None:
    assert {name: source for name, source, _ in mounts("volume")} == {name: name for name in STAYING}
    assert set(COMPOSE["volumes"]) == set(STAYING)
    assert ("exporter", "exporter", STATE) in mounts("volume")


def test_without_an_account_a_simulated_plant_is_shown() -> None:
    assert SERVICES["exporter"]["command"] == ["demo"]
    assert "environment" not in SERVICES["exporter"]
    assert "secrets" not in COMPOSE


def test_the_password_is_a_secret_in_a_file() -> None:
    exporter = WITH_ACCOUNT["services"]["exporter"]

    assert WITH_ACCOUNT["secrets"] == {"sems_password": {"file": "./secrets/sems_password"}}
    assert exporter["secrets"] == ["sems_password"]
    assert exporter["environment"]["SEMS_PASSWORD_FILE"] == "/run/secrets/sems_password"
    assert exporter["environment"]["SEMS_ACCOUNT"].startswith("${SEMS_ACCOUNT:?")
    assert exporter["command"] == ["serve"]


def test_nobody_can_log_in_to_grafana_and_all_may_look() -> None:
    environment = SERVICES["grafana"]["environment"]

    assert environment["GF_AUTH_ANONYMOUS_ENABLED"] == "true"
    assert environment["GF_AUTH_ANONYMOUS_ORG_ROLE"] == "Viewer"
    assert environment["GF_AUTH_DISABLE_LOGIN_FORM"] == "true"
    assert environment["GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION"] == "true"


def test_grafana_finds_dashboards_and_prometheus() -> None:
    places = {target: ROOT / source for name, source, target in mounts("file") if name == "grafana"}
    (provider,) = read(ROOT / "grafana" / "provisioning" / "dashboards" / "sems.yml")["providers"]
    (source,) = read(ROOT / "grafana" / "provisioning" / "datasources" / "prometheus.yml")["datasources"]
    home = Path(SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])

    assert provider["options"]["path"] in places
    assert (places[str(home.parent)] / home.name).is_file()
    assert source["url"] == "http://prometheus:9090"


def test_prometheus_is_set_up_in_containers_as_elsewhere() -> None:
    elsewhere = (ROOT / "prometheus" / "prometheus.yml").read_text("utf-8")
    for port, service in ((PORT, "exporter"), (9093, "alertmanager")):
        elsewhere = elsewhere.replace(f"localhost:{port}", f"{service}:{port}")
    here = read(DEPLOY / "compose" / "prometheus" / "prometheus.yml")
    rules = Path({target: source for _, source, target in mounts("file")}["/etc/prometheus/rules"])

    assert here == yaml.safe_load(elsewhere)
    for name in here["rule_files"]:
        assert (ROOT / rules.parent / name).is_file()


def test_what_git_pull_brings_is_in_force_after_up() -> None:
    """Folders are mounted, not files, whose mounts keep the old ones; and who has no eye on them is told to reload."""
    sources = {source for _, source, _ in mounts("file")}
    command = SERVICES["reload"]["command"][0]
    alertmanager = next(word for word in SERVICES["alertmanager"]["command"] if word.startswith("--config.file="))
    places = {target: source for name, source, target in mounts("file") if name == "alertmanager"}

    assert all((ROOT / source).is_dir() for source in sources)
    assert SERVICES["reload"]["restart"] == "no"
    assert SERVICES["reload"]["image"] == SERVICES["prometheus"]["image"]
    assert re.findall(r"http://(\w+):(\d+)/-/reload", command) == [("prometheus", "9090"), ("alertmanager", "9093")]
    assert "--web.enable-lifecycle" in SERVICES["prometheus"]["command"]
    file = Path(alertmanager.partition("=")[2])
    assert (ROOT / places[str(file.parent)] / file.name).is_file()


def test_the_disk_is_not_filled() -> None:
    assert "--storage.tsdb.retention.size=${PROMETHEUS_SIZE:-4GB}" in SERVICES["prometheus"]["command"]


def test_the_phone_gets_in_by_tls_and_a_login_alone() -> None:
    phone = PHONE["services"]["phone"]
    site = (DEPLOY / "compose" / "phone" / "Caddyfile").read_text("utf-8")
    behind = set(re.findall(r"reverse_proxy (\w+):(\d+)", site))

    assert [name for name, service in PHONE["services"].items() if "ports" in service] == ["phone"]
    assert phone["ports"] == ["3443:3443"]
    assert (phone["read_only"], phone["cap_drop"], phone["cap_add"]) == (True, ["ALL"], ["NET_BIND_SERVICE"])
    assert "tls internal" in site
    assert "import /run/secrets/phone_login" in site
    assert PHONE["secrets"] == {"phone_login": {"file": "./secrets/phone_login"}}
    assert behind == {("grafana", "3000"), ("prometheus", "9090"), ("alertmanager", "9093")}
    assert site.count("header_up -Authorization") == len(behind)  # the proxy's login is none of theirs
    assert PHONE["services"]["grafana"]["environment"] == {"GF_SERVER_ROOT_URL": "https://${PHONE_HOST}:3443/"}


def test_links_lead_where_the_phone_gets_in() -> None:
    for name, variable in (("prometheus", "PROMETHEUS_URL"), ("alertmanager", "ALERTMANAGER_URL")):
        command = SERVICES[name]["command"]
        assert any(word.startswith(f"--web.external-url=${{{variable}:-http://localhost:") for word in command)
        # Health checks, scrapes and alerts go on without the path that the proxy takes away.
        assert "--web.route-prefix=/" in command
        assert variable in (DEPLOY / "compose" / "phone.yml").read_text("utf-8")


def test_the_administrator_of_grafana_has_a_password_in_a_file() -> None:
    grafana = ADMINISTRATOR["services"]["grafana"]

    assert ADMINISTRATOR["secrets"] == {"grafana_password": {"file": "./secrets/grafana_password"}}
    assert grafana["secrets"] == ["grafana_password"]
    assert grafana["environment"]["GF_SECURITY_ADMIN_PASSWORD__FILE"] == "/run/secrets/grafana_password"
    assert grafana["environment"]["GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION"] == "false"
    assert grafana["environment"]["GF_AUTH_DISABLE_LOGIN_FORM"] == "false"


# --- systemd ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "prometheus/prometheus.yml",
        "deploy/compose/prometheus/prometheus.yml",
        "deploy/kubernetes/overlays/operator/servicemonitor.yml",
        "README.md",
        "docs/performance.md",
    ],
)
def test_every_scrape_is_limited_and_an_honest_account_stays_within(path: str) -> None:
    """The limits are the same wherever they are given, and no label that the exporter writes is longer."""
    text = (ROOT / path).read_text("utf-8")
    camel = path.endswith("servicemonitor.yml")
    names = ("sampleLimit", "labelValueLengthLimit", "bodySizeLimit") if camel else SCRAPE_LIMITS

    given = [re.search(rf"^ *(?:- )?{name}: (\w+)", text, re.MULTILINE) for name in names]

    samples, label, body = (found[1] if found else None for found in given)
    assert (samples, label, body) == ("2000000", "1024", "256MB")
    assert len(("\U0001f31e" * TEXT_LENGTH).encode()) <= int(label or 0)


def test_the_unit_gives_the_exporter_what_it_asks_for() -> None:
    (credential,) = unit("LoadCredential")
    name, _, path = credential.partition(":")

    assert f"SEMS_PASSWORD_FILE=%d/{name}" in unit("Environment")
    assert unit("StateDirectory") == ["sems_exporter"]
    assert unit("RestartPreventExitStatus") == ["2"]
    for used in (path, unit("EnvironmentFile")[0].removeprefix("-"), unit("ExecStart")[0].split("/bin/")[0]):
        assert used in GUIDE


@pytest.mark.parametrize(
    "line",
    [
        "Type=exec",
        "DynamicUser=yes",
        "Restart=on-failure",
        "NoNewPrivileges=yes",
        "CapabilityBoundingSet=",
        "ProtectSystem=strict",
        "ProtectHome=yes",
        "PrivateTmp=yes",
        "PrivateDevices=yes",
        "MemoryDenyWriteExecute=yes",
        "SystemCallFilter=@system-service",
        "MemoryMax=256M",
    ],
)
def test_the_unit_is_confined(line: str) -> None:
    assert line in UNIT.splitlines()


# --- Kubernetes -------------------------------------------------------------------------------------------------------


def test_there_is_never_a_second_pod() -> None:
    assert DEPLOYMENT["spec"]["replicas"] == 1
    assert DEPLOYMENT["spec"]["strategy"] == {"type": "Recreate"}


def test_the_pod_is_confined() -> None:
    assert POD["securityContext"]["runAsNonRoot"] is True
    assert POD["securityContext"]["runAsUser"] == POD["securityContext"]["fsGroup"] == USER
    assert POD["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert POD["automountServiceAccountToken"] is False
    assert CONTAINER["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert set(CONTAINER["resources"]["limits"]) == {"cpu", "memory"}


def test_the_probes_do_not_depend_on_the_portal() -> None:
    paths = [CONTAINER[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "liveness", "readiness")]

    assert paths == ["/-/healthy", "/-/healthy", "/-/ready"]


def test_the_pod_uses_the_secret_and_the_volume_that_are_described() -> None:
    claim, secret = read(KUBERNETES / "base" / "pvc.yml"), read(KUBERNETES / "secret.yml.example")
    volumes = {volume["name"]: volume for volume in POD["volumes"]}
    places = {mount["name"]: mount["mountPath"] for mount in CONTAINER["volumeMounts"]}
    variables = {variable["name"]: variable for variable in CONTAINER["env"]}
    (item,) = volumes["password"]["secret"]["items"]
    account = variables["SEMS_ACCOUNT"]["valueFrom"]["secretKeyRef"]

    assert volumes["state"]["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    assert volumes["password"]["secret"]["secretName"] == account["name"] == secret["metadata"]["name"]
    assert {item["key"], account["key"]} == set(secret["stringData"])
    assert variables["SEMS_PASSWORD_FILE"]["value"] == f"{places['password']}/{item['path']}"
    assert places["state"] == STATE
    assert set(places) == set(volumes)


def test_service_and_monitor_find_the_pod() -> None:
    service = read(KUBERNETES / "base" / "service.yml")
    monitor = read(KUBERNETES / "overlays" / "operator" / "servicemonitor.yml")
    labels = DEPLOYMENT["spec"]["template"]["metadata"]["labels"]
    (port,) = CONTAINER["ports"]
    (offered,) = service["spec"]["ports"]
    (endpoint,) = monitor["spec"]["endpoints"]

    assert service["spec"]["selector"].items() <= labels.items()
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert port["containerPort"] == offered["port"] == PORT
    assert port["name"] == offered["targetPort"]
    assert endpoint["port"] == offered["name"]


def test_the_monitor_gives_the_job_that_the_rules_ask_for() -> None:
    (scrape,) = read(ROOT / "prometheus" / "prometheus.yml")["scrape_configs"]
    (endpoint,) = read(KUBERNETES / "overlays" / "operator" / "servicemonitor.yml")["spec"]["endpoints"]
    fixed = {rule["targetLabel"]: rule["replacement"] for rule in endpoint["relabelings"] if "targetLabel" in rule}

    assert fixed["job"] == scrape["job_name"]
    assert "instance" in fixed


def test_the_rules_of_the_operator_are_those_of_prometheus() -> None:
    """Where they differ, run `python3 deploy/kubernetes/prometheusrule.py`."""
    groups = [
        group
        for name in ("recording.yml", "alerts.yml")
        for group in read(ROOT / "prometheus" / "rules" / name)["groups"]
    ]

    assert read(KUBERNETES / "overlays" / "operator" / "prometheusrule.yml")["spec"] == {"groups": groups}


def test_each_dashboard_is_a_config_map_that_the_sidecar_of_grafana_finds() -> None:
    made = read(ROOT / "grafana" / "kustomization.yaml")
    found = [source for one in made["configMapGenerator"] for source in one["files"]]
    operator = read(KUBERNETES / "overlays" / "operator" / "kustomization.yaml")

    assert found == [f"sems-{path.name}=dashboards/{path.name}" for path in BOARDS]
    assert len({one["name"] for one in made["configMapGenerator"]}) == len(found)
    assert made["generatorOptions"]["labels"]["grafana_dashboard"] == "1"
    assert made["generatorOptions"]["disableNameSuffixHash"] is True
    for path in BOARDS:  # `kubectl apply` writes the whole object into an annotation of at most 256 KiB
        assert len(json.dumps(path.read_text("utf-8"))) < 250_000, path.name
    assert (ROOT / "grafana").resolve() in [
        (KUBERNETES / "overlays" / "operator" / one).resolve() for one in operator["resources"]
    ]


def test_the_mixin_has_every_dashboard_and_every_rule() -> None:
    """`make manifests` evaluates it; this needs no jsonnet."""
    mixin = (DEPLOY / "mixin" / "mixin.libsonnet").read_text("utf-8")
    boards = re.findall(r"'sems-(.+)\.json': import '\.\./\.\./grafana/dashboards/\1\.json'", mixin)
    rules = re.findall(r"importstr '\.\./\.\./prometheus/rules/(.+)'", mixin)

    assert boards == [path.stem for path in BOARDS]
    assert sorted(rules) == sorted(path.name for path in (ROOT / "prometheus" / "rules").glob("*.yml"))


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_manifests_name_no_namespace(path: Path) -> None:
    document = read(path)

    assert document["metadata"]["name"] == "sems-exporter"
    assert "namespace" not in document["metadata"]


# --- all --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        ROOT / "Dockerfile",
        ROOT / "docker-compose.yml",
        ROOT / "docs" / "deployment.md",
        *sorted(path for path in DEPLOY.rglob("*") if path.is_file() and "__pycache__" not in path.parts),
    ],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_every_variable_of_the_exporter_is_one_of_its_settings(path: Path) -> None:
    known = {setting.variable for setting in SETTINGS} | {FILE_VARIABLE, PASSWORD_VARIABLE}

    assert set(re.findall(r"\bSEMS_[A-Z_]+\b", path.read_text("utf-8"))) <= known


def test_no_password_stands_in_a_variable() -> None:
    for document in (COMPOSE, WITH_ACCOUNT, DEPLOYMENT):
        assert PASSWORD_VARIABLE not in set(strings(document))
    assert not re.search(rf"{PASSWORD_VARIABLE}=", UNIT)


def test_files_that_the_guide_names_exist() -> None:
    for path in re.findall(r"`((?:deploy|prometheus|grafana|requirements)/[\w./-]+)`", GUIDE):
        assert (ROOT / path).exists(), path
