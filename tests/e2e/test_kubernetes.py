"""deploy/k8s: what its manifests have to say, and the daemon run as they say."""

import pathlib
import re
import shutil
import tempfile
import unittest

from harness import SETTINGS, base, program, root
from manifests import (FOLDER, Manifests, address_and_port, admits, lacking, not_restricted, parse_yaml, schema_verdicts,
                       seconds, size)
from process import Program, remove_tree, run

_ANYONE = {"kubernetes.io/metadata.name": "ci"}            # a pod, by the labels of its namespace
_PROMETHEUS = {"kubernetes.io/metadata.name": "monitoring"}
_POD_ADDRESS = "192.0.2.1"

# Runs the daemon in what it sees of a pod: a network of its own, the hosts file that the kubelet writes, the pod's user, and a
# root that cannot be written. $1: the program; $2: the configuration.
_RUN_IN_POD = f"""
busybox ip link set lo up
busybox ip address add {_POD_ADDRESS}/32 dev lo
mount -t tmpfs tmpfs /var/lib
install -d -o 65532 -g 65532 /var/lib/entrepot
install -m 755 "$1" /var/lib/program
install -m 644 "$2" /var/lib/entrepot.yaml
printf '127.0.0.1 localhost\\n::1 localhost ip6-localhost ip6-loopback\\n' >/var/lib/hosts
mount --bind /var/lib/hosts /etc/hosts
mount -o remount,bind,ro /
cd /
exec setpriv --pdeathsig TERM --reuid 65532 --regid 65532 --clear-groups --no-new-privs --bounding-set=-all \
    /var/lib/program serve --config /var/lib/entrepot.yaml
"""


class _Rendered(unittest.TestCase):
    kustomization = "overlays/two-mirrors"
    name = None   # of a Deployment, for tests of one mirror

    @classmethod
    def setUpClass(cls):
        cls._lacking = "of entrepot only" if SETTINGS.peer else lacking()
        if cls._lacking is None:
            cls.manifests = Manifests(FOLDER / cls.kustomization)
            cls.mirror = cls.manifests.mirror(cls.name) if cls.name else None

    def setUp(self):
        if self._lacking:
            self.skipTest(self._lacking)

    def need(self, *needs):
        for need in needs:
            if reason := need():
                self.skipTest(reason)

    def folder(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="e2e-", dir=base()))
        self.addCleanup(remove_tree, folder)
        return folder

    def edited(self, edit, *files):
        """The manifests after a change of some files."""
        copy = self.folder() / "k8s"
        shutil.copytree(FOLDER, copy)
        for name in files:
            text = (copy / name).read_text()
            self.assertNotEqual(text, edit(text))
            (copy / name).write_text(edit(text))
        return Manifests(copy / self.kustomization)

    def assert_valid(self, manifests):
        file = self.folder() / "objects.yaml"
        file.write_text(manifests.text)
        for version in ("1.28", "1.37"):
            verdicts = schema_verdicts(file, version)
            self.assertEqual([v for v in verdicts if not v.startswith("INFO ")], [])
            self.assertEqual(len(verdicts), len(manifests.objects))

    def assert_accepted(self, configuration):
        file = self.folder() / "entrepot.yaml"
        file.write_text(configuration)
        done = run([SETTINGS.binary, "check", "--config", file], timeout=20, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, f"{file}: ok\n"), done.stderr)


class _OfAKustomization:
    def test_every_object_is_valid_in_old_and_new_clusters(self):
        self.assert_valid(self.manifests)

    def test_no_disruption_budget_blocks_a_drain(self):
        self.assertEqual(self.manifests.of_kind("PodDisruptionBudget"), [])


