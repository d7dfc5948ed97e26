"""deploy/k8s as kustomize renders it, and read as Kubernetes reads it: by selectors and references, sizes and durations as numbers.

kubectl, the schemas and a reader of YAML are from PyPI (requirements.txt); `scripts/test e2e` puts them into build/venv.
"""

import ipaddress
import json
import pathlib
import re

from process import run

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy" / "k8s"
_VENV = ROOT / "build" / "venv" / "bin"
_TO_JSON = "import json, sys, yaml; json.dump(list(yaml.safe_load_all(sys.argv[1])), sys.stdout)"


def lacking():
    """A need of tests (harness.py)."""
    return None if (_VENV / "kubernetes-validate").exists() else "no build/venv, which scripts/test e2e makes"


def parse_yaml(text):
    """Its documents."""
    return json.loads(run([_VENV / "python", "-c", _TO_JSON, text], timeout=30).stdout)


def render(folder):
    """The text that `kubectl apply -k` would send."""
    return run([_VENV / "kubectl", "kustomize", folder], timeout=60).stdout


def schema_verdicts(file, version):
    """One line for each object, which begins with INFO if it is valid: no field is unknown, all have the right type."""
    return run([_VENV / "kubernetes-validate", "--strict", "-k", version, file], timeout=120, check=False).stdout.splitlines()