class _OfAMirror:
    def test_no_two_daemons_run_over_one_store(self):
        self.assertEqual(self.mirror.spec["replicas"], 1)
        self.assertEqual(self.mirror.spec["strategy"], {"type": "Recreate"})
        self.assertEqual(self.mirror.claim["spec"]["accessModes"], ["ReadWriteOnce"])
        self.assertEqual(self.manifests.of_kind("HorizontalPodAutoscaler"), [])

    def test_the_volume_has_200Gi_of_the_default_storage_class(self):
        self.assertEqual(size(self.mirror.claim["spec"]["resources"]["requests"]["storage"]), 200 << 30)
        self.assertNotIn("storageClassName", self.mirror.claim["spec"])

    def test_max_size_is_below_what_the_file_system_really_holds(self):
        self.need(program("mkfs.ext4"), program("dumpe2fs"))
        held = _held_by_ext4(size(self.mirror.claim["spec"]["resources"]["requests"]["storage"]), self.folder())
        max_size = size(self.mirror.setting("storage", "max_size"))
        self.assertLess(max_size + size(self.mirror.setting("storage", "min_free")), held)
        self.assertGreater(max_size, 0.9 * held, "much of the volume lies idle")

    def test_what_nobody_uses_for_720_hours_goes(self):
        self.assertEqual(seconds(self.mirror.setting("eviction", "ttl")), 720 * 3600)
        self.assertEqual(self.mirror.setting("eviction", "ttl_since"), "last_use")

    def test_entrepot_accepts_the_configuration(self):
        self.assert_accepted(self.mirror.configuration)

    def test_a_changed_configuration_brings_a_new_pod(self):
        after = self.edited(lambda text: text + "log: {level: debug}\n", "base/entrepot.yaml",
                            *(f"overlays/two-mirrors/{upstream}/entrepot.yaml" for upstream in ("docker.io", "ghcr.io")))
        self.assertNotEqual(self.mirror.template, after.mirror(self.name).template)

    def test_the_service_leads_to_the_port_that_the_daemon_listens_on(self):
        service, = self.mirror.services
        port, = service["spec"]["ports"]
        listener, = self.mirror.setting("listeners")
        address, listening = address_and_port(listener["address"])
        self.assertTrue(address.is_unspecified, address)
        self.assertEqual((port["name"], port["port"], self.mirror.port(port["targetPort"])), ("registry", 5000, listening))

    def test_the_kubelet_and_prometheus_reach_the_admin_address(self):
        address, port = address_and_port(self.mirror.setting("admin", "address"))
        self.assertTrue(address.is_unspecified, address)
        for probe, path in (("startupProbe", "/livez"), ("livenessProbe", "/livez"), ("readinessProbe", "/readyz")):
            get = self.mirror.container[probe]["httpGet"]
            self.assertEqual((get["path"], self.mirror.port(get["port"])), (path, port))
        self.assertEqual(self.mirror.port("metrics"), port)
        self.assertEqual(self.mirror.template["metadata"]["annotations"],
                         {"prometheus.io/scrape": "true", "prometheus.io/port": str(port), "prometheus.io/path": "/metrics"})

    def test_the_admin_port_has_no_service(self):
        ports = [self.mirror.port(port["targetPort"]) for service in self.mirror.services for port in service["spec"]["ports"]]
        self.assertNotIn(self.mirror.port("metrics"), ports)

    def test_probes_bear_a_long_start_and_a_busy_daemon(self):
        start, live, ready = (self.mirror.container[p] for p in ("startupProbe", "livenessProbe", "readinessProbe"))
        self.assertGreaterEqual(start["periodSeconds"] * start["failureThreshold"], 300)
        self.assertGreaterEqual(live["periodSeconds"] * live["failureThreshold"], 60)
        self.assertGreaterEqual(min(live["timeoutSeconds"], ready["timeoutSeconds"]), 5)   # by default it is 1

    def test_the_grace_period_is_longer_than_shutdown_grace(self):
        self.assertGreaterEqual(self.mirror.pod["terminationGracePeriodSeconds"],
                                seconds(self.mirror.setting("shutdown_grace")) + 20)

    def test_the_pod_meets_the_restricted_pod_security_standard(self):
        self.assertEqual(not_restricted(self.mirror.pod), [])

    def test_the_pod_has_the_user_of_the_image_and_so_has_the_volume(self):
        context = self.mirror.pod["securityContext"]
        self.assertEqual([context[key] for key in ("runAsUser", "runAsGroup", "fsGroup")], [65532] * 3)
        self.assertEqual(context["fsGroupChangePolicy"], "OnRootMismatch")

    def test_the_store_is_all_that_can_be_written(self):
        self.assertIs(self.mirror.container["securityContext"]["readOnlyRootFilesystem"], True)
        written = [volume["persistentVolumeClaim"]["claimName"] for volume in self.mirror.pod["volumes"]
                   if not {"configMap", "secret"} & set(volume)]
        self.assertEqual(written, [self.mirror.claim["metadata"]["name"]])

    def test_the_pod_gets_no_token_and_no_service_links(self):
        self.assertIs(self.mirror.pod["automountServiceAccountToken"], False)
        self.assertIs(self.mirror.pod["enableServiceLinks"], False)

    def test_memory_has_a_limit_with_room_for_page_cache_and_the_cpu_has_none(self):
        resources = self.mirror.container["resources"]
        self.assertEqual(set(resources["limits"]), {"memory"})
        self.assertGreaterEqual(size(resources["limits"]["memory"]), 512 << 20)   # 200 MiB are the daemon's own
        self.assertEqual(resources["requests"]["memory"], resources["limits"]["memory"])
        self.assertIn("cpu", resources["requests"])

    def test_it_starts_while_the_registry_of_its_own_image_is_down(self):
        self.assertEqual(self.mirror.container["imagePullPolicy"], "IfNotPresent")

    def test_pods_and_nodes_may_pull(self):
        policy, = self.mirror.policies
        self.assertEqual(set(policy["spec"]["policyTypes"]), {"Ingress", "Egress"})
        for client in (_ANYONE, "10.0.0.9", "fd00::9"):
            self.assertTrue(admits(policy["spec"]["ingress"], client, 5000), client)

    def test_prometheus_alone_may_read_the_metrics(self):
        policy, = self.mirror.policies
        self.assertTrue(admits(policy["spec"]["ingress"], _PROMETHEUS, 5001))
        for other in (_ANYONE, {}, "192.0.2.9"):
            self.assertFalse(admits(policy["spec"]["ingress"], other, 5001), other)

    def test_the_daemon_reaches_names_and_public_registries_and_nothing_else(self):
        policy, = self.mirror.policies
        egress = policy["spec"]["egress"]
        for dns in (_ANYONE, "10.96.0.10", "169.254.20.10", "fd00::10"):
            self.assertTrue(admits(egress, dns, 53, "UDP") and admits(egress, dns, 53, "TCP"), dns)
        for public in ("44.208.254.194", "2600:1f18:2148:bc01::1"):
            self.assertTrue(admits(egress, public, 443), public)
            self.assertFalse(admits(egress, public, 80) or admits(egress, public, 22), public)
        for private in (_ANYONE, "10.1.2.3", "100.64.0.1", "169.254.169.254", "172.20.0.1", "192.168.1.1", "fd00::1", "fe80::1"):
            self.assertFalse(admits(egress, private, 443), private)

    def test_its_objects_have_its_labels(self):
        labels = {"app.kubernetes.io/name": "entrepot", "app.kubernetes.io/instance": self.name}
        for found in (self.mirror.template, self.mirror.claim, *self.mirror.services, *self.mirror.policies):
            self.assertEqual(found["metadata"]["labels"], labels)

    def test_the_daemon_answers_probes_and_wget_as_deployed(self):
        self.need(root, program("busybox"), _namespaces)
        folder = self.folder()
        (folder / "entrepot.yaml").write_text(self.mirror.configuration)
        daemon = Program(["unshare", "--net", "--mount", "sh", "-ec", _RUN_IN_POD,
                          "sh", SETTINGS.binary, folder / "entrepot.yaml"], folder / "log")
        self.addCleanup(daemon.stop)
        daemon.wait_for_line("admin_listening", timeout=60)

        def wget(url):
            into_pod = ["nsenter", f"--target={daemon.pid}", "--net", "--mount"]
            return run([*into_pod, "busybox", "wget", "-qO-", url], timeout=30).stdout

        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            get = self.mirror.container[probe]["httpGet"]
            self.assertEqual(wget(f"http://{_POD_ADDRESS}:{self.mirror.port(get['port'])}{get['path']}"), "ok\n")
        self.assertIn("entrepot_build_info", wget(f"http://{_POD_ADDRESS}:{self.mirror.port('metrics')}/metrics"))
        self.assertEqual(wget("http://localhost:5000/v2/_catalog"), '{"repositories":[]}')
        self.assertEqual(daemon.stop(), 0)


class Base(_OfAKustomization, _OfAMirror, _Rendered):
    kustomization = "base"
    name = "registry-mirror"


class DockerHub(_OfAMirror, _Rendered):
    name = "registry-mirror"

    def test_it_serves_docker_hub_and_nothing_else(self):
        configuration, = parse_yaml(self.mirror.configuration)
        self.assertEqual(list(configuration["upstreams"]), ["docker.io"])
        self.assertEqual(self.mirror.setting("default_upstream"), "docker.io")

    def test_an_account_is_there_to_uncomment(self):
        after = self.edited(lambda text: re.sub(r"^( *)#(?=\w)", r"\1", text, flags=re.MULTILINE),
                            *(f"overlays/two-mirrors/docker.io/{file}.yaml" for file in ("kustomization", "entrepot")))
        self.assert_valid(after)
        mirror = after.mirror(self.name)
        self.assert_accepted(mirror.configuration)
        self.assertEqual(not_restricted(mirror.pod), [])
        password_file = pathlib.PurePosixPath(mirror.setting("upstreams", "docker.io", "credentials", "password_file"))
        secret = mirror.volume(password_file.parent)["secret"]
        self.assertEqual((secret["secretName"], secret["defaultMode"]), ("docker-hub", 0o440))
        self.assertEqual(password_file.name, "token")