def size(text):
    """A size of entrepot's (180GiB) or a quantity of Kubernetes' (200Gi), in bytes."""
    number, unit = re.fullmatch(r"(\d+)([KMGT]i)?B?", str(text)).groups()
    return int(number) << {None: 0, "Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40}[unit]


def seconds(text):
    number, unit = re.fullmatch(r"(\d+)(ms|s|m|h|d)", text).groups()
    return int(number) * {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}[unit]


class Manifests:
    """All objects of one kustomization."""

    def __init__(self, folder):
        self.text = render(folder)
        self.objects = parse_yaml(self.text)
        self.mirrors = [Mirror(deployment, self) for deployment in self.of_kind("Deployment")]

    def of_kind(self, kind):
        return [o for o in self.objects if o["kind"] == kind]

    def mirror(self, name):
        return next(m for m in self.mirrors if m.name == name)

    def named(self, kind, name, namespace):
        return [o for o in self.of_kind(kind) if o["metadata"]["name"] == name and o["metadata"].get("namespace") == namespace]


class Mirror:
    """A Deployment, and the objects that its pod refers to or that select it."""

    _defaults = None

    def __init__(self, deployment, manifests):
        self.name, self.namespace = deployment["metadata"]["name"], deployment["metadata"].get("namespace")
        self.spec = deployment["spec"]
        self.template, self.pod = self.spec["template"], self.spec["template"]["spec"]
        self.container, = self.pod["containers"]
        self._manifests = manifests

    def volume(self, path):
        """The volume that is mounted there."""
        name, = (m["name"] for m in self.container["volumeMounts"] if m["mountPath"] == str(path))
        volume, = (v for v in self.pod["volumes"] if v["name"] == name)
        return volume

    def selected_by(self, kind, selector_of):
        """The objects whose selector is true of the pod."""
        return [o for o in self._manifests.of_kind(kind) if o["metadata"].get("namespace") == self.namespace
                and selector_of(o["spec"]).items() <= self.template["metadata"]["labels"].items()]

    @property
    def services(self):
        return self.selected_by("Service", lambda spec: spec["selector"])

    @property
    def policies(self):
        return self.selected_by("NetworkPolicy", lambda spec: spec["podSelector"].get("matchLabels", {}))

    @property
    def claim(self):
        """The claim of the volume under the store."""
        name = self.volume(self.setting("storage", "path"))["persistentVolumeClaim"]["claimName"]
        claim, = self._manifests.named("PersistentVolumeClaim", name, self.namespace)
        return claim

    @property
    def configuration(self):
        """The text of the file that the daemon is started with."""
        command, option, file = self.container["args"]
        assert (command, option) == ("serve", "--config"), self.container["args"]
        file = pathlib.PurePosixPath(file)
        config_map, = self._manifests.named("ConfigMap", self.volume(file.parent)["configMap"]["name"], self.namespace)
        return config_map["data"][file.name]

    def setting(self, *keys):
        """What the configuration says, or the default, which config/example.yaml has of every key."""
        if Mirror._defaults is None:
            Mirror._defaults, = parse_yaml((ROOT / "config" / "example.yaml").read_text())
        found = None
        for values in (Mirror._defaults, *parse_yaml(self.configuration)):
            for key in keys:
                values = values.get(key) if isinstance(values, dict) else None
            found = found if values is None else values
        return found

    def port(self, port):
        """The number of a container's port, which may be given by its name."""
        return port if isinstance(port, int) else next(p["containerPort"] for p in self.container["ports"] if p["name"] == port)


def address_and_port(address):
    """Of `0.0.0.0:5000` or `[::]:5000`."""
    host, _, port = address.rpartition(":")
    return ipaddress.ip_address(host.strip("[]")), int(port)


def admits(rules, peer, port, protocol="TCP"):
    """Whether one of a policy's rules (`ingress` or `egress`) is about this port and this peer: an address, or a pod in a
    namespace with these labels."""
    return any(
        any(p["port"] == port and p.get("protocol", "TCP") == protocol for p in rule["ports"])
        and any(_is_of(peer, source) for source in rule.get("from") or rule.get("to") or [{}])
        for rule in rules)


def _is_of(peer, source):
    if not source:
        return True
    if set(source) == {"namespaceSelector"}:
        return isinstance(peer, dict) and source["namespaceSelector"].get("matchLabels", {}).items() <= peer.items()
    assert set(source) == {"ipBlock"}, source
    if isinstance(peer, dict):
        return False
    block, address = source["ipBlock"], ipaddress.ip_address(peer)
    return address in ipaddress.ip_network(block["cidr"]) and not any(
        address in ipaddress.ip_network(outside) for outside in block.get("except", []))


def not_restricted(pod):
    """What of the Pod Security Standard `restricted` a pod does not meet, by the rules of Kubernetes 1.37; of options of which the
    standard allows some values, none is allowed."""
    own = pod.get("securityContext", {})
    faults = [key for key in ("hostNetwork", "hostPID", "hostIPC") if pod.get(key)]
    allowed = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
    faults += [f"volume {v['name']}" for v in pod.get("volumes", []) if not set(v) - {"name"} <= allowed]
    faults += ["sysctls"] if own.get("sysctls") else []
    for container in pod["containers"] + pod.get("initContainers", []) + pod.get("ephemeralContainers", []):
        context = {**own, **container.get("securityContext", {})}
        faults += [key for key in ("privileged", "windowsOptions", "appArmorProfile", "seLinuxOptions") if context.get(key)]
        faults += ["procMount"] if context.get("procMount", "Default") != "Default" else []
        faults += ["hostPort"] if any(p.get("hostPort") for p in container.get("ports", [])) else []
        faults += ["allowPrivilegeEscalation"] if context.get("allowPrivilegeEscalation") is not False else []
        faults += ["runAsNonRoot"] if context.get("runAsNonRoot") is not True else []
        faults += ["runAsUser"] if context.get("runAsUser") == 0 else []
        faults += ["seccompProfile"] if context.get("seccompProfile", {}).get("type") != "RuntimeDefault" else []
        capabilities = context.get("capabilities", {})
        faults += ["capabilities"] if "ALL" not in capabilities.get("drop", []) or capabilities.get("add") else []
        probes = [container.get(probe, {}).get("httpGet", {}) for probe in ("startupProbe", "livenessProbe", "readinessProbe")]
        faults += ["host of a probe"] if any("host" in get for get in probes) else []
    return faults