class Ghcr(_OfAMirror, _Rendered):
    name = "registry-mirror-ghcr"

    def test_it_serves_ghcr_under_bare_names_and_nothing_else(self):
        configuration, = parse_yaml(self.mirror.configuration)
        self.assertEqual(list(configuration["upstreams"]), ["ghcr.io"])
        self.assertEqual([listener.get("upstream") for listener in self.mirror.setting("listeners")], ["ghcr.io"])


class TwoMirrors(_OfAKustomization, _Rendered):
    """The two, side by side."""

    def test_deployments_and_services_have_these_names_in_this_namespace(self):
        for kind in ("Deployment", "Service"):
            self.assertEqual(sorted(o["metadata"]["name"] for o in self.manifests.of_kind(kind)),
                             ["registry-mirror", "registry-mirror-ghcr"])
        self.assertEqual({o["metadata"].get("namespace") for o in self.manifests.objects if o["kind"] != "Namespace"},
                         {"registry-mirror"})

    def test_the_namespace_holds_pods_to_the_restricted_standard(self):
        namespace, = self.manifests.of_kind("Namespace")
        self.assertEqual(namespace["metadata"], {"name": "registry-mirror",
                                                 "labels": {"pod-security.kubernetes.io/enforce": "restricted"}})

    def test_no_selector_takes_the_pod_of_the_other(self):
        for mirror in self.manifests.mirrors:
            for found in (mirror.services, mirror.policies,
                          mirror.selected_by("Deployment", lambda spec: spec["selector"]["matchLabels"])):
                self.assertEqual([o["metadata"]["name"] for o in found], [mirror.name])

    def test_each_has_a_volume_of_its_own(self):
        self.assertEqual(len({mirror.claim["metadata"]["name"] for mirror in self.manifests.mirrors}), 2)


def _held_by_ext4(volume, folder):
    """The bytes that a user other than root gets of a volume with a new ext4 file system."""
    image = folder / "volume"
    with open(image, "wb") as file:
        file.truncate(volume)
    run(["mkfs.ext4", "-q", "-F", "-E", "lazy_journal_init=1", image], timeout=60)
    figures = dict(line.split(":", 1) for line in run(["dumpe2fs", "-h", image], timeout=60).stdout.splitlines() if ":" in line)
    return (int(figures["Free blocks"]) - int(figures["Reserved block count"])) * int(figures["Block size"])


def _namespaces():
    if run(["unshare", "--net", "--mount", "true"], timeout=20, check=False).returncode != 0:
        return "no namespaces"
    return None if pathlib.Path("/proc/net/if_inet6").exists() else "no IPv6"
